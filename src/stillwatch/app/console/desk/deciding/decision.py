"""One decision: what it says, who has approved it, whom it is about, how far it is, what was done.

Before it is in force the page shows what it would do as things are now, for whoever is to approve;
afterwards how far it has been brought out. Buttons stand where they may be pressed; where not, a
sentence says why.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from stillwatch.app.console.desk.changing import find_row, read_ledger, tell
from stillwatch.app.console.desk.deciding.rollout import progress_of
from stillwatch.app.console.desk.deciding.trying import try_standing
from stillwatch.app.console.desk.parts import may
from stillwatch.app.console.desk.rows import list_newest, plain_rows, sheet_of
from stillwatch.app.console.desk.trail import trail_sheet
from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.console.frame.refusals import RefusedPageError
from stillwatch.app.console.frame.sheets import Column
from stillwatch.app.service.control.interventions.dry_run import DryRun
from stillwatch.domain.service_limits import LEDGER_PAGE_MAX
from stillwatch.store.ledger.nouns.appeals import Appeal
from stillwatch.store.ledger.nouns.decisions import Approval, DecidedAccount, Decision
from stillwatch.store.ledger.states import is_machine
from stillwatch.store.ledger.views import View

_ACCOUNTS: Final = (
    Column("account_id", "Account", "code", link="/account?id={}"),
    Column("state", "State", "chip"),
    Column("released_at", "Released", "when"),
)
_APPEALS: Final = (
    Column("appeal_id", "Appeal", "code", link="/appeal?id={}"),
    Column("account_id", "Account", "code", link="/account?id={}"),
    Column("state", "State", "chip"),
    Column("deadline_at", "Answer by", "when"),
)
_SAID: Final = {
    "proposed": "Proposed. It waits for approval; nothing is in force yet.",
    "approved": "Approved by you. It waits for one more person.",
    "left": "Approved. Some account was called innocent since it was proposed, or is protected "
    "or permitted now: enforcement lets those go before it puts the rest in force, within seconds.",
    "in_force": "Approved, and in force. Gateways follow within a second or two.",
    "rejected": "Rejected. Nothing was done with any account.",
    "reverted": "Taken back for all of its accounts.",
    "released": "The account was released from this decision.",
    "queued": "What had failed is tried again.",
}


def view(asked: Asked) -> Shown:
    """Show it."""
    decision = find_row(asked, Decision, "id", of="decision")

    def ask(view: View) -> dict[str, Any]:
        return {
            "approvals": view.list_approvals(decision.decision_id),
            "progress": progress_of(asked, view, decision),
            "decided": _list_decided(view, decision.decision_id),
            "terms": view.seek_terms(decision.decision_id),
            "appeals": list_newest(view, Appeal, decision_id=decision.decision_id),
        }

    found = read_ledger(asked, ask)
    told = {
        "decision": decision,
        "approvals": found["approvals"],
        "progress": found["progress"],
        "terms": found["terms"],
        "needs": orjson.loads(found["terms"].parameters) if found["terms"] else {},
        "released": sum(one.released_at is not None for one in found["decided"]),
        "run": _try(asked, decision),
        "why_not": why_not_approve(asked, decision, found["approvals"]),
        "may_work": may(asked, "work"),
        "told": tell(asked, _SAID),
    }
    accounts = [
        {**row, "state": "released" if row["released_at"] else decision.state}
        for row in plain_rows(found["decided"])
    ]
    sheets = (
        sheet_of("accounts", "Accounts of this decision", columns=_ACCOUNTS, rows=accounts),
        sheet_of("appeals", "Appeals", columns=_APPEALS, rows=plain_rows(found["appeals"])),
        trail_sheet(asked, "decision", decision.decision_id),
    )
    return Shown("desk/decision.html", told, sheets=sheets)


def why_not_approve(asked: Asked, decision: Decision, approvals: list[Approval]) -> str:
    """Say why whoever asks may not approve a proposal; empty where they may."""
    name = asked.principal.name
    is_own = bool(decision.approvals_needed) and name == decision.proposed_by
    reasons = (
        (decision.state != "proposed", "It is no proposal any more."),
        (decision.expires_at <= asked.now, "Its end is over: propose it again with a later one."),
        (not may(asked, "approve"), "Approving is for people with the role approver."),
        (is_machine(name), "A program approves nothing."),
        (
            name in {one.approver for one in approvals},
            "You have approved it; it waits for another person.",
        ),
        (is_own, "You have proposed it; somebody else has to approve it."),
    )
    return next((says for holds, says in reasons if holds), "")


def _list_decided(view: View, decision_id: str) -> list[DecidedAccount]:
    """List the accounts of a decision, released ones too, in the order of their ids."""
    found: list[DecidedAccount] = []
    while True:
        after = found[-1].account_id if found else ""
        rows = view.list_accounts(decision_id, after=after, limit=LEDGER_PAGE_MAX)
        found += rows
        if len(rows) < LEDGER_PAGE_MAX:
            return found


def _try(asked: Asked, decision: Decision) -> DryRun | None:
    """Try a proposal out as things are now; None where it is none, or nothing can be said."""
    if decision.state != "proposed":
        return None
    try:
        return try_standing(asked, decision)
    except RefusedPageError:
        return None


PAGE: Final = Page("/decision", "Decision", view, needs=("ledger",), example={"id": "{decision}"})
