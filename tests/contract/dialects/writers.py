"""Test only: the same traffic, written in each dialect, for tests that compare dialects.

Rows are native exchanges as dictionaries; what comes out are lines of JSON. A dialect has no place
for some fields: `LACKS` says which, and they are left out. Goldens of the readers never come from
here, they are written by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import orjson

Row = dict[str, Any]

LACKS: Final[dict[str, frozenset[str]]] = {
    "litellm": frozenset({"access_path", "device_id", "reasoning_block_hash", "turn"}),
    "otel": frozenset({"access_path", "reasoning_block_hash", "turn"}),
    "openai": frozenset({"reasoning_block_hash", "turn"}),
    "anthropic": frozenset({"logprobs", "reasoning_block_hash", "turn"}),
    "bedrock": frozenset(
        {
            "access_path",
            "api_key_id",
            "device_id",
            "ip",
            "latency_ms",
            "logprobs",
            "reasoning_block_hash",
            "status",
            "tls_fingerprint",
            "turn",
            "user_agent",
        }
    ),
}
"""Fields of an exchange that a dialect, as written here, does not carry from end to end.

`turn` is counted from the messages by every reader, and one message is written; a reasoning block
comes back as the hash of the block, not of its hash.
"""


def to_litellm(rows: Iterable[Row]) -> Iterator[bytes]:
    """Write `StandardLoggingPayload` objects."""
    for row in rows:
        metadata = {
            "user_api_key_team_id": row["account_id"],
            "user_api_key_hash": row.get("api_key_id"),
            "user_api_key_org_id": row.get("org_id"),
            "user_api_key_request_route": row.get("endpoint"),
            "requester_custom_headers": _known({"x-ja4": row.get("tls_fingerprint")}),
        }
        failed = (row.get("status") or 200) >= 400
        latency = row.get("latency_ms")
        yield orjson.dumps(
            {
                "id": row.get("exchange_id"),
                "call_type": "acompletion",
                "status": "failure" if failed else "success",
                "error_information": {"error_code": str(row["status"])} if failed else None,
                "startTime": row["time"],
                "response_time": None if latency is None else latency / 1000,
                "model": row.get("model"),
                "end_user": row.get("end_user_id"),
                "session_id": row.get("conversation_id"),
                "requester_ip_address": row.get("ip"),
                "user_agent": row.get("user_agent"),
                "prompt_tokens": row.get("input_tokens"),
                "completion_tokens": row.get("output_tokens"),
                "metadata": _known(metadata),
                "messages": _messages(row, instructions="system"),
                "response": _choices(row),
                "model_parameters": _known(
                    {
                        "temperature": row.get("temperature"),
                        "max_tokens": row.get("max_tokens"),
                        "tools": _tools(row),
                        "reasoning_effort": _effort(row),
                        "logprobs": row.get("logprobs"),
                    }
                ),
            }
        )


def to_otel(rows: Iterable[Row]) -> Iterator[bytes]:
    """Write OTLP/JSON documents, one span each."""
    for row in rows:
        start = _nanoseconds(row["time"])
        said = {
            "gen_ai.operation.name": "chat",
            "user.id": row["account_id"],
            "gen_ai.response.id": row.get("exchange_id"),
            "cloud.account.id": row.get("org_id"),
            "api_key.id": row.get("api_key_id"),
            "enduser.pseudo.id": row.get("end_user_id"),
            "client.address": row.get("ip"),
            "user_agent.original": row.get("user_agent"),
            "tls.client.ja4": row.get("tls_fingerprint"),
            "device.id": row.get("device_id"),
            "gen_ai.request.model": row.get("model"),
            "http.route": row.get("endpoint"),
            "gen_ai.request.temperature": row.get("temperature"),
            "gen_ai.request.max_tokens": row.get("max_tokens"),
            "gen_ai.tool.definitions": _embedded(_tools(row)),
            "gen_ai.request.thinking": row.get("thinking"),
            "gen_ai.request.logprobs": row.get("logprobs"),
            "gen_ai.system_instructions": _embedded(_parts(row.get("system"))),
            "gen_ai.input.messages": _embedded(_spoken("user", row.get("prompt"))),
            "gen_ai.output.messages": _embedded(_spoken("assistant", row.get("response"))),
            "gen_ai.usage.input_tokens": row.get("input_tokens"),
            "gen_ai.usage.output_tokens": row.get("output_tokens"),
            "http.response.status_code": row.get("status"),
            "gen_ai.conversation.id": row.get("conversation_id"),
        }
        span = {"name": "chat", "startTimeUnixNano": str(start)}
        if row.get("latency_ms") is not None:
            span["endTimeUnixNano"] = str(start + row["latency_ms"] * 1_000_000)
        span_said = [{"key": key, "value": _any(value)} for key, value in _known(said).items()]
        spans = [{**span, "attributes": span_said}]
        yield orjson.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": spans}]}]})


def to_openai(rows: Iterable[Row]) -> Iterator[bytes]:
    """Write chat completions in the contract's envelope."""
    for row in rows:
        request = {
            "model": row.get("model"),
            "messages": _messages(row, instructions="developer"),
            "temperature": row.get("temperature"),
            "max_completion_tokens": row.get("max_tokens"),
            "tools": _tools(row),
            "reasoning_effort": _effort(row),
            "logprobs": row.get("logprobs"),
            "safety_identifier": row.get("end_user_id"),
        }
        usage = {
            "prompt_tokens": row.get("input_tokens"),
            "completion_tokens": row.get("output_tokens"),
        }
        response = {"id": row.get("exchange_id"), **_choices(row), "usage": usage}
        headers = {"openai-project": row["account_id"], "openai-organization": row.get("org_id")}
        yield orjson.dumps(_envelope(row, headers=headers, request=request, response=response))


def to_anthropic(rows: Iterable[Row]) -> Iterator[bytes]:
    """Write messages in the contract's envelope."""
    for row in rows:
        thinking = row.get("thinking")
        asked = None if thinking is None else {"type": "enabled" if thinking else "disabled"}
        request = {
            "model": row.get("model"),
            "system": row.get("system"),
            "messages": _messages(row, instructions=None),
            "temperature": row.get("temperature"),
            "max_tokens": row.get("max_tokens"),
            "tools": _tools(row),
            "thinking": asked,
            "metadata": {"user_id": row.get("end_user_id")},
        }
        response = {
            "id": row.get("exchange_id"),
            "type": "message",
            "content": _parts(row.get("response"), key="text") or [],
            "usage": _known(
                {
                    "input_tokens": row.get("input_tokens"),
                    "output_tokens": row.get("output_tokens"),
                }
            ),
        }
        headers = {
            "anthropic-workspace-id": row["account_id"],
            "anthropic-organization-id": row.get("org_id"),
        }
        yield orjson.dumps(_envelope(row, headers=headers, request=request, response=response))


def to_bedrock(rows: Iterable[Row]) -> Iterator[bytes]:
    """Write invocation logs of Converse calls."""
    for row in rows:
        thinking = row.get("thinking")
        asked = None if thinking is None else {"type": "enabled" if thinking else "disabled"}
        tools = _tools(row)
        body = {
            "system": _parts(row.get("system"), key="text"),
            "messages": _messages(row, instructions=None),
            "inferenceConfig": _known(
                {"temperature": row.get("temperature"), "maxTokens": row.get("max_tokens")}
            ),
            "toolConfig": None if tools is None else {"tools": tools},
            "additionalModelRequestFields": _known({"thinking": asked}),
        }
        answer = {
            "message": {"role": "assistant", "content": _parts(row.get("response"), key="text")}
        }
        caller = {"user_id": row.get("end_user_id"), "session_id": row.get("conversation_id")}
        yield orjson.dumps(
            {
                "schemaType": "ModelInvocationLog",
                "timestamp": row["time"],
                "accountId": row.get("org_id"),
                "identity": {"arn": row["account_id"]},
                "requestId": row.get("exchange_id"),
                "operation": row.get("endpoint"),
                "modelId": row.get("model"),
                "input": {
                    "inputBodyJson": _known(body),
                    "inputTokenCount": row.get("input_tokens"),
                },
                "output": {
                    "outputBodyJson": {"output": answer},
                    "outputTokenCount": row.get("output_tokens"),
                },
                "requestMetadata": _known(caller),
            }
        )


WRITERS: Final[dict[str, Callable[[Iterable[Row]], Iterator[bytes]]]] = {
    "litellm": to_litellm,
    "otel": to_otel,
    "openai": to_openai,
    "anthropic": to_anthropic,
    "bedrock": to_bedrock,
}


def _known(table: Row) -> Row:
    return {key: value for key, value in table.items() if value is not None}


def _messages(row: Row, *, instructions: str | None) -> list[Row]:
    system, prompt = row.get("system"), row.get("prompt")
    first = [{"role": instructions, "content": system}] if instructions and system else []
    return first + ([] if prompt is None else [{"role": "user", "content": prompt}])


def _choices(row: Row) -> Row:
    if row.get("response") is None:
        return {"choices": []}
    return {"choices": [{"message": {"role": "assistant", "content": row["response"]}}]}


def _tools(row: Row) -> list[Row] | None:
    count = row.get("tools")
    return None if count is None else [{"name": f"tool_{i}"} for i in range(count)]


def _effort(row: Row) -> str | None:
    thinking = row.get("thinking")
    return None if thinking is None else ("high" if thinking else "none")


def _parts(text: str | None, *, key: str = "content") -> list[Row] | None:
    return None if text is None else [{"type": "text", key: text}]


def _spoken(role: str, text: str | None) -> list[Row] | None:
    return None if text is None else [{"role": role, "parts": _parts(text)}]


def _embedded(value: object) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _any(value: object) -> Row:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


def _nanoseconds(time: str | float) -> int:
    if not isinstance(time, str):
        return round(time * 1_000_000_000)
    instant = datetime.fromisoformat(time)
    return int(instant.replace(microsecond=0).timestamp()) * 10**9 + instant.microsecond * 1000


def _envelope(row: Row, *, headers: Row, request: Row, response: Row) -> Row:
    shared = {
        "user-agent": row.get("user_agent"),
        "x-ja4": row.get("tls_fingerprint"),
        "x-device-id": row.get("device_id"),
        "x-api-key-id": row.get("api_key_id"),
        "x-session-id": row.get("conversation_id"),
    }
    return {
        "time": row["time"],
        "headers": _known({**shared, **headers}),
        "client_ip": row.get("ip"),
        "endpoint": row.get("endpoint"),
        "access_path": row.get("access_path"),
        "latency_ms": row.get("latency_ms"),
        "request": _known(request),
        "response": response,
        "status": row.get("status"),
    }
