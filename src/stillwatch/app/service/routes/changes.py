"""`GET /v1/decisions/changes` and `POST /v1/usage`: tables in gateways, and what they have spent.

A gateway says which version it has, and hears what has changed since, at once or when something
does. Where it has none, has another series, or has missed more than is remembered, it hears all
there is. What it has spent of campaign budgets it reports, and hears what all have spent together.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.decider import Decider
from stillwatch.app.service.feed import TooManyPollsError
from stillwatch.app.service.problems import RefusedError, read_body, read_shape
from stillwatch.app.service.routes.schema import body_of, describe
from stillwatch.domain.service_limits import (
    SERVICE_BODY_BYTES_MAX,
)
from stillwatch.gateway.deltas import NEVER, Delta
from stillwatch.gateway.limits import RETRY_S, USAGE_ROWS_MAX, WAIT_S_MAX
from stillwatch.gateway.wire import write_delta

router: Final = APIRouter()
_READ_MS: Final = 5_000.0
"""Milliseconds for a report to arrive; no request waits for it."""
_NUMBER_MAX: Final = 2**53
_THREAD_ROWS: Final = 2_000
"""Rows from which an answer is written in a thread: some ten milliseconds of nobody else's time."""
_UNREAD: Final = "The decision table has not been read yet."
_CROWDED: Final = "Too many gateways wait already."
_Count = Annotated[int, Field(ge=0, le=_NUMBER_MAX)]
_Spent = Annotated[tuple[Annotated[str, Field(max_length=256)], _Count, _Count], Field()]


class Usage(BaseModel):
    """What campaigns have spent: `[campaign, exchanges, output tokens]` each."""

    model_config = ConfigDict(extra="forbid")

    spent: Annotated[list[_Spent], Field(max_length=USAGE_ROWS_MAX)]


class Totals(BaseModel):
    """What all gateways have spent within the hour: `[campaign, exchanges, output tokens]` each."""

    spent: list[list[str | int]]


class Changes(BaseModel):
    """What has changed; docs/operate/gateway.md says how to read it."""

    series: str
    since: int
    version: int
    is_snapshot: bool
    terms: list[dict[str, Any]]
    put: list[list[Any]]
    remove: list[list[Any]]
    budgets: list[dict[str, Any]]
    ended_budgets: list[str]


_USAGE: Final = TypeAdapter(Usage)
_USAGE_BODY: Final = body_of(
    {
        "type": "object",
        "required": ["spent"],
        "additionalProperties": False,
        "properties": {
            "spent": {
                "type": "array",
                "maxItems": USAGE_ROWS_MAX,
                "items": {"type": "array", "minItems": 3, "maxItems": 3, "items": {}},
            }
        },
    }
)


@router.get(
    "/v1/decisions/changes",
    responses=describe(Changes, 401, 403, 422, 503),
    summary="What has changed in the decision table since a version",
)
async def wait_for_changes(
    request: Request,
    series: Annotated[str, Query(max_length=64)] = "",
    since: Annotated[int, Query(ge=NEVER, le=_NUMBER_MAX)] = NEVER,
    wait_s: Annotated[float, Query(ge=0, le=WAIT_S_MAX)] = 0,
) -> Response:
    """Answer when there is something newer, or with nothing new when the time is over."""
    await authorise(request, "changes")
    feed = request.app.state.decider.feed
    if not feed.is_loaded:
        raise _not_now(_UNREAD)
    try:
        await feed.wait(series, since, wait_s=wait_s)
    except TooManyPollsError:
        raise _not_now(_CROWDED) from None
    delta = feed.changes(series, since)
    large = delta.size > _THREAD_ROWS
    body = await asyncio.to_thread(_write, delta) if large else _write(delta)
    return Response(body, media_type="application/json")


@router.post(
    "/v1/usage",
    responses=describe(Totals, 400, 401, 403, 408, 413, 422),
    openapi_extra=_USAGE_BODY,
    summary="What a gateway has spent of campaign budgets",
)
async def report_usage(request: Request) -> Response:
    """Count what was spent, and answer with what all gateways have spent within the hour."""
    await authorise(request, "usage")
    decider: Decider = request.app.state.decider
    body = await read_body(request, bytes_max=SERVICE_BODY_BYTES_MAX, budget_ms=_READ_MS)
    usage = read_shape(_USAGE, body)
    now_s = decider.clock()
    known = decider.feed.table.budgets
    for campaign_id, exchanges, tokens in usage.spent:
        if campaign_id in known:
            decider.meters.spend(campaign_id, (exchanges, tokens), now_s=now_s)
    totals = [[name, *decider.meters.spent(name, now_s=now_s)] for name in known]
    return Response(orjson.dumps({"spent": totals}), media_type="application/json")


def _write(delta: Delta) -> bytes:
    return orjson.dumps(write_delta(delta))


def _not_now(why: str) -> RefusedError:
    return RefusedError(503, why, headers={"retry-after": str(RETRY_S)})
