"""Cases: what somebody has to look at, by state and assignee."""

from __future__ import annotations

from typing import Any, Final

from stillwatch.app.console.desk.changing import act_page, change_ledger, new_id, read_ledger
from stillwatch.app.console.desk.changing import said_id as read_own_id
from stillwatch.app.console.desk.parts import may
from stillwatch.app.console.desk.rows import LISTED_MAX, list_newest, plain_rows, sheet_of
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.page import Moved, Page, Shown
from stillwatch.app.console.frame.refusals import RefusedPageError
from stillwatch.app.console.frame.sheets import Column
from stillwatch.store.ledger.nouns.cases import Case, NewCase
from stillwatch.store.ledger.states import CASE_STATES
from stillwatch.store.ledger.views import View

COLUMNS: Final = (
    Column("case_id", "Case", "code", link="/case?id={}", note="title"),
    Column("state", "State", "chip"),
    Column("assignee", "Whose"),
    Column("campaign_id", "Campaign", "code", link="/campaign?id={}"),
    Column("opened_at", "Opened", "when"),
    Column("closed_at", "Closed", "when"),
    Column("outcome", "How it ended"),
)
_OPEN: Final = "open"
_CHOICES: Final = (_OPEN, "all", *CASE_STATES)
_WHOSE: Final = ("anybody", "me", "nobody", "followed_by_me")
_BACK: Final = address("/cases")
_EMPTY: Final = {
    "open": "No case is open. A new campaign opens one by itself; you can open one below.",
    "all": "No case was ever opened. A new campaign opens one by itself.",
}


def view(asked: Asked) -> Shown:
    """List cases of a state and an assignee."""
    state, whose = asked.choice("state", _CHOICES), asked.choice("whose", _WHOSE)

    def ask(view: View) -> list[Case]:
        if whose == "followed_by_me":
            followed = view.list_followed(asked.principal.name, limit=LISTED_MAX)
            return [one for one in followed if state not in CASE_STATES or one.state == state]
        equal = {"assignee": asked.principal.name} if whose == "me" else {}
        if state in CASE_STATES:
            return list_newest(view, Case, state=state, **equal)
        return list_newest(view, Case, **equal)

    rows = [one for one in plain_rows(read_ledger(asked, ask)) if _is_meant(one, state, whose)]
    sheet = sheet_of(
        "cases",
        "Cases",
        columns=COLUMNS,
        rows=rows,
        empty=_EMPTY.get(state, f"No such case is {state}."),
    )
    told = {
        "state": state,
        "whose": whose,
        "choices": _CHOICES,
        "all_whose": _WHOSE,
        "own_id": new_id("case"),
        "campaign": asked.text("campaign"),
        "may_work": may(asked, "work"),
    }
    return Shown("desk/cases.html", told, sheets=(sheet,))


def open_case(asked: Asked) -> Moved:
    """Open a case."""
    title = asked.said("title")
    if not title:
        raise RefusedPageError(422, "A title is missing", "Go back and say what it is about.")
    case = NewCase(
        case_id=read_own_id(asked, "case"),
        title=title,
        campaign_id=asked.said("campaign") or None,
    )
    change_ledger(asked, lambda change: change.open_case(case))
    return Moved(address("/case", id=case.case_id, told="opened"))


def _is_meant(row: dict[str, Any], state: str, whose: str) -> bool:
    is_open = state != _OPEN or row["state"] != "closed"
    return is_open and (whose != "nobody" or row["assignee"] is None)


PAGE: Final = Page("/cases", "Cases", view, section="Work", needs=("ledger",), key="w")
OPEN: Final = act_page("/cases/open", "Open a case", open_case, scope="work", back=_BACK)
