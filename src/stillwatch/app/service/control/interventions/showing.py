"""What belongs to an intervention and is no list of rows: its terms, and how far it is out."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.control.ledger_work import read_ledger
from stillwatch.app.service.control.lists import PAGE
from stillwatch.app.service.control.reading import INTERVENTIONS
from stillwatch.app.service.control.shapes import (
    READING_PROBLEMS,
    PathId,
    answer,
    answer_page,
    good,
    model_of,
    page_of,
)
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.terms import Terms
from stillwatch.store.ledger.views import View

router: Final = APIRouter(tags=["interventions"])


class EffectCount(BaseModel):
    """How many deliveries are in one state."""

    channel: str
    operation: str
    state: str
    count: int


class EffectCounts(BaseModel):
    """All of them, by channel, operation and state."""

    counts: list[EffectCount]


class ChannelCount(BaseModel):
    """How many deliveries of the whole outbox are in one state."""

    channel: str
    state: str
    count: int


class Outbox(BaseModel):
    """All of them, by channel and state."""

    counts: list[ChannelCount]


@router.get(
    INTERVENTIONS + "/{row_id}/progress",
    responses=good(EffectCounts, *READING_PROBLEMS),
    summary="How far an intervention has been brought out",
)
async def answer_progress(request: Request, row_id: PathId) -> Response:
    """Count its deliveries."""
    await authorise(request, "read")

    def ask(view: View) -> dict[tuple[str, str, str], int]:
        view.find(Decision, row_id)
        return view.count_effects_of(row_id)

    counts = await read_ledger(request, ask)
    return answer({"counts": [_count(*place, count=n) for place, n in counts.items()]})


@router.get(
    INTERVENTIONS + "/{row_id}/terms",
    responses=good(model_of(Terms), *READING_PROBLEMS),
    summary="What its effect needs: rates, a method, measures, and the result it comes from",
)
async def answer_terms(request: Request, row_id: PathId) -> Response:
    """Give its terms; those of a decision without any need nothing."""
    await authorise(request, "read")

    def ask(view: View) -> Terms:
        view.find(Decision, row_id)
        return view.seek_terms(row_id) or Terms(decision_id=row_id)

    return answer(await read_ledger(request, ask))


@router.get(
    "/v1/effects", responses=good(Outbox, 401, 403, 503), summary="The whole outbox, counted"
)
async def answer_outbox(request: Request) -> Response:
    """Count all deliveries."""
    await authorise(request, "read")
    counts = await read_ledger(request, lambda view: view.count_effects())
    rows = [{"channel": c, "state": s, "count": n} for (c, s), n in counts.items()]
    return answer({"counts": rows})


@router.get(
    "/v1/accounts/{account_id}/interventions",
    responses=good(page_of(Decision), 401, 403, 422, 503),
    summary="The newest interventions that name an account",
)
async def answer_about_account(request: Request, account_id: PathId) -> Response:
    """List them; an account that nobody has decided on has none."""
    await authorise(request, "read")
    found = await read_ledger(
        request, lambda view: view.list_decisions_about(account_id, limit=PAGE)
    )
    return answer_page(found, None)


def _count(channel: str, operation: str, state: str, *, count: int) -> dict[str, Any]:
    return {"channel": channel, "operation": operation, "state": state, "count": count}
