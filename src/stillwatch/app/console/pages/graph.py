"""The graph of a campaign: as data for the canvas, and as a table that says the same."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.exports import write_json
from stillwatch.app.console.frame.page import Page, Sent, Shown
from stillwatch.app.console.frame.sheets import Column, Sheet
from stillwatch.app.console.pages.campaign import find_campaign
from stillwatch.app.console.reading.graph import draw_together

_BUNDLES: Final = (
    Column("name", "Bundle", "text"),
    Column("accounts", "Accounts", "count"),
    Column("fraudulent", "Fraudulent", "count"),
    Column("holds", "Most of them hold", "text"),
)
_TRAITS: Final = (
    Column("name", "Value", "text"),
    Column("family", "Family", "chip"),
    Column("inside", "Accounts that hold it", "count"),
    Column("holders", "Of the whole run", "count"),
    Column("lift_bits", "Bits of lift", "bits"),
)
_WITHIN_CHARS_MAX: Final = 40


def _ask(asked: Asked) -> dict[str, Any]:
    name = asked.require("id", of="campaign")
    find_campaign(asked.result(), name)
    within = asked.text("within")[:_WITHIN_CHARS_MAX]
    return draw_together(asked.result(), name, within=within)


def send(asked: Asked) -> Sent:
    """Send the bundles, the values and who holds what."""
    return Sent(write_json(_ask(asked)), "application/json")


def view(asked: Asked) -> Shown:
    """List the same in words."""
    graph = _ask(asked)
    names = [trait["label"] for trait in graph["traits"]]
    bundles = [
        {
            "name": bundle["account_id"] or f"Bundle {bundle['key'] + 1}",
            "accounts": bundle["accounts"],
            "fraudulent": bundle["fraudulent"],
            "holds": ", ".join(names[at] for at in bundle["traits"]),
        }
        for bundle in graph["bundles"]
    ]
    traits = [trait | {"name": name} for trait, name in zip(graph["traits"], names, strict=True)]
    sheets = (
        Sheet(
            "bundles",
            "Bundles of accounts",
            columns=_BUNDLES,
            rows=_frame(bundles, _BUNDLES),
            empty="No account is in it.",
        ),
        Sheet(
            "traits",
            "Values that tie them",
            columns=_TRAITS,
            rows=_frame(traits, _TRAITS),
            empty="This result keeps no values that tie accounts: it was made by an older "
            "version. Scan again to see them.",
        ),
    )
    return Shown("graph.html", {"graph": graph}, sheets=sheets)


def _frame(rows: list[dict[str, Any]], columns: tuple[Column, ...]) -> pl.DataFrame:
    kinds = {"count": pl.Int64, "bits": pl.Float64}
    schema = {column.name: kinds.get(column.kind, pl.String) for column in columns}
    return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)


PAGE: Final = Page(
    "/graph", "Graph as a table", view, needs=("result",), example={"id": "{campaign}"}
)
DATA: Final = Page(
    "/graph.json", "Graph as data", send, needs=("result",), example={"id": "{campaign}"}
)
