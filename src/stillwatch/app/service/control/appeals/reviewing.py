"""Answering appeals: who waits, on what evidence, and what the customer is told.

A second person reviews: neither the proposer nor an approver of the decision, which the ledger
holds. The answer is the one text that a person writes to a customer, so it is read for ids that no
customer may be told before it is sent.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.control.appeals.evidence import AppealEvidence, gather
from stillwatch.app.service.control.interventions import Knowledge
from stillwatch.app.service.control.interventions.named import list_named
from stillwatch.app.service.control.ledger_work import (
    IfMatch,
    change_ledger,
    expect_version,
    now_of,
    read_asked,
    read_ledger,
)
from stillwatch.app.service.control.lists import (
    add_find,
    add_list,
    parameters_of,
    read_listing,
)
from stillwatch.app.service.control.shapes import (
    READING_PROBLEMS,
    Asked,
    PathId,
    Prose,
    among,
    answer,
    answer_page,
    body_as,
    good,
    model_of,
    page_of,
)
from stillwatch.app.service.problems import RefusedError
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.nouns.appeals import Appeal
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.findings import ANSWERS
from stillwatch.store.ledger.views import View

router: Final = APIRouter(tags=["appeals"])
_PATH: Final = "/v1/appeals"
_TELLING_CHARS: Final = 4
"""Characters from which an id in a text is no coincidence."""


class ResolveAsked(Asked):
    """How an appeal ends: `upheld` = the decision stands."""

    outcome: Literal["upheld", "overturned"]
    answer: Prose
    """For the customer."""
    disposition: Annotated[str, among(ANSWERS)]
    """What the account was, in the reviewer's eyes."""


add_list(
    router,
    Appeal,
    _PATH,
    filters=("state", "decision_id", "account_id"),
    about="List appeals, the newest first",
)


@router.get(
    _PATH + "/overdue",
    responses=good(page_of(Appeal), 401, 403, 422, 503),
    openapi_extra={"parameters": parameters_of(Appeal, ())[:1]},
    summary="Appeals whose deadline is over and that nobody has answered",
)
async def list_overdue(request: Request) -> Response:
    """List them, the longest over first."""
    await authorise(request, "read")
    asked, now = read_listing(request), now_of(request)
    rows = await read_ledger(
        request, lambda view: view.list_overdue_appeals(now=now, limit=asked.limit)
    )
    return answer_page(rows, None)


add_find(router, Appeal, _PATH, about="One appeal")


@router.get(
    _PATH + "/{row_id}/evidence",
    responses=good(AppealEvidence, *READING_PROBLEMS),
    summary="What an appeal is about: the decision, its finding, the account in the result",
)
async def show_evidence(request: Request, row_id: PathId) -> Response:
    """Gather it."""
    await authorise(request, "read")
    knowledge: Knowledge = request.app.state.control.knowledge
    return answer(
        await read_ledger(request, lambda view: gather(view, row_id, knowledge=knowledge))
    )


@router.post(
    _PATH + "/{row_id}/review",
    responses=good(model_of(Appeal)),
    summary="Take an appeal to review it",
)
async def review_appeal(request: Request, row_id: PathId, if_match: IfMatch = None) -> Response:
    """Take it, as somebody who had no part in the decision."""
    principal = await authorise(request, "work")

    def do(change: Change) -> Appeal:
        expect_version(change, Appeal, row_id, if_match)
        return change.review_appeal(row_id)

    return answer(await change_ledger(request, principal, do))


@router.post(
    _PATH + "/{row_id}/resolve",
    responses=good(model_of(Appeal)),
    openapi_extra=body_as(ResolveAsked),
    summary="Answer an appeal; if it is overturned the account is released",
)
async def resolve_appeal(request: Request, row_id: PathId, if_match: IfMatch = None) -> Response:
    """Answer it, release where it is overturned, and leave a disposition, all at once."""
    principal = await authorise(request, "work")
    asked = await read_asked(request, TypeAdapter(ResolveAsked))
    await read_ledger(request, lambda view: require_discreet(view, row_id, asked.answer))

    def do(change: Change) -> Appeal:
        expect_version(change, Appeal, row_id, if_match)
        return change.resolve_appeal(
            row_id, outcome=asked.outcome, answer=asked.answer, disposition=asked.disposition
        )

    return answer(await change_ledger(request, principal, do))


def require_discreet(view: View, appeal_id: str, text: str) -> None:
    """Refuse an answer that names what no customer may be told: a campaign, another account.

    Blind spot: what is told without its id.

    Raises:
        RefusedError: it does (422).
        UnknownRow: there is no such appeal.
    """
    appeal = view.find(Appeal, appeal_id)
    decision = view.find(Decision, appeal.decision_id)
    secret: dict[str, list[str | None]] = {
        "the campaign": [decision.campaign_id],
        "the finding": [decision.finding_id],
        "the case": [decision.case_id],
        "the policy": [decision.policy_id],
        "another account": [*_others(view, appeal)],
    }
    for what, ids in secret.items():
        if any(one and len(one) >= _TELLING_CHARS and one in text for one in ids):
            raise RefusedError(422, f"The answer names {what}, which the customer may not be told.")


def _others(view: View, appeal: Appeal) -> list[str]:
    named = list_named(view, appeal.decision_id)
    return [one for one in named if one not in appeal.account_id]
