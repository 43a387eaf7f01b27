"""Following a case, and no more: `/v1/cases/{id}/follow` and `/v1/cases/{id}/unfollow`."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.control.ledger_work import change_ledger
from stillwatch.app.service.control.shapes import PathId, answer, good, model_of
from stillwatch.store.ledger.nouns.cases import Follower

router: Final = APIRouter(tags=["working"])


@router.post(
    "/v1/cases/{row_id}/follow",
    responses=good(model_of(Follower)),
    summary="Be told when a case changes",
)
async def follow_case(request: Request, row_id: PathId) -> Response:
    """Have the caller follow it; who follows it already goes on."""
    principal = await authorise(request, "work")
    return answer(
        await change_ledger(request, principal, lambda change: change.follow_case(row_id))
    )


@router.post(
    "/v1/cases/{row_id}/unfollow",
    responses=good(model_of(Follower)),
    summary="Be told no more when a case changes",
)
async def unfollow_case(request: Request, row_id: PathId) -> Response:
    """Have the caller follow it no more, whatever they say in it afterwards."""
    principal = await authorise(request, "work")
    return answer(
        await change_ledger(request, principal, lambda change: change.unfollow_case(row_id))
    )
