"""`POST /v1/decisions`: what happens to a request of an account, or to those of many.

For gateways that can ask over HTTP and read JSON. The body is read within the route's budget of
time; what comes too late is answered with 408, and the caller's own rule holds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.decider import Decider
from stillwatch.app.service.problems import read_body, read_shape
from stillwatch.app.service.routes.schema import body_of, describe, shape_of
from stillwatch.domain.service_limits import (
    SERVICE_BATCH_MAX,
    SERVICE_BODY_BYTES_MAX,
)
from stillwatch.gateway.answers import Answer
from stillwatch.gateway.judge import Asked
from stillwatch.gateway.limits import ACCOUNT_CHARS_MAX

router: Final = APIRouter()
ROUTE: Final = "decisions"
_TOKENS_MAX: Final = 2**53
"""Whole numbers up to here are the same in every JSON reader."""


class Question(BaseModel):
    """One request of one account."""

    model_config = ConfigDict(extra="forbid", strict=True)

    account_id: Annotated[str, Field(min_length=1, max_length=ACCOUNT_CHARS_MAX)]
    api_key_id: Annotated[str | None, Field(max_length=ACCOUNT_CHARS_MAX)] = None
    output_tokens: Annotated[int, Field(ge=0, le=_TOKENS_MAX)] = 0
    counts: bool = True
    """False = only asking: neither a throttle nor a budget is spent."""


class Questions(BaseModel):
    """Requests of many accounts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    accounts: Annotated[list[Question], Field(min_length=1, max_length=SERVICE_BATCH_MAX)]


class Ruling(BaseModel):
    """What happens to a request."""

    account_id: str
    effect: str
    status: int
    """200 = it goes on; 401, 403, 429 or 503 = what to refuse it with."""
    decision_id: str
    reason: str
    """A sentence for the customer."""
    expires_at: datetime | None
    measures: list[str]
    method: str | None
    """How a challenge wants to be met."""
    retry_after_s: int | None
    is_stale: bool


class Rulings(BaseModel):
    """One ruling per question, in their order."""

    version: int
    decisions: list[Ruling]


_EITHER: Final[TypeAdapter[Question | Questions]] = TypeAdapter(Question | Questions)
_MANY: Final = {
    "type": "object",
    "required": ["accounts"],
    "additionalProperties": False,
    "properties": {
        "accounts": {
            "type": "array",
            "items": shape_of(Question),
            "minItems": 1,
            "maxItems": SERVICE_BATCH_MAX,
        }
    },
}


@router.post(
    "/v1/decisions",
    responses=describe(Ruling | Rulings, 400, 401, 403, 408, 413, 422),
    openapi_extra=body_of(shape_of(Question), _MANY),
    summary="What happens to a request of an account, or to those of many",
)
async def ask_decisions(request: Request) -> Response:
    """Answer one question with one ruling, and many with as many."""
    await authorise(request, "decide")
    decider: Decider = request.app.state.decider
    budget_ms = decider.routes[ROUTE].budget_ms
    body = await read_body(request, bytes_max=SERVICE_BODY_BYTES_MAX, budget_ms=budget_ms)
    return answer_decisions(decider, body)


def answer_decisions(decider: Decider, body: bytes) -> Response:
    """Answer whom the decision scope has let in; it waits for nothing.

    Raises:
        RefusedError: the body is no question, and not many (422); nothing was counted.
    """
    asked = read_shape(_EITHER, body)
    if isinstance(asked, Question):
        content = _rule(decider, asked)
    else:
        version = decider.feed.table.version
        content = {"version": version, "decisions": [_rule(decider, one) for one in asked.accounts]}
    return Response(orjson.dumps(content), media_type="application/json")


def _rule(decider: Decider, question: Question) -> dict[str, Any]:
    asked = Asked(
        question.account_id,
        decider.clock(),
        question.api_key_id,
        question.output_tokens,
        counts=question.counts,
    )
    return _write(decider.answer(ROUTE, asked), question.account_id)


def _write(answer: Answer, account_id: str) -> dict[str, Any]:
    one = answer.decision
    ends = one.expires_at_s
    return {
        "account_id": account_id,
        "effect": one.effect,
        "status": answer.status,
        "decision_id": one.decision_id,
        "reason": one.reason,
        "expires_at": datetime.fromtimestamp(ends, UTC) if isfinite(ends) else None,
        "measures": answer.measures,
        "method": one.parameters.method,
        "retry_after_s": answer.retry_after_s,
        "is_stale": answer.is_stale,
    }
