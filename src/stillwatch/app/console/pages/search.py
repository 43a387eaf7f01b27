"""Search: an account, a campaign, a group, a template, or any value's pseudonym."""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.app.console.desk.offers import find_exact
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.page import Answer, Moved, Page, Shown
from stillwatch.app.console.frame.sheets import Column, Sheet
from stillwatch.app.console.reading import Reading

FOUND_MAX: Final = 500
"""Hits of one kind that are listed: who has more searches for more."""
_ACCOUNTS: Final = (
    Column("account_id", "Account", "code", link="/account?id={}"),
    Column("verdict", "Verdict", "chip"),
    Column("probability", "Probability", "probability"),
    Column("exchanges", "Exchanges", "count"),
    Column("campaign_id", "Campaign", "code", link="/campaign?id={}"),
)
_CAMPAIGNS: Final = (
    Column("campaign_id", "Campaign", "code", link="/campaign?id={}", note="summary"),
    Column("kind", "Kind", "chip"),
    Column("accounts", "Accounts", "count"),
)
_GROUPS: Final = (
    Column("group_id", "Group", "code", link="/group?id={}"),
    Column("judgement", "Judgement", "chip"),
    Column("accounts", "Accounts", "count"),
)
_TEMPLATES: Final = (
    Column("template_id", "Template", "code"),
    Column("campaign_id", "Campaign", "code", link="/campaign?id={}"),
    Column("place", "Place"),
    Column("accounts", "Accounts", "count"),
    Column("exchanges", "Exchanges", "count"),
)
_HOLDERS: Final = (
    Column("account_id", "Account", "code", link="/account?id={}"),
    Column("channel", "Kind of value", "chip"),
    Column("group_id", "Group", "code", link="/group?id={}"),
    Column("share", "Of its exchanges", "share"),
    Column("holders", "Accounts of the run", "count"),
)


def view(asked: Asked) -> Answer:
    """Search in the newest result; a whole id leads to its page at once."""
    text = asked.text("q").strip()
    reading = asked.result()
    if not text:
        return Shown("search.html", {"text": "", "total": 0})
    exact = _find_exact(reading, text) or find_exact(asked, text)
    if exact is not None and not asked.text("export"):
        return Moved(exact)
    sheets = tuple(sheet for sheet in _search(reading, text.lower()) if sheet.rows.height)
    total = sum(sheet.rows.height for sheet in sheets)
    return Shown("search.html", {"text": text, "total": total}, sheets=sheets)


def _find_exact(reading: Reading, text: str) -> str | None:
    for frame, column, path in (
        (reading.campaigns, "campaign_id", "/campaign"),
        (reading.accounts, "account_id", "/account"),
        (reading.groups, "group_id", "/group"),
    ):
        if frame.filter(pl.col(column) == text).height:
            return address(path, id=text)
    return None


def _search(reading: Reading, low: str) -> tuple[Sheet, ...]:
    def hits(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
        found = [pl.col(c).str.to_lowercase().str.contains(low, literal=True) for c in columns]
        return frame.filter(pl.any_horizontal(found).fill_null(value=False)).head(FOUND_MAX)

    return (
        Sheet(
            "campaigns", "Campaigns", _CAMPAIGNS, hits(reading.campaigns, "campaign_id", "summary")
        ),
        Sheet("accounts", "Accounts", _ACCOUNTS, hits(reading.accounts, "account_id")),
        Sheet("groups", "Groups", _GROUPS, hits(reading.groups, "group_id")),
        Sheet("templates", "Templates", _TEMPLATES, hits(reading.templates, "template_id")),
        Sheet("holders", "Accounts that hold the value", _HOLDERS, hits(reading.ties, "value")),
    )


PAGE: Final = Page("/search", "Search", view, needs=("result",), example={"q": "a"})
