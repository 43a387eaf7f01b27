"""One decision: what it says, who has approved it, whom it is about, how far it is, what was done.

Before it is in force the page shows what it would do as things are now, for whoever is to approve;
afterwards how far it has been brought out. Buttons stand where they may be pressed; where not, a
sentence says why.
"""

from __future__ import annotations

from typing import Any, Final

from stillwatch.app.console.desk.changing import find_row, read_ledger, tell
from stillwatch.app.console.desk.deciding.rollout import progress_of
from stillwatch.app.console.desk.deciding.trying import list_decided, try_standing
from stillwatch.app.console.desk.parts import may
from stillwatch.app.console.desk.rows import list_newest, plain_rows, sheet_of
from stillwatch.app.console.desk.trail import trail_sheet
from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.console.frame.refusals import RefusedPageError
from stillwatch.app.console.frame.sheets import Column
from stillwatch.app.service.control.interventions.dry_run import DryRun
from stillwatch.store.ledger.nouns.appeals import Appeal
from stillwatch.store.ledger.nouns.decisions import Approval, Decision
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
            "decided": list_decided(view, decision.decision_id, with_released=True),
            "appeals": list_newest(view, Appeal, decision_id=decision.decision_id),
        }

    found = read_ledger(asked, ask)
    told = {
        "decision": decision,
        "approvals": found["approvals"],
        "progress": found["progress"],
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
    if decision.state != "proposed":
        return "It is no proposal any more."
    if decision.expires_at <= asked.now:
        return "Its end is over: propose it again with a later one."
    if not may(asked, "approve"):
        return "Approving is for people with the role approver."
    if is_machine(name):
        return "A program approves nothing."
    if name in {one.approver for one in approvals}:
        return "You have approved it; it waits for another person."
    if decision.approvals_needed and name == decision.proposed_by:
        return "You have proposed it; somebody else has to approve it."
    return ""


def _try(asked: Asked, decision: Decision) -> DryRun | None:
    """Try a proposal out as things are now; None where it is none, or nothing can be said."""
    if decision.state != "proposed":
        return None
    try:
        return try_standing(asked, decision)
    except RefusedPageError:
        return None


PAGE: Final = Page("/decision", "Decision", view, needs=("ledger",), example={"id": "{decision}"})
