"""Anthropic messages, request and response, in the contract's envelope.

The account is the workspace, else the key. What tells it from an OpenAI pair: the answer is a
`message` with a list of content; a request alone is told by words that only this API has.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from stillwatch.ingest.readers._envelope import edge_of, finish, headers_of, is_envelope, key_of
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
from stillwatch.ingest.readers._parameters import parameters_of, status_of

NAME: Final = "anthropic"
_REQUEST_WORDS: Final = frozenset({"system", "stop_sequences", "thinking", "top_k"})
_HEADERS: Final = frozenset({"anthropic-version", "anthropic-beta", "anthropic-workspace-id"})
Record = dict[str, Any]


def recognise(record: Record) -> bool:
    """Tell an envelope around a messages request."""
    return is_envelope(record) and is_anthropic(record)


def is_anthropic(record: Record) -> bool:
    """Tell the pair of this API from the other that has `messages`."""
    request, response = record["request"], table_of(record.get("response"))
    if "messages" not in request or "choices" in response or "output" in response:
        return False
    if response.get("type") in ("message", "error") or isinstance(response.get("content"), list):
        return True
    return bool(_REQUEST_WORDS & request.keys() or _HEADERS & headers_of(record).keys())


def records(document: Any) -> Iterable[Record]:  # noqa: ANN401  any JSON value
    """One document is one record."""
    return (document,)


def normalise(record: Record, *, account_field: str | None) -> Record:
    """Bring a pair to the fields of an exchange."""
    request, response = table_of(record.get("request")), table_of(record.get("response"))
    headers, edge = headers_of(record), edge_of(record)
    messages = messages_of(request.get("messages"))
    key = key_of(headers)
    workspace = first_of(headers, "anthropic-workspace-id", "workspace_id", "workspace-id")
    profile = first_of(headers, "anthropic-user-profile-id")
    usage = table_of(response.get("usage"))
    fields = {
        **edge,
        "exchange_id": first_of(response, "id") or edge["exchange_id"],
        "account_id": workspace or first_of(record, "workspace_id") or key,
        "org_id": first_of(headers, "anthropic-organization-id"),
        "api_key_id": key,
        "end_user_id": first_of(table_of(request.get("metadata")), "user_id") or profile,
        "model": first_of(response, "model") or request.get("model"),
        "endpoint": "/v1/messages",
        **parameters_of(request),
        "system": system_of(messages, request.get("system")),
        "prompt": prompt_of(messages),
        "response": text_of(response.get("content")),
        "reasoning_block_hash": reasoning_block_of(messages),
        "input_tokens": usage.get("input_tokens"),
        "output_tokens": usage.get("output_tokens"),
        "status": status_of(record.get("status"), response),
        "turn": turn_of(messages),
    }
    return finish(fields, record, account_field=account_field)
