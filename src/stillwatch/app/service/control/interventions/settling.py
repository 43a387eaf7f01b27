"""What becomes of a proposed intervention: approved, rejected, taken back, for all or for one.

Whoever proposes doesn't approve; the ledger holds that. With its last approval an intervention is
in force, in the same transaction: nobody waits for a loop to come round. Taking back needs nobody
else, for it restores.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import Field, TypeAdapter

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.control.cases import answer_row
from stillwatch.app.service.control.interventions.named import must_wait
from stillwatch.app.service.control.ledger_work import (
    IfMatch,
    change_ledger,
    expect_version,
    now_of,
    read_asked,
    read_ledger,
)
from stillwatch.app.service.control.reading import INTERVENTIONS
from stillwatch.app.service.control.shapes import (
    Asked,
    Counted,
    Id,
    PathId,
    Prose,
    answer,
    body_as,
    good,
    model_of,
)
from stillwatch.domain.service_limits import LEDGER_TEXT_CHARS_MAX
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.effects import channels_of

router: Final = APIRouter(tags=["interventions"])
_ONE: Final = INTERVENTIONS + "/{row_id}"


class NoteAsked(Asked):
    """What an approver wants to say."""

    note: Annotated[str, Field(max_length=LEDGER_TEXT_CHARS_MAX)] = ""


class WhyAsked(Asked):
    """Why it is not, or no longer, to be."""

    why: Prose


class ReleaseAsked(Asked):
    """Which account is let go, and why."""

    account_id: Id
    why: Prose


@router.post(
    _ONE + "/approve",
    responses=good(model_of(Decision)),
    openapi_extra=body_as(NoteAsked),
    summary="Approve an intervention; with the last approval it is in force",
)
async def approve_intervention(
    request: Request, row_id: PathId, if_match: IfMatch = None
) -> Response:
    """Approve it, as somebody who didn't propose it.

    Where a person has called any of it innocent since it was proposed, or any of it has become
    protected or permitted, it is left to the loop of enforcement, which lets those go before it
    puts the rest in force.
    """
    principal = await authorise(request, "approve")
    asked = await read_asked(request, TypeAdapter(NoteAsked))
    control, now = request.app.state.control, now_of(request)
    is_doubtful = await read_ledger(
        request,
        lambda view: must_wait(view, view.find(Decision, row_id), control.knowledge, now=now),
    )
    channels = control.places.channels

    def do(change: Change) -> None:
        expect_version(change, Decision, row_id, if_match)
        decision = change.approve(row_id, note=asked.note)
        if decision.state == "approved" and not is_doubtful:
            wanted = channels_of(decision.effect, channels)
            change.enqueue_effects(row_id, channels=wanted)

    await change_ledger(request, principal, do)
    return await answer_row(request, Decision, row_id)


@router.post(
    _ONE + "/reject",
    responses=good(model_of(Decision)),
    openapi_extra=body_as(WhyAsked),
    summary="Reject a proposed intervention",
)
async def reject_intervention(
    request: Request, row_id: PathId, if_match: IfMatch = None
) -> Response:
    """Reject it; whoever proposed it may, too."""
    principal = await authorise(request, "work")
    asked = await read_asked(request, TypeAdapter(WhyAsked))

    def do(change: Change) -> Decision:
        expect_version(change, Decision, row_id, if_match)
        return change.reject(row_id, why=asked.why)

    return answer(await change_ledger(request, principal, do))


@router.post(
    _ONE + "/revert",
    responses=good(model_of(Decision)),
    openapi_extra=body_as(WhyAsked),
    summary="Take an intervention back, for all of its accounts",
)
async def revert_intervention(
    request: Request, row_id: PathId, if_match: IfMatch = None
) -> Response:
    """Take it back; what was brought out is turned around."""
    principal = await authorise(request, "work")
    asked = await read_asked(request, TypeAdapter(WhyAsked))

    def do(change: Change) -> Decision:
        expect_version(change, Decision, row_id, if_match)
        return change.revert_decision(row_id, why=asked.why)

    return answer(await change_ledger(request, principal, do))


@router.post(
    _ONE + "/release",
    responses=good(model_of(Decision)),
    openapi_extra=body_as(ReleaseAsked),
    summary="Take an intervention back for one account",
)
async def release_account(request: Request, row_id: PathId) -> Response:
    """Let one account go; with the last one the whole is reverted."""
    principal = await authorise(request, "work")
    asked = await read_asked(request, TypeAdapter(ReleaseAsked))
    await change_ledger(
        request,
        principal,
        lambda change: change.release_account(row_id, asked.account_id, why=asked.why),
    )
    return await answer_row(request, Decision, row_id)


@router.post(
    _ONE + "/retry",
    responses=good(Counted),
    summary="Try its failed deliveries again",
)
async def retry_deliveries(request: Request, row_id: PathId) -> Response:
    """Queue them from the first try, and say how many they are."""
    principal = await authorise(request, "work")
    count = await change_ledger(request, principal, lambda change: change.retry_effects(row_id))
    return answer({"count": count})
