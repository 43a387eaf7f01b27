"""One campaign as the page shows it: its harvest, its ties, its templates, its accounts.

Reads every table of the findings; gives one view per campaign. The one idea: each drawing comes
with the very rows that it draws, for the table under it. Deliberately absent: layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from stillwatch.domain.limits import (
    REPORT_ACCOUNTS_MAX,
    REPORT_CAMPAIGNS_MAX,
    REPORT_FILES_MAX,
    REPORT_ROWS_MAX,
)
from stillwatch.domain.results import CAPABILITIES
from stillwatch.report.accounts import Listing, list_accounts
from stillwatch.report.charts import plot_harvest
from stillwatch.report.drawing import Drawing, draw_later
from stillwatch.report.evidence import (
    draw_ties,
    draw_witnesses,
    gather_subjects,
    split_ties,
)
from stillwatch.report.figures import count, day, humanise
from stillwatch.report.findings import Findings

Row = dict[str, Any]

_DAYS_MAX: Final = 92
"""Days drawn one by one: a quarter. Longer harvests are drawn by week."""
_MEASURES: Final = {"exchanges": "Exchanges", "output_tokens": "Output tokens"}


@dataclass(frozen=True, slots=True)
class Harvest:
    """What a campaign took: drawings, the figures under them, and the same by model."""

    step: str
    capabilities: list[str]
    drawings: list[tuple[str, Drawing]]
    table: list[Row]
    models: list[Row]


@dataclass(frozen=True, slots=True)
class CampaignView:
    """One campaign's section."""

    anchor: str
    row: Row
    groups: list[Row]
    verdicts: dict[str, int]
    harvest: Harvest | None
    ties: list[Row]
    ties_drawing: Drawing | None
    witnesses: list[Row]
    witnesses_drawing: Drawing | None
    templates: list[Row]
    templates_rest: int
    accounts: Listing


def view_campaigns(
    findings: Findings, *, ranked: Sequence[Row], honest: dict[str, Row]
) -> list[CampaignView]:
    """View the campaigns that get a section: the first `limits.REPORT_CAMPAIGNS_MAX`.

    Cost:    three or four drawings each, about 0.1 s; the converter draws beside what comes after.
    """
    shown = ranked[:REPORT_CAMPAIGNS_MAX]
    bound = min(REPORT_ACCOUNTS_MAX, REPORT_ROWS_MAX // max(len(shown), 1))
    return [
        _view(findings, row, anchor=f"campaign-{number}", honest=honest, bound=bound)
        for number, row in enumerate(shown, start=1)
    ]


def _view(
    findings: Findings, row: Row, *, anchor: str, honest: dict[str, Row], bound: int
) -> CampaignView:
    key = row["campaign_id"]
    groups = list(
        findings.groups.filter(pl.col("campaign_id") == key)
        .sort("accounts", "group_id", descending=[True, False])
        .iter_rows(named=True)
    )
    subjects = {key, *(group["group_id"] for group in groups)}
    ties, witnesses = split_ties(gather_subjects(findings, subjects))
    for witness in witnesses:
        witness["honest"] = honest.get(witness["channel"])
    templates = findings.templates.filter(pl.col("campaign_id") == key).sort(
        "exchanges", "template_id", "place", descending=[True, False, False]
    )
    return CampaignView(
        anchor=anchor,
        row=row,
        groups=groups,
        verdicts=findings.verdict_counts(key),
        harvest=_view_harvest(findings.harvest.filter(pl.col("campaign_id") == key), anchor),
        ties=ties,
        ties_drawing=draw_ties(ties, anchor),
        witnesses=witnesses,
        witnesses_drawing=draw_witnesses(witnesses, anchor),
        templates=list(templates.head(REPORT_FILES_MAX).iter_rows(named=True)),
        templates_rest=max(templates.height - REPORT_FILES_MAX, 0),
        accounts=list_accounts(findings, pl.col("campaign_id") == key, bound=bound),
    )


def _view_harvest(harvest: pl.DataFrame, anchor: str) -> Harvest | None:
    """View a campaign's harvest by day, or by week where it lasted longer than a quarter."""
    if harvest.is_empty():
        return None
    first, last = (date.fromordinal(bound.toordinal()) for bound in _bounds(harvest["day"]))
    by_week = (last - first).days >= _DAYS_MAX
    if by_week:
        harvest = harvest.with_columns(pl.col("day").dt.truncate("1w"))
        first, last = _bounds(harvest["day"])
    stride = timedelta(days=7 if by_week else 1)
    days = [first + stride * at for at in range((last - first) // stride + 1)]
    labels = {at: _label(at) if len({*map(_label, days)}) == len(days) else day(at) for at in days}
    present = set(harvest["capability"])
    capabilities = [name for name in CAPABILITIES if name in present]
    rows = _sum_by(harvest, "day", "capability")
    for row in rows:
        row["label"] = labels[row["day"]]
    step = "week" if by_week else "day"
    return Harvest(
        step=step,
        capabilities=capabilities,
        drawings=[
            (
                heading,
                draw_later(
                    plot_harvest(
                        rows,
                        measure=measure,
                        days=list(labels.values()),
                        capabilities=capabilities,
                    ),
                    name=f"{anchor}-{measure.replace('_', '-')}",
                    title=f"{heading} by {step} and capability",
                    says=_describe(rows, measure, step),
                ),
            )
            for measure, heading in _MEASURES.items()
        ],
        table=_cross(rows, days),
        models=sorted(
            _sum_by(harvest, "model"),
            key=lambda row: (-row["exchanges"], row["model"] or ""),
        ),
    )


def _label(at: date) -> str:
    return f"{at.day} {at:%b}"


def _bounds(days: pl.Series) -> tuple[date, date]:
    ordered = days.sort()
    return ordered[0], ordered[-1]


def _sum_by(harvest: pl.DataFrame, *keys: str) -> list[Row]:
    summed = harvest.sort(harvest.columns).group_by(keys, maintain_order=True)
    measured = summed.agg(pl.col(measure).sum() for measure in _MEASURES)
    return list(measured.sort(*keys).iter_rows(named=True))


def _cross(rows: list[Row], days: Sequence[date]) -> list[Row]:
    """Lay the rows out by day: one row per day, its exchanges by capability, its totals."""
    table: dict[date, Row] = {
        at: {"day": at, "by": {}, "exchanges": 0.0, "output_tokens": 0.0} for at in days
    }
    for row in rows:
        line = table[row["day"]]
        line["by"][row["capability"]] = row["exchanges"]
        for measure in _MEASURES:
            line[measure] += row[measure]
    return list(table.values())


def _describe(rows: list[Row], measure: str, step: str) -> str:
    totals: dict[str, float] = {}
    for row in rows:
        totals[row["capability"]] = totals.get(row["capability"], 0.0) + row[measure]
    parts = ", ".join(f"{humanise(name)} {count(total)}" for name, total in totals.items())
    return f"Stacked bars, one a {step}. In all: {parts}."
