"""What may be read of the ledger: a list and a row of every kind, and what belongs to a row.

`/v1/interventions` are the ledger's decisions: one effect, the accounts that it names, who proposed
and approved it. `/v1/decisions` is what gateways ask, and has its own routes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Request, Response

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.control.ledger_work import read_ledger
from stillwatch.app.service.control.lists import (
    Listing,
    add_find,
    add_list,
    add_part,
    parameters_of,
    read_listing,
)
from stillwatch.app.service.control.shapes import (
    answer_page,
    good,
    page_of,
)
from stillwatch.app.service.problems import RefusedError
from stillwatch.store.ledger.audit.chain import AuditEntry
from stillwatch.store.ledger.nouns import Row
from stillwatch.store.ledger.nouns.cases import Case, Comment, Follower
from stillwatch.store.ledger.nouns.decisions import Approval, DecidedAccount, Decision
from stillwatch.store.ledger.nouns.effects import Effect
from stillwatch.store.ledger.nouns.findings import Campaign, Disposition, Finding
from stillwatch.store.ledger.nouns.policies import Permission, Policy
from stillwatch.store.ledger.views import View

router: Final = APIRouter(tags=["reading"])
INTERVENTIONS: Final = "/v1/interventions"
_KINDS: Final[tuple[tuple[type[Row], str, tuple[str, ...], str], ...]] = (
    (Campaign, "/v1/campaigns", ("kind",), "campaigns"),
    (Finding, "/v1/findings", ("campaign_id", "subject_id", "kind"), "findings"),
    (Case, "/v1/cases", ("state", "assignee", "campaign_id"), "cases"),
    (Follower, "/v1/followers", ("case_id", "user_id"), "followers of cases"),
    (Decision, INTERVENTIONS, ("state", "campaign_id", "effect"), "interventions"),
    (Disposition, "/v1/dispositions", ("subject_id", "answer"), "answers of analysts"),
    (Permission, "/v1/permissions", ("account_id", "org_id", "scope"), "permissions"),
    (Policy, "/v1/policies", ("name", "state"), "versions of policies"),
)
_EFFECT_PLACES: Final = 3
"""Ids in the cursor of a decision's effects: account, channel, operation."""


def _comments(view: View, case_id: str, asked: Listing) -> tuple[Sequence[Row], str | None]:
    view.find(Case, case_id)
    rows = view.list_comments(case_id, after=asked.after_number(), limit=asked.limit)
    return rows, str(rows[-1].number) if len(rows) == asked.limit else None


def _accounts(view: View, decision_id: str, asked: Listing) -> tuple[Sequence[Row], str | None]:
    view.find(Decision, decision_id)
    rows = view.list_accounts(decision_id, after=asked.after or "", limit=asked.limit)
    return rows, rows[-1].account_id if len(rows) == asked.limit else None


def _approvals(view: View, decision_id: str, asked: Listing) -> tuple[Sequence[Row], str | None]:
    view.find(Decision, decision_id)
    return view.list_approvals(decision_id)[: asked.limit], None


def _effects(view: View, decision_id: str, asked: Listing) -> tuple[Sequence[Row], str | None]:
    view.find(Decision, decision_id)
    place = tuple((asked.after or "//").rsplit("/", _EFFECT_PLACES - 1))
    if len(place) != _EFFECT_PLACES:
        raise RefusedError(422, "`after` is no place in this list.")
    rows = view.list_effects(decision_id, after=place, limit=asked.limit)
    last = rows[-1] if len(rows) == asked.limit else None
    return rows, f"{last.account_id}/{last.channel}/{last.operation}" if last else None


for _row, _path, _filters, _about in _KINDS:
    add_list(router, _row, _path, filters=_filters, about=f"List {_about}, the newest first")
    add_find(router, _row, _path, about=f"One of the {_about}")
for _rows, _path, _ask, _about in (
    (Comment, "/v1/cases/{row_id}/comments", _comments, "The comments on a case, in their order"),
    (DecidedAccount, INTERVENTIONS + "/{row_id}/accounts", _accounts, "The accounts it names"),
    (Approval, INTERVENTIONS + "/{row_id}/approvals", _approvals, "Who approved it"),
    (Effect, INTERVENTIONS + "/{row_id}/effects", _effects, "What has to happen outside"),
):
    add_part(router, _path, rows=_rows, ask=_ask, about=_about)


@router.get(
    "/v1/audit",
    responses=good(page_of(AuditEntry), 401, 403, 422, 503),
    openapi_extra={"parameters": parameters_of(AuditEntry, ())},
    summary="The audit log, in its order",
)
async def answer_audit(request: Request) -> Response:
    """List entries after a number."""
    await authorise(request, "read")
    asked = read_listing(request)
    after = asked.after_number()
    rows = await read_ledger(
        request, lambda view: view.list_audit_entries(after=after, limit=asked.limit)
    )
    return answer_page(rows, str(rows[-1].number) if len(rows) == asked.limit else None)
