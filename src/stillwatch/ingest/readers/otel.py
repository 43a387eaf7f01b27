"""OpenTelemetry GenAI: OTLP/JSON spans and events with `gen_ai.*` attributes, old names and new.

The account is `user.id`. One document holds many spans and log records; those of a model call are
records, the others (HTTP spans, tool runs) are none. Messages come as a JSON string on spans and as
structured values on events; both carry parts, of which a tool's answer is in `response` or, as the
specification prints it, in `result`. A span and its event have the same id: one is a duplicate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from stillwatch.ingest.readers._messages import (
    first_of,
    messages_of,
    prompt_of,
    reasoning_block_of,
    system_of,
    table_of,
    text_of,
    tools_of,
    turn_of,
)
from stillwatch.ingest.readers._otlp import attributes_of, parts_of
from stillwatch.ingest.readers._parameters import FAILED, OK, error_status
from stillwatch.ingest.readers.mapping import look_up

NAME: Final = "otel"
_CALLS: Final = frozenset({"chat", "text_completion", "generate_content", "completion"})
_OPERATION: Final = "gen_ai.operation.name"
_REQUESTED: Final = "gen_ai.request."
_NS_PER_MS: Final = 1_000_000
_ERROR: Final = (2, "STATUS_CODE_ERROR")
Record = dict[str, Any]


def recognise(record: Record) -> bool:
    """Tell an OTLP document by its outermost field."""
    return "resourceSpans" in record or "resourceLogs" in record


def records(document: Any) -> Iterator[Record]:  # noqa: ANN401  any JSON value
    """Unfold a document into its model calls, each with all its attributes in one table."""
    for part in parts_of(document):
        attributes = {**part["resource"], **attributes_of(part["item"])}
        for event in part["item"].get("events") or ():
            attributes = {**attributes_of(event), **attributes}
        if _is_call(attributes):
            yield {"attributes": attributes, "item": part["item"]}


def _is_call(attributes: Record) -> bool:
    operation = attributes.get(_OPERATION)
    if operation is not None:
        return operation in _CALLS
    return any(name.startswith(_REQUESTED) for name in attributes)


def normalise(record: Record, *, account_field: str | None) -> Record:
    """Bring a span or an event to the fields of an exchange."""
    said, item = record["attributes"], record["item"]
    asked = messages_of(first_of(said, "gen_ai.input.messages", "gen_ai.prompt"))
    answered = messages_of(first_of(said, "gen_ai.output.messages", "gen_ai.completion"))
    account = account_field or "user.id"
    return {
        "exchange_id": first_of(said, "gen_ai.response.id") or _span_id(item),
        "time": _time(item),
        "account_id": said.get(account) or look_up(item, account),
        "org_id": first_of(said, "cloud.account.id", "organization.id"),
        "api_key_id": first_of(said, "api_key.id", "gen_ai.api_key.id"),
        "end_user_id": first_of(
            said, "enduser.pseudo.id", "enduser.id", "gen_ai.openai.request.user", "user.hash"
        ),
        "ip": first_of(said, "client.address", "network.peer.address"),
        "user_agent": first_of(said, "user_agent.original"),
        "tls_fingerprint": first_of(said, "tls.client.ja4", "tls.client.ja3"),
        "device_id": first_of(said, "device.id"),
        "model": first_of(said, "gen_ai.response.model", "gen_ai.request.model"),
        "endpoint": first_of(said, "http.route", "url.path", _OPERATION),
        **_parameters(said),
        "system": system_of(asked, first_of(said, "gen_ai.system_instructions")),
        "prompt": prompt_of(asked),
        "response": text_of(answered),
        "reasoning_block_hash": reasoning_block_of(asked),
        "input_tokens": first_of(said, "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
        "output_tokens": first_of(
            said, "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"
        ),
        "status": _status(said, item),
        "latency_ms": _latency(item),
        "conversation_id": first_of(said, "gen_ai.conversation.id", "session.id"),
        "turn": turn_of(asked),
    }


def _parameters(said: Record) -> Record:
    effort = first_of(said, "gen_ai.request.reasoning.effort", "gen_ai.request.reasoning_effort")
    thinking = first_of(said, "gen_ai.request.thinking")
    return {
        "temperature": said.get("gen_ai.request.temperature"),
        "max_tokens": said.get("gen_ai.request.max_tokens"),
        "tools": tools_of(said.get("gen_ai.tool.definitions")),
        "thinking": thinking if effort is None else effort != "none",
        "logprobs": said.get("gen_ai.request.logprobs"),
    }


def _span_id(item: Record) -> str | None:
    trace, span = item.get("traceId"), item.get("spanId")
    return f"{trace}-{span}" if trace and span else None


def _time(item: Record) -> Any:  # noqa: ANN401  any JSON value
    return first_of(item, "startTimeUnixNano", "timeUnixNano", "observedTimeUnixNano")


def _latency(item: Record) -> int | None:
    try:
        took = int(item["endTimeUnixNano"]) - int(item["startTimeUnixNano"])
    except (KeyError, TypeError, ValueError):
        return None
    return round(took / _NS_PER_MS) if took >= 0 else None


def _status(said: Record, item: Record) -> Any:  # noqa: ANN401  any JSON value
    stated = first_of(said, "http.response.status_code", "http.status_code")
    if stated is not None:
        return stated
    error = first_of(said, "error.type")
    if error is not None:
        return error_status(error)
    return FAILED if table_of(item.get("status")).get("code") in _ERROR else OK
