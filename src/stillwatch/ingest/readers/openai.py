"""OpenAI request/response pairs, chat completions and responses, in the contract's envelope.

The account is the project, else the key. A chat request has `messages`, a responses request has
`input`; what tells it from an Anthropic pair is in the answer (`choices`, `output`, `object`) or,
failing that, in words that only one of the two requests has.
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
from stillwatch.ingest.readers.anthropic import is_anthropic

NAME: Final = "openai"
Record = dict[str, Any]


def recognise(record: Record) -> bool:
    """Tell an envelope around a chat or responses request."""
    if not is_envelope(record) or is_anthropic(record):
        return False
    return bool({"messages", "input", "prompt"} & record["request"].keys())


def records(document: Any) -> Iterable[Record]:  # noqa: ANN401  any JSON value
    """One document is one record."""
    return (document,)


def normalise(record: Record, *, account_field: str | None) -> Record:
    """Bring a pair to the fields of an exchange."""
    request, response = table_of(record.get("request")), table_of(record.get("response"))
    headers, edge = headers_of(record), edge_of(record)
    messages = messages_of(first_of(request, "messages", "input", "prompt"))
    key = key_of(headers)
    fields = {
        **edge,
        "exchange_id": first_of(response, "id") or edge["exchange_id"],
        "account_id": first_of(headers, "openai-project") or key,
        "org_id": first_of(headers, "openai-organization"),
        "api_key_id": key,
        "end_user_id": first_of(request, "safety_identifier", "user"),
        "model": first_of(response, "model") or request.get("model"),
        "endpoint": "/v1/chat/completions" if "messages" in request else "/v1/responses",
        **parameters_of(request),
        "system": system_of(messages, request.get("instructions")),
        "prompt": prompt_of(messages),
        "response": _answer(response),
        "reasoning_block_hash": reasoning_block_of(messages),
        **_usage(response),
        "status": status_of(record.get("status"), response),
        "conversation_id": _conversation(request) or edge["conversation_id"],
        "turn": turn_of(messages),
    }
    return finish(fields, record, account_field=account_field)


def _answer(response: Record) -> str | None:
    choices = response.get("choices")
    if isinstance(choices, list):
        return text_of([first_of(choice, "message", "text", "delta") for choice in choices])
    return text_of(first_of(response, "output", "output_text"))


def _usage(response: Record) -> Record:
    usage = table_of(response.get("usage"))
    return {
        "input_tokens": first_of(usage, "prompt_tokens", "input_tokens"),
        "output_tokens": first_of(usage, "completion_tokens", "output_tokens"),
    }


def _conversation(request: Record) -> Any:  # noqa: ANN401  any JSON value
    named = request.get("conversation")
    return named.get("id") if isinstance(named, dict) else named
