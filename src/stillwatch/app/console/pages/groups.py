"""Tied groups that were seen and let be: what the innocent look like in this traffic."""

from __future__ import annotations

from typing import Final

from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.console.frame.sheets import Column, Sheet

_COLUMNS: Final = (
    Column("group_id", "Group", "code", link="/group?id={}"),
    Column("judgement", "Judgement", "chip"),
    Column("accounts", "Accounts", "count"),
    Column("channels", "They share", "words"),
    Column("innocent_explanation", "Explained by"),
    Column("explanation_p_value", "p", "chance"),
    Column("q_value", "q-value", "chance"),
)


def view(asked: Asked) -> Shown:
    """List them, those nearest to a harvest first."""
    let_be = asked.result().findings.groups_let_be()
    sheet = Sheet(
        "groups",
        "Tied groups that were let be",
        columns=_COLUMNS,
        rows=let_be,
        empty="No other group of accounts is tied by more than the population explains.",
    )
    told = {"total": let_be.height, "accounts": int(let_be["accounts"].sum())}
    return Shown("groups.html", told, sheets=(sheet,))


PAGE: Final = Page("/groups", "Groups let be", view, section="Findings", needs=("result",), key="g")
