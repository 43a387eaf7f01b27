"""LiteLLM: the `StandardLoggingPayload` of its callbacks, and a row of `LiteLLM_SpendLogs`.

The account is the team, else the key's hash. A payload has its identities in `metadata` and its
parameters in `model_parameters`; a row has them in columns of its own, and the request as the proxy
saw it in `proxy_server_request`. Columns of type Json are read whether they hold JSON or a string.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from stillwatch.ingest.readers._messages import (
    first_of,
    messages_of,
    prompt_of,
    reasoning_block_of,
    system_of,
    table_of,
    text_of,
    turn_of,
)
from stillwatch.ingest.readers._parameters import FAILED, OK, error_status, parameters_of
from stillwatch.ingest.readers.mapping import look_up
from stillwatch.ingest.times import read_instant

NAME: Final = "litellm"
_MS_PER_S: Final = 1000
Record = dict[str, Any]


def recognise(record: Record) -> bool:
    """Tell the payload or the row by the names that only this gateway gives."""
    named = {"call_type", "litellm_call_id", "custom_llm_provider", "model_group"} & record.keys()
    return "startTime" in record and bool(named)


def records(document: Any) -> Iterable[Record]:  # noqa: ANN401  any JSON value
    """One document is one record."""
    return (document,)


def normalise(record: Record, *, account_field: str | None) -> Record:
    """Bring a payload or a row to the fields of an exchange."""
    metadata = table_of(record.get("metadata"))
    body = table_of(record.get("proxy_server_request"))
    asked = {**table_of(body.get("body") or body), **table_of(record.get("model_parameters"))}
    messages = messages_of(record.get("messages") or asked.get("messages") or asked.get("input"))
    team = first_of(metadata, "user_api_key_team_id", "team_id")
    key = first_of(record, "api_key") or first_of(metadata, "user_api_key_hash", "user_api_key")
    account = first_of(record, "team_id") or team or key
    return {
        "exchange_id": first_of(record, "id", "request_id", "litellm_call_id"),
        "time": record.get("startTime"),
        "account_id": account if account_field is None else look_up(record, account_field),
        "org_id": first_of(record, "organization_id") or metadata.get("user_api_key_org_id"),
        "api_key_id": key,
        "end_user_id": first_of(record, "end_user")
        or first_of(metadata, "user_api_key_end_user_id")
        or first_of(asked, "safety_identifier", "user"),
        "ip": _either(record, metadata, "requester_ip_address"),
        "user_agent": _either(record, metadata, "user_agent"),
        "tls_fingerprint": _custom_header(metadata, "x-ja4"),
        "device_id": _custom_header(metadata, "x-device-id"),
        "model": first_of(record, "model", "model_group"),
        "endpoint": first_of(metadata, "user_api_key_request_route")
        or first_of(record, "call_type"),
        **parameters_of(asked),
        "system": system_of(messages, asked.get("system"), asked.get("instructions")),
        "prompt": prompt_of(messages),
        "response": _answer(record.get("response")),
        "reasoning_block_hash": reasoning_block_of(messages),
        "input_tokens": record.get("prompt_tokens"),
        "output_tokens": record.get("completion_tokens"),
        "status": _status(record, metadata),
        "latency_ms": _latency(record),
        "conversation_id": first_of(record, "session_id"),
        "turn": turn_of(messages),
    }


def _either(record: Record, metadata: Record, key: str) -> Any:  # noqa: ANN401  any JSON value
    return first_of(record, key) or first_of(metadata, key)


def _custom_header(metadata: Record, name: str) -> Any:  # noqa: ANN401  any JSON value
    return first_of(table_of(metadata.get("requester_custom_headers")), name)


def _answer(response: Any) -> str | None:  # noqa: ANN401  any JSON value
    if isinstance(response, str) and not table_of(response):
        return response or None
    answer = table_of(response)
    choices = answer.get("choices")
    if isinstance(choices, list):
        return text_of([first_of(choice, "message", "text") for choice in choices])
    return text_of(first_of(answer, "output", "content", "text"))


def _status(record: Record, metadata: Record) -> int | None:
    status = first_of(record, "status") or first_of(metadata, "status")
    if status == "failure" or first_of(record, "error_str"):
        told = table_of(record.get("error_information")) or table_of(
            metadata.get("error_information")
        )
        return error_status(told) if told else FAILED
    return OK if status == "success" or status is None else error_status(status)


def _latency(record: Record) -> int | None:
    """Milliseconds, as stated or from the two instants."""
    stated = record.get("request_duration_ms")
    if isinstance(stated, int | float):
        return round(stated)
    seconds = record.get("response_time")
    if isinstance(seconds, int | float):
        return round(seconds * _MS_PER_S)
    start, end = (read_instant(record.get(name)) for name in ("startTime", "endTime"))
    if start is None or end is None or end < start:
        return None
    return round((end - start) * _MS_PER_S)
