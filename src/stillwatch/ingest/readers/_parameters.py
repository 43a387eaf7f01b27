"""What a request asked for, and how it ended, in the words of the APIs that dialects wrap.

LiteLLM, Bedrock and the two envelopes all carry a request body of one of a few API shapes. Their
parameters are read here once; which body belongs to whom is the readers' business.
"""

from __future__ import annotations

from typing import Any, Final

from stillwatch.ingest.readers._messages import first_of, table_of, tools_of

_OFF: Final = frozenset({"disabled", "none", "off"})
_ERRORS: Final = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "api_error": 500,
    "server_error": 500,
    "timeout_error": 504,
    "timeout": 504,
    "overloaded_error": 529,
    "ValidationException": 400,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "ModelTimeoutException": 408,
    "ModelErrorException": 424,
    "ThrottlingException": 429,
    "ModelNotReadyException": 429,
    "InternalServerException": 500,
    "ServiceUnavailableException": 503,
}
"""HTTP status of an error's name, as the APIs document them."""
OK: Final = 200
FAILED: Final = 500
"""HTTP status of a failure that says no more."""


def parameters_of(body: dict[str, Any]) -> dict[str, Any]:
    """Read the sampling parameters of a request body."""
    inference = table_of(first_of(body, "inferenceConfig", "textGenerationConfig"))
    offered = table_of(body.get("toolConfig"))
    return {
        "temperature": _either(body, inference, "temperature"),
        "max_tokens": first_of(
            {**inference, **body},
            "max_completion_tokens",
            "max_output_tokens",
            "max_tokens",
            "max_gen_len",
            "max_tokens_to_sample",
            "maxTokens",
            "maxTokenCount",
            "max_new_tokens",
        ),
        "tools": tools_of(body.get("tools"), body.get("functions"), offered.get("tools")),
        "thinking": thinking_of(body),
        "logprobs": _logprobs(body),
    }


def thinking_of(body: dict[str, Any]) -> bool | None:
    """Tell whether reasoning was asked for; None where the request doesn't say."""
    further = table_of(body.get("additionalModelRequestFields"))
    asked = first_of({**further, **body}, "thinking", "reasoning_config", "reasoning")
    if isinstance(asked, dict):
        asked = first_of(asked, "type", "effort", "enabled", "max_tokens")
    if asked is None:
        asked = first_of(body, "reasoning_effort")
    if asked is None:
        return None
    return asked not in _OFF if isinstance(asked, str) else bool(asked)


def status_of(status: Any, response: dict[str, Any]) -> Any:  # noqa: ANN401  any JSON value
    """Give the HTTP status: as logged, else as the answer's error says, else 200 if answered."""
    if status is not None:
        return int(status) if isinstance(status, str) and status.isdecimal() else status
    error = response.get("error")
    if error:
        return error_status(error)
    return OK if response else None


def error_status(error: Any) -> int:  # noqa: ANN401  any JSON value
    """Read the HTTP status out of an error's code, status or name."""
    for value in _error_words(error):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.isdecimal():
            return int(value)
        if value in _ERRORS:
            return _ERRORS[value]
    return FAILED


def _error_words(error: Any) -> list[Any]:  # noqa: ANN401  any JSON value
    if not isinstance(error, dict):
        return [error] if isinstance(error, str | int) else []
    keys = ("status", "status_code", "error_code", "code", "type", "error_class")
    return [error[key] for key in keys if isinstance(error.get(key), str | int)]


def _either(body: dict[str, Any], inference: dict[str, Any], key: str) -> Any:  # noqa: ANN401
    value = body.get(key)
    return inference.get(key) if value is None else value


def _logprobs(body: dict[str, Any]) -> Any:  # noqa: ANN401  any JSON value
    asked = body.get("logprobs")
    included = body.get("include")
    if asked is None and body.get("top_logprobs") is not None:
        return True
    if asked is None and isinstance(included, list):
        return any("logprobs" in str(each) for each in included) or None
    return asked
