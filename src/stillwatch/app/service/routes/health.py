"""`/healthz`, `/readyz` and `/metrics`: for those who run the service, and for what watches it."""

from __future__ import annotations

from math import isfinite
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.decider import Decider
from stillwatch.app.service.routes.schema import describe
from stillwatch.app.service.telemetry import METRICS_TYPE

router: Final = APIRouter()


class Alive(BaseModel):
    """The process answers."""

    status: str


class Ready(BaseModel):
    """Whether decisions can be relied on."""

    status: str
    """`ready`, `loading` or `stale`."""
    version: int
    accounts: int
    source_age_s: float | None


@router.get("/healthz", responses=describe(Alive), summary="Whether the process answers")
async def answer_alive() -> Response:
    """Say that it does; nothing is looked at."""
    return Response(b'{"status":"alive"}', media_type="application/json")


@router.get(
    "/readyz",
    responses={**describe(Ready), 503: {"model": Ready}},
    summary="Whether the decision table was read, and lately",
)
async def answer_ready(request: Request) -> Response:
    """Say so, with 503 as long as it was not or has grown stale."""
    decider: Decider = request.app.state.decider
    feed, age_s = decider.feed, decider.feed.age_s
    word = "loading" if not feed.is_loaded else "stale" if decider.is_stale else "ready"
    content = {
        "status": word,
        "version": feed.table.version,
        "accounts": len(feed.table.by_account),
        "source_age_s": round(age_s, 3) if isfinite(age_s) else None,
    }
    status = 200 if word == "ready" else 503
    return Response(orjson.dumps(content), status, media_type="application/json")


@router.get(
    "/metrics",
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **describe(None, 401, 403),
    },
    response_class=Response,
    summary="Figures for Prometheus",
)
async def render_metrics(request: Request) -> Response:
    """Write them; those of deliveries are read from the ledger, once in some seconds."""
    await authorise(request, "metrics")
    if request.app.state.delivery_figures is not None:
        await request.app.state.delivery_figures.refresh()
    decider: Decider = request.app.state.decider
    metrics, feed = decider.metrics, decider.feed
    metrics.version.set(feed.table.version)
    metrics.accounts.set(len(feed.table.by_account))
    metrics.age.set(feed.age_s)
    metrics.polls.set(feed.waiting)
    return Response(metrics.render(), media_type=METRICS_TYPE)
