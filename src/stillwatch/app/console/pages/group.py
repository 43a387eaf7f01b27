"""One tied group, campaign or not: the same evidence as a campaign has, and why it was let be."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.console.frame.refusals import NotThereError
from stillwatch.app.console.frame.sheets import Column, Sheet
from stillwatch.app.console.pages.campaign import draw_evidence
from stillwatch.app.console.reading.evidence import gather_evidence

_ACCOUNTS: Final = (
    Column("account_id", "Account", "code", link="/account?id={}"),
    Column("verdict", "Verdict", "chip"),
    Column("probability", "Probability", "probability"),
    Column("exchanges", "Exchanges", "count"),
)


def view(asked: Asked) -> Shown:
    """Draw one group."""
    reading = asked.result()
    name = asked.require("id", of="group")
    group = reading.groups.filter(pl.col("group_id") == name)
    if group.is_empty():
        kind = "group"
        raise NotThereError(kind, name)
    evidence = gather_evidence(reading, groups=group, also=())
    accounts = reading.accounts.filter(pl.col("group_id") == name)
    sheet = Sheet(
        "accounts",
        "Accounts of the group",
        columns=_ACCOUNTS,
        rows=accounts,
        empty="No account names this group: it was let be before accounts were judged.",
    )
    told: dict[str, Any] = {
        "row": group.row(0, named=True),
        "evidence": evidence,
        **draw_evidence(evidence),
    }
    return Shown("group.html", told, sheets=(sheet,))


PAGE: Final = Page("/group", "Group", view, needs=("result",), example={"id": "{group}"})
