"""Decisions: those that wait for somebody first, then what is in force and what has ended."""

from __future__ import annotations

from typing import Any, Final

from stillwatch.app.console.desk.changing import read_ledger
from stillwatch.app.console.desk.parts import may
from stillwatch.app.console.desk.rows import list_newest, list_with, plain_rows, sheet_of
from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.console.frame.sheets import Column, Sheet
from stillwatch.store.ledger.nouns.decisions import EFFECTS, Decision
from stillwatch.store.ledger.states import DECISION_STATES
from stillwatch.store.ledger.views import View

COLUMNS: Final = (
    Column("decision_id", "Decision", "code", link="/decision?id={}"),
    Column("state", "State", "chip", note="waits_for"),
    Column("effect", "Effect", "chip"),
    Column("accounts_count", "Accounts", "count"),
    Column("campaign_id", "Campaign", "code", link="/campaign?id={}"),
    Column("expires_at", "Ends", "when"),
    Column("proposed_at", "Proposed", "when", note="proposed_by"),
)
_OPEN: Final = "waiting"
_CHOICES: Final = (_OPEN, "all", *(one for one in DECISION_STATES if one != "proposed"))
_FRAGMENT_MAX: Final = 5


def view(asked: Asked) -> Shown:
    """List decisions of a state and an effect."""
    state = asked.choice("state", _CHOICES)
    effect = asked.choice("effect", ("", *EFFECTS))

    def ask(view: View) -> tuple[list[dict[str, Any]], int]:
        equal = {"effect": effect} if effect else {}
        if state == "all":
            found = list_newest(view, Decision, **equal)
        else:
            real = "proposed" if state == _OPEN else state
            found = list_newest(view, Decision, state=real, **equal)
        return describe(view, found), len(list_with(view, Decision, "state", ("proposed",)))

    rows, waiting = read_ledger(asked, ask)
    told = {
        "state": state,
        "effect": effect,
        "choices": _CHOICES,
        "effects": EFFECTS,
        "waiting": waiting,
        "may_work": may(asked, "work"),
    }
    return Shown("desk/decisions.html", told, sheets=(_sheet(rows, state),))


def view_waiting(asked: Asked) -> Shown:
    """Show the decisions that wait as a part of another page, the next to lapse first."""
    told = waiting_for_approval(asked)
    return Shown("desk/waiting.html", told)


def waiting_for_approval(asked: Asked) -> dict[str, Any]:
    """Give what `desk/waiting.html` is told: the decisions that wait, and how many there are.

    Raises:
        RefusedPageError: there is no ledger, or it can't be read.
    """

    def ask(view: View) -> tuple[list[dict[str, Any]], int]:
        found = list_newest(view, Decision, state="proposed")
        first = sorted(found, key=lambda one: one.expires_at)[:_FRAGMENT_MAX]
        return describe(view, first), len(found)

    rows, number = read_ledger(asked, ask)
    return {"rows": rows, "number": number}


def describe(view: View, found: list[Decision]) -> list[dict[str, Any]]:
    """Give decisions as rows, with whom each of them waits for."""
    rows = plain_rows(found)
    for row in rows:
        row["waits_for"] = None
        if row["state"] == "proposed":
            given = len(view.list_approvals(row["decision_id"]))
            needed = max(row["approvals_needed"], 1)
            row["waits_for"] = f"{given} of {needed} approvals"
    return rows


def _sheet(rows: list[dict[str, Any]], state: str) -> Sheet:
    nothing = {
        _OPEN: "Nothing waits for approval. What is in force stands under “in force”.",
        "all": "Nothing has been decided yet. Propose something from a campaign's page.",
    }
    empty = nothing.get(state, f"No decision is {state.replace('_', ' ')}.")
    return sheet_of("decisions", "Decisions", columns=COLUMNS, rows=rows, empty=empty)


PAGE: Final = Page("/decisions", "Decisions", view, section="Work", needs=("ledger",), key="d")
WAITING: Final = Page("/decisions/waiting", "Decisions that wait", view_waiting, needs=("ledger",))
