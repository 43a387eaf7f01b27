"""The run behind the findings, and whether it was a healthy one: what went in, what stood aside."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.console.frame.sheets import Column, Sheet
from stillwatch.app.console.pages.overview import instant_of
from stillwatch.domain.lake_tables import HISTORY
from stillwatch.domain.results import QUARANTINE
from stillwatch.report.provenance import view_run

_QUARANTINE: Final = (
    Column("file", "File", "code"),
    Column("line", "Line", "count"),
    Column("reason", "Why"),
)
_LOOKS: Final = (
    Column("look", "Look", "count"),
    Column("as_of", "Up to", "when"),
    Column("campaigns", "Campaigns", "count"),
    Column("accounts", "Accounts", "count"),
    Column("born", "New", "count"),
)
_ROWS_MAX: Final = 10_000
"""Rejected records that are listed; the file has all of them."""


def view(asked: Asked) -> Shown:
    """Draw the record of the run."""
    reading = asked.result()
    rejected = reading.scan(QUARANTINE).select("file", "line", "reason").head(_ROWS_MAX).collect()
    by_look = reading.history.group_by("look").agg(
        pl.col("as_of").max(),
        pl.len().cast(pl.Int64).alias("campaigns"),
        pl.col("accounts").sum(),
        (pl.col("state") == "born").sum().cast(pl.Int64).alias("born"),
    )
    counts = reading.run.get("counts") or {}
    told: dict[str, Any] = {
        "run": reading.run,
        "record": view_run(reading.run),
        "started_at": instant_of(reading.run.get("started_at")),
        "finished_at": instant_of(reading.run.get("finished_at")),
        "smallest": reading.findings.smallest_campaign(),
        "counts": counts,
        "quarantined_share": counts.get("quarantined", 0) / max(counts.get("read", 0), 1),
        "place": reading.place.name,
    }
    sheets = (
        Sheet(
            "quarantine",
            "Rejected records",
            columns=_QUARANTINE,
            rows=rejected,
            empty="Every record could be read.",
            page_rows=20,
        ),
        Sheet(
            "looks",
            "Looks",
            columns=_LOOKS,
            rows=by_look.sort("look", descending=True),
            empty=f"This result is a scan, which looks once; a watch keeps {HISTORY.name}.",
            page_rows=20,
        ),
    )
    return Shown("runs.html", told, sheets=sheets)


PAGE: Final = Page("/runs", "Runs and health", view, section="Findings", needs=("result",), key="r")
