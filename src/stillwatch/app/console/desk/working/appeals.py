"""Appeals: who waits for an answer, the next deadline first."""

from __future__ import annotations

from typing import Any, Final

from stillwatch.app.console.desk.changing import read_ledger
from stillwatch.app.console.desk.parts import may
from stillwatch.app.console.desk.rows import list_newest, list_with, plain_rows, sheet_of
from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.console.frame.sheets import Column
from stillwatch.store.ledger.nouns.appeals import Appeal
from stillwatch.store.ledger.states import APPEAL_STATES
from stillwatch.store.ledger.views import View

COLUMNS: Final = (
    Column("appeal_id", "Appeal", "code", link="/appeal?id={}"),
    Column("state", "State", "chip"),
    Column("deadline_at", "Answer by", "when"),
    Column("account_id", "Account", "code", link="/account?id={}"),
    Column("statement", "They say"),
    Column("reviewer", "Reviewer"),
    Column("filed_at", "Filed", "when"),
    Column("decision_id", "Against", "code", link="/decision?id={}"),
)
UNANSWERED: Final = ("open", "in_review")
_WAITING: Final = "unanswered"
_CHOICES: Final = (_WAITING, "all", *APPEAL_STATES)
_STATEMENT_CHARS: Final = 160
"""Characters of a statement in the list; all of it stands on the appeal's page."""


def view(asked: Asked) -> Shown:
    """List appeals of a state."""
    state = asked.choice("state", _CHOICES)

    def ask(view: View) -> list[Appeal]:
        if state == _WAITING:
            return list_with(view, Appeal, "state", UNANSWERED)
        return list_newest(view, Appeal, **({} if state == "all" else {"state": state}))

    found = read_ledger(asked, ask)
    found = sorted(found, key=lambda one: (one.state not in UNANSWERED, one.deadline_at))
    late = [one for one in found if one.state in UNANSWERED and one.deadline_at <= asked.now]
    sheet = sheet_of(
        "appeals",
        "Appeals",
        columns=COLUMNS,
        rows=[_shorten(row) for row in plain_rows(found)],
        empty="Nobody waits for an answer."
        if state == _WAITING
        else f"No appeal is {state.replace('_', ' ')}."
        if state != "all"
        else "Nobody has appealed. Customers reach the form by the link in what they are told.",
    )
    told = {
        "state": state,
        "choices": _CHOICES,
        "late": len(late),
        "may_work": may(asked, "work"),
    }
    return Shown("desk/appeals.html", told, sheets=(sheet,))


def _shorten(row: dict[str, Any]) -> dict[str, Any]:
    text = str(row["statement"])
    if len(text) > _STATEMENT_CHARS:
        text = text[:_STATEMENT_CHARS].rstrip() + "…"
    return {**row, "statement": text}


PAGE: Final = Page("/appeals", "Appeals", view, section="Work", needs=("ledger",), key="a")
