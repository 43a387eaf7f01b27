"""AWS Bedrock's model invocation log: InvokeModel, Converse, and their streams.

The account is `identity.arn`. Bodies are those of the model's own API: messages, a bare prompt
under one of several names, or Converse; a stream's answer is a list of events, whose text is put
together again. The log has no address and no agent; the organisation is the cloud account.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from stillwatch.ingest.readers._messages import (
    first_of,
    messages_of,
    prompt_of,
    read_embedded,
    reasoning_block_of,
    system_of,
    table_of,
    text_of,
    turn_of,
)
from stillwatch.ingest.readers._parameters import error_status, parameters_of
from stillwatch.ingest.readers.mapping import look_up

NAME: Final = "bedrock"
_PATH: Final = "bedrock"
_END_USERS: Final = ("user_id", "userId", "user", "end_user", "endUserId", "end_user_id")
_SESSIONS: Final = ("conversation_id", "conversationId", "session_id", "sessionId")
_TOKENS_IN: Final = ("inputTokens", "input_tokens", "prompt_token_count")
_TOKENS_OUT: Final = ("outputTokens", "output_tokens", "generation_token_count")
_PROMPTS: Final = ("prompt", "inputText", "message")
_ANSWERS: Final = ("generation", "completion", "outputText", "text", "content")
_COUNTS: Final = ("prompt_token_count", "generation_token_count")
_OK: Final = 200
Record = dict[str, Any]


def recognise(record: Record) -> bool:
    """Tell the log by its schema type, or by the names of its parts."""
    return record.get("schemaType") == "ModelInvocationLog" or (
        "modelId" in record and "requestId" in record and "identity" in record
    )


def records(document: Any) -> Iterable[Record]:  # noqa: ANN401  any JSON value
    """One document is one record; a CloudWatch export wraps it in `message`."""
    wrapped = read_embedded(document.get("message")) if isinstance(document, dict) else None
    return (wrapped if isinstance(wrapped, dict) and recognise(wrapped) else document,)


def normalise(record: Record, *, account_field: str | None) -> Record:
    """Bring a log entry to the fields of an exchange."""
    asked, answered = table_of(record.get("input")), table_of(record.get("output"))
    body = table_of(asked.get("inputBodyJson"))
    answer = read_embedded(answered.get("outputBodyJson"))
    caller = table_of(record.get("requestMetadata"))
    messages = messages_of(body.get("messages") or first_of(body, *_PROMPTS))
    usage = _usage(answer)
    error = first_of(record, "errorCode")
    return {
        "exchange_id": record.get("requestId"),
        "time": record.get("timestamp"),
        "account_id": look_up(record, account_field or "identity.arn"),
        "org_id": record.get("accountId"),
        "end_user_id": first_of(table_of(body.get("metadata")), "user_id")
        or first_of(caller, *_END_USERS),
        "access_path": _PATH,
        "model": record.get("modelId"),
        "endpoint": record.get("operation"),
        **parameters_of(body),
        "system": system_of(messages, body.get("system")),
        "prompt": prompt_of(messages),
        "response": _text(answer),
        "reasoning_block_hash": reasoning_block_of(messages),
        "input_tokens": first_of({**usage, **asked}, "inputTokenCount", *_TOKENS_IN),
        "output_tokens": first_of({**usage, **answered}, "outputTokenCount", *_TOKENS_OUT),
        "status": error_status(error) if error else _OK,
        "latency_ms": _latency(answer),
        "conversation_id": first_of(caller, *_SESSIONS),
        "turn": turn_of(messages),
    }


def _text(answer: Any) -> str | None:  # noqa: ANN401  any JSON value
    """Give the answer's text; a stream's events are joined without a break."""
    if isinstance(answer, list):
        return "".join(filter(None, map(_delta, answer))) or None
    if not isinstance(answer, dict):
        return text_of(answer)
    message = table_of(table_of(answer.get("output")).get("message"))
    if message:
        return text_of(message)
    choices = first_of(answer, "choices", "results", "outputs", "generations")
    if isinstance(choices, list):
        return text_of([first_of(c, "message", "outputText", "text") for c in choices])
    return text_of(first_of(answer, *_ANSWERS))


def _delta(event: Any) -> str | None:  # noqa: ANN401  any JSON value
    """Give the text that one event of a stream adds, in any of the shapes that models stream."""
    event = table_of(event)
    event = table_of(first_of(event, "contentBlockDelta")) or event
    choices = event.get("choices")
    if isinstance(choices, list) and choices:
        event = table_of(choices[0])
    delta = event.get("delta")
    if isinstance(delta, dict):
        return text_of(first_of(delta, "text", "content"))
    return text_of(first_of(event, "generation", "completion", "outputText"))


def _usage(answer: Any) -> Record:  # noqa: ANN401  any JSON value
    """Collect the token counts of an answer, or of a stream's events, the last of each name."""
    usage: Record = {}
    for part in answer if isinstance(answer, list) else [answer]:
        event = table_of(part)
        for place in (event, table_of(event.get("message")), table_of(event.get("metadata"))):
            usage.update(table_of(place.get("usage")))
        usage.update({n: event[n] for n in _COUNTS if event.get(n) is not None})
    return usage


def _latency(answer: Any) -> Any:  # noqa: ANN401  any JSON value
    for part in answer if isinstance(answer, list) else [answer]:
        event = table_of(part)
        for place in (event, table_of(event.get("metadata"))):
            metrics = table_of(place.get("metrics"))
            if metrics.get("latencyMs") is not None:
                return metrics["latencyMs"]
    return None
