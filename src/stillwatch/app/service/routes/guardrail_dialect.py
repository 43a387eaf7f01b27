"""LiteLLM's generic guardrail contract: a proxy asks before it calls the model.

It sends the conversation, of which nothing is read, and whose key it is: the team, else the key's
hash, as its logs are read. It can be told to refuse; it has no word for a throttle or for
countermeasures, so a throttle that is exhausted refuses and a `degrade` lets pass.

Blind spot: it says nothing of addresses, and answers are not looked at.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.decider import Decider
from stillwatch.app.service.problems import read_body, read_shape
from stillwatch.app.service.routes.schema import body_of, describe
from stillwatch.domain.service_limits import (
    GUARDRAIL_BYTES_MAX,
)
from stillwatch.gateway.judge import Asked

router: Final = APIRouter()
ROUTE: Final = "guardrail"
_TEXT: Final = {"type": ["string", "null"]}
_ANYTHING: Final[dict[str, Any]] = {}
_IDENTITY: Final = (
    "user_api_key_hash",
    "user_api_key_alias",
    "user_api_key_user_id",
    "user_api_key_user_email",
    "user_api_key_team_id",
    "user_api_key_team_alias",
    "user_api_key_end_user_id",
    "user_api_key_org_id",
)


class Identity(BaseModel):
    """Whose request it is; what else is said is let be."""

    model_config = ConfigDict(extra="ignore")

    user_api_key_team_id: str | None = None
    user_api_key_hash: str | None = None


class GuardrailQuestion(BaseModel):
    """What we read of what a proxy sends."""

    model_config = ConfigDict(extra="ignore")

    input_type: str = "request"
    request_data: Annotated[Identity | None, Field()] = None


class GuardrailAnswer(BaseModel):
    """What a proxy hears."""

    action: str
    """`BLOCKED` or `NONE`."""
    blocked_reason: str | None = None


_QUESTION: Final = TypeAdapter(GuardrailQuestion)
_BODY: Final = body_of(
    {
        "type": "object",
        "properties": {
            "input_type": {"type": "string", "enum": ["request", "response"]},
            "request_data": {"type": "object", "properties": dict.fromkeys(_IDENTITY, _TEXT)},
            "texts": {"type": ["array", "null"], "items": {"type": "string"}},
            **dict.fromkeys(
                (
                    "images",
                    "tools",
                    "tool_calls",
                    "structured_messages",
                    "request_headers",
                    "additional_provider_specific_params",
                ),
                _ANYTHING,
            ),
            **dict.fromkeys(
                ("litellm_call_id", "litellm_trace_id", "litellm_version", "model"), _TEXT
            ),
        },
    }
)


@router.post(
    "/beta/litellm_basic_guardrail_api",
    responses=describe(GuardrailAnswer, 400, 401, 403, 408, 413, 422),
    openapi_extra=_BODY,
    summary="LiteLLM's generic guardrail",
)
async def answer_guardrail(request: Request) -> Response:
    """Refuse what the account's decision refuses; let all else pass untouched."""
    await authorise(request, "decide")
    decider: Decider = request.app.state.decider
    budget_ms = decider.routes[ROUTE].budget_ms
    body = await read_body(request, bytes_max=GUARDRAIL_BYTES_MAX, budget_ms=budget_ms)
    asked = read_shape(_QUESTION, body)
    content: dict[str, Any] = {"action": "NONE"}
    if asked.input_type == "request":
        who = asked.request_data or Identity()
        account_id = who.user_api_key_team_id or who.user_api_key_hash or ""
        answer = decider.answer(ROUTE, Asked(account_id, decider.clock(), who.user_api_key_hash))
        if not answer.goes_on:
            content = {"action": "BLOCKED", "blocked_reason": answer.decision.reason}
    return Response(orjson.dumps(content), media_type="application/json")
