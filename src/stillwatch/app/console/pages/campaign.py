"""One campaign: what it is, what speaks for it, what it took, who is in it."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from stillwatch.app.console.desk.offers import about_campaign
from stillwatch.app.console.drawing.canvas import legend
from stillwatch.app.console.drawing.rows import draw_ties, draw_witnesses
from stillwatch.app.console.drawing.stacked import draw_stacked
from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.console.frame.refusals import NotThereError
from stillwatch.app.console.frame.sheets import Column, Sheet
from stillwatch.app.console.pages.members import members_sheet
from stillwatch.app.console.reading import Reading
from stillwatch.app.console.reading.days import layer_capabilities, mark_days
from stillwatch.app.console.reading.evidence import Evidence, gather_evidence, groups_of
from stillwatch.app.console.reading.similar import find_similar
from stillwatch.app.console.reading.states import state_campaigns
from stillwatch.app.console.reading.values import TACTIC_WORDS
from stillwatch.report.summary import word_taken

Row = dict[str, Any]

_TIES_DRAWN_MAX: Final = 12
_ROWS: Final = 15
_TEMPLATES: Final = (
    Column("template_id", "Fingerprint", "code", link="/search?q={}"),
    Column("place", "Place"),
    Column("tactic", "Tactic", "chip"),
    Column("accounts", "Accounts", "count"),
    Column("coverage", "Coverage", "share"),
    Column("exchanges", "Exchanges", "count"),
    Column("accounts_outside", "Outside", "count"),
)
_MODELS: Final = (
    Column("model", "Model", "code"),
    Column("capability", "Capability", "chip"),
    Column("exchanges", "Exchanges", "count"),
    Column("output_tokens", "Output tokens", "count"),
)
_HISTORY: Final = (
    Column("look", "Look", "count"),
    Column("as_of", "Up to", "when"),
    Column("state", "State", "chip"),
    Column("accounts", "Accounts", "count"),
    Column("new_accounts", "New", "count"),
    Column("gone_accounts", "Gone", "count"),
    Column("stopped_accounts", "Stopped", "count"),
    Column("successors", "Successors", "count"),
    Column("related", "Merged or split", "words"),
)
_SIMILAR: Final = (
    Column("campaign_id", "Campaign", "code", link="/campaign?id={}"),
    Column("templates", "Templates shared", "count"),
    Column("values", "Values shared", "count"),
    Column("aims", "Same aims", "words"),
    Column("tactics", "Same tactics", "words"),
)


def view(asked: Asked) -> Shown:
    """Draw one campaign."""
    reading = asked.result()
    name = asked.require("id", of="campaign")
    row = find_campaign(reading, name)
    drawn, sheets = reading.remember("campaign", name, make=lambda: _draw(reading, row))
    told = {"row": row, "taken": word_taken(row), "tactics": TACTIC_WORDS, **drawn}
    members = members_sheet(reading, name, page_rows=_ROWS)
    return Shown("campaign.html", told, sheets=(*sheets, members, *about_campaign(asked, name)))


def _draw(reading: Reading, row: Row) -> tuple[Row, tuple[Sheet, ...]]:
    """Draw what stays the same as long as the result is the newest, whatever people decide."""
    name = row["campaign_id"]
    evidence = gather_evidence(reading, groups=groups_of(reading, name), also=(name,))
    told = {
        "verdicts": reading.findings.verdict_counts(name),
        "evidence": evidence,
        **draw_evidence(evidence),
        **_draw_days(reading, name),
    }
    sheets = (
        _templates(reading, name, row["accounts"]),
        _models(reading, name),
        _history(reading, name),
        _similar(reading, name),
    )
    return told, sheets


def find_campaign(reading: Reading, name: str) -> Row:
    """Find a campaign by its id.

    Raises:
        NotThereError: this result has none of that name.
    """
    found = state_campaigns(reading).filter(pl.col("campaign_id") == name)
    if found.is_empty():
        kind = "campaign"
        raise NotThereError(kind, name)
    return found.row(0, named=True)


def draw_evidence(evidence: Evidence) -> Row:
    """Draw what ties and what testifies; the tables under the drawings have all of it."""
    return {
        "ties_drawing": draw_ties(evidence.ties[:_TIES_DRAWN_MAX]),
        "ties_rest": max(len(evidence.ties) - _TIES_DRAWN_MAX, 0),
        "witnesses_drawing": draw_witnesses(evidence.witnesses),
    }


def _draw_days(reading: Reading, name: str) -> Row:
    harvest = reading.harvest.filter(pl.col("campaign_id") == name)
    layers = layer_capabilities(harvest)
    marks = mark_days(reading, name)
    days = [at for layer in layers for at in layer.amounts]
    shown = [mark for mark in marks if days and min(days) <= mark.day <= max(days)]
    return {
        "days": draw_stacked(
            layers, title="Exchanges by day and capability", unit="expected exchanges", marks=shown
        ),
        "tokens": draw_stacked(
            layer_capabilities(harvest, measure="output_tokens"),
            title="Output tokens by day and capability",
            unit="expected output tokens",
        ),
        "key": legend((layer.tone, layer.name) for layer in layers),
        "marks": shown,
    }


def _templates(reading: Reading, name: str, accounts: int) -> Sheet:
    found = reading.templates.filter(pl.col("campaign_id") == name)
    rows = found.with_columns((pl.col("accounts") / max(accounts, 1)).alias("coverage"))
    rows = rows.sort("exchanges", "template_id", "place", descending=[True, False, False])
    return Sheet(
        "templates",
        "Templates behind it",
        columns=_TEMPLATES,
        rows=rows,
        empty="No template was found behind it.",
        page_rows=_ROWS,
    )


def _models(reading: Reading, name: str) -> Sheet:
    found = reading.harvest.filter(pl.col("campaign_id") == name).group_by("model", "capability")
    summed = found.agg(pl.col("exchanges", "output_tokens").sum())
    rows = summed.sort("exchanges", "model", "capability", descending=[True, False, False])
    return Sheet(
        "models",
        "Harvest by model and capability",
        columns=_MODELS,
        rows=rows,
        empty="No harvest was measured by day.",
        page_rows=_ROWS,
    )


def _history(reading: Reading, name: str) -> Sheet:
    rows = reading.history.filter(pl.col("campaign_id") == name).sort("look", descending=True)
    return Sheet(
        "history",
        "History of its identity",
        columns=_HISTORY,
        rows=rows,
        empty="A scan sees a campaign once. “stillwatch watch” follows it from look to "
        "look, under one id.",
        page_rows=_ROWS,
    )


def _similar(reading: Reading, name: str) -> Sheet:
    return Sheet(
        "similar",
        "Similar campaigns",
        columns=_SIMILAR,
        rows=find_similar(reading, name),
        empty="No other campaign of this result shares a template, a value or an aim with it.",
        page_rows=_ROWS,
    )


PAGE: Final = Page("/campaign", "Campaign", view, needs=("result",), example={"id": "{campaign}"})
