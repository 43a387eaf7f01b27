"""The overview: what is new, how sure, how big, what to do; read in ten seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import polars as pl

from stillwatch.app.console.desk.offers import waiting
from stillwatch.app.console.drawing.canvas import legend
from stillwatch.app.console.drawing.stacked import draw_stacked
from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.console.pages.campaigns import campaign_sheet
from stillwatch.app.console.reading import Reading
from stillwatch.app.console.reading.days import layer_campaigns
from stillwatch.app.console.reading.states import state_campaigns
from stillwatch.report.figures import count, humanise
from stillwatch.report.summary import Headline, summarise_headline, word_taken

VISIT_COOKIE: Final = "stillwatch_before"
"""When this browser was last here before now, in seconds since the epoch; console.js keeps it."""
_NEWS: Final = ("new", "growing", "regrown", "split", "merged")


def view(asked: Asked) -> Shown:
    """Draw the overview of the newest result."""
    reading = asked.result()
    campaigns, headline = state_campaigns(reading), _headline(reading)
    live = campaigns.filter(~pl.col("is_permitted"))
    news = live.filter(pl.col("state").is_in(_NEWS))
    effects = _count_by(reading.decisions, "effect")
    layers = layer_campaigns(reading, live["campaign_id"].to_list())
    told: dict[str, Any] = {
        "headline": headline,
        "permitted": len(headline.campaigns["permitted"]),
        "all_exchanges": max(int(reading.accounts["exchanges"].sum()), 1),
        "verdicts": reading.findings.verdict_counts(),
        "smallest": reading.findings.smallest_campaign(),
        "nearest": reading.findings.tell_nearest(),
        "effects": effects,
        "effects_by_kind": _list_counts(effects),
        "news": news.to_dicts(),
        "news_are": sorted(set(news["grade"])),
        "word_taken": word_taken,
        "news_by_state": _list_counts(_count_by(news, "state")) or "nothing has changed",
        "has_looked_before": not reading.history.is_empty(),
        "queue": waiting(asked),
        "before": read_visit(asked),
        "finished_at": instant_of(reading.run.get("finished_at")),
        "run": reading.run,
        "counts": reading.run.get("counts") or {},
        "aside": len(reading.run.get("stood_aside") or ()),
        "seconds": sum(stage.get("seconds", 0) for stage in reading.run.get("stages") or ()),
        "let_be": reading.findings.groups_let_be().height,
        "days": draw_stacked(
            layers,
            title="Exchanges by day: harvest by campaign, and all other traffic",
            unit="expected exchanges",
        ),
        "key": legend((layer.tone, layer.name) for layer in layers),
    }
    return Shown("overview.html", told, sheets=(campaign_sheet(campaigns),))


def _headline(reading: Reading) -> Headline:
    return reading.remember(
        "headline",
        reading.mark,
        make=lambda: summarise_headline(reading.campaigns, reading.accounts),
    )


def read_visit(asked: Asked) -> datetime | None:
    """Give when this browser was here before; None if never, or if it says nonsense."""
    said = asked.cookies.get(VISIT_COOKIE, "")
    if not said.isdecimal() or int(said) > asked.now.timestamp():
        return None
    return datetime.fromtimestamp(int(said), UTC)


def instant_of(said: object) -> datetime | None:
    """Read an instant of run.json; None where there is none."""
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _count_by(rows: pl.DataFrame, name: str) -> list[tuple[str, int]]:
    counted = rows.group_by(name).len().sort("len", name, descending=[True, False])
    return [(code, number) for code, number in counted.iter_rows()]


def _list_counts(counted: list[tuple[str, int]]) -> str:
    return ", ".join(f"{count(number)} {humanise(code).lower()}" for code, number in counted)


PAGE: Final = Page("/", "Overview", view, section="Findings", needs=("result",), key="o")
