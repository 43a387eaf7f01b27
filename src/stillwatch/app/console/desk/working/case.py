"""One case: what it is about, who has it, what people said, and how it ended."""

from __future__ import annotations

from typing import Any, Final

from stillwatch.app.console.desk.changing import find_row, new_id, read_ledger, tell
from stillwatch.app.console.desk.deciding.decisions import COLUMNS as DECISION_COLUMNS
from stillwatch.app.console.desk.deciding.decisions import describe
from stillwatch.app.console.desk.parts import may
from stillwatch.app.console.desk.rows import list_newest, plain_rows, sheet_of
from stillwatch.app.console.desk.trail import trail_sheet
from stillwatch.app.console.desk.working.answers import (
    MEANINGS,
    USE,
    Calibrated,
    list_answers,
)
from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.console.frame.sheets import Column
from stillwatch.store.ledger.errors import UnknownRow
from stillwatch.store.ledger.nouns.cases import Case
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.findings import Campaign, Finding
from stillwatch.store.ledger.nouns.people import User
from stillwatch.store.ledger.states import is_machine
from stillwatch.store.ledger.views import View

_FINDINGS: Final = (
    Column("found_at", "Found", "when"),
    Column("kind", "What", "chip"),
    Column("summary", "In words"),
    Column("accounts", "Accounts", "count"),
    Column("result", "Look", "code"),
)
_SAID: Final = {
    "opened": "The case is open. Nobody has it yet.",
    "assigned": "The case has somebody now.",
    "commented": "Your comment stands below.",
    "following": "You follow this case: you are told when it changes.",
    "unfollowed": "You follow this case no more.",
    "closed": "The case is closed.",
    "answered": "The case is closed, and your answer is in the ledger.",
}


def view(asked: Asked) -> Shown:
    """Show it."""
    case = find_row(asked, Case, "id", of="case")
    found = read_ledger(asked, lambda view: _gather(view, case, _newest(asked)))
    told = {
        "case": case,
        "campaign": found["campaign"],
        "comments": found["comments"],
        "people": found["people"],
        "answers": found["answers"],
        "meanings": MEANINGS,
        "use": USE,
        "in_force": [one for one in found["decisions"] if one["state"] == "in_force"],
        "own_id": new_id("answer"),
        "may_work": may(asked, "work"),
        "is_mine": case.assignee == asked.principal.name,
        "followers": found["followers"],
        "follows": asked.principal.name in found["followers"],
        "told": tell(asked, _SAID),
    }
    sheets = (
        sheet_of(
            "findings",
            "What looks have found",
            columns=_FINDINGS,
            rows=found["findings"],
            empty="No finding about its campaign is in the ledger.",
        ),
        sheet_of(
            "decisions",
            "Decisions about its campaign",
            columns=DECISION_COLUMNS,
            rows=found["decisions"],
            empty="Nothing was proposed about its campaign.",
        ),
        trail_sheet(asked, "case", case.case_id),
    )
    return Shown("desk/case.html", told, sheets=sheets)


def _newest(asked: Asked) -> Calibrated:
    reading = asked.behind.reading
    if reading is None:
        return Calibrated()
    return Calibrated(reading.place.name, reading.run.get("answers") or {})


def _gather(view: View, case: Case, newest: Calibrated) -> dict[str, Any]:
    campaign_id = case.campaign_id
    decisions = list_newest(view, Decision, campaign_id=campaign_id) if campaign_id else []
    findings = list_newest(view, Finding, campaign_id=campaign_id) if campaign_id else []
    users = list_newest(view, User)
    return {
        "campaign": _campaign(view, campaign_id),
        "comments": view.list_comments(case.case_id),
        "followers": view.list_following(case.case_id),
        "people": [one.user_id for one in users if one.is_active and not is_machine(one.user_id)],
        "answers": list_answers(view, ("campaign", campaign_id), findings, newest=newest)
        if campaign_id
        else [],
        "decisions": describe(view, decisions),
        "findings": plain_rows(findings),
    }


def _campaign(view: View, campaign_id: str | None) -> Campaign | None:
    try:
        return view.find(Campaign, campaign_id) if campaign_id else None
    except UnknownRow:
        return None


PAGE: Final = Page("/case", "Case", view, needs=("ledger",), example={"id": "{case}"})
