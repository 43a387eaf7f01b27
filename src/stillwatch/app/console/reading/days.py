"""What was taken day by day, campaign by campaign or capability by capability, and what happened.

Reads HARVEST, PROFILE, LAUNCH and the register; gives the layers and marks of a drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from stillwatch.app.console.drawing.stacked import Layer, Mark
from stillwatch.app.console.reading.reading import Reading
from stillwatch.domain.results import CAPABILITIES, PROFILE
from stillwatch.report.figures import humanise

SERIES_MAX: Final = 8
"""Campaigns with a colour of their own: more can't be told apart; the rest are one."""
_STOPPED: Final = ("suspended", "terminated")
_WAVE_SHARE: Final = 0.05
"""Share of a campaign's accounts that have to be stopped on one day for a mark."""


def layer_campaigns(reading: Reading, campaigns: Sequence[str]) -> list[Layer]:
    """Give harvested exchanges by day: a layer a campaign, then the honest traffic above them.

    Order:   as `campaigns`; those beyond SERIES_MAX are one layer.
    Cost:    linear in account-days, which are scanned.
    """
    harvest = reading.harvest.group_by("campaign_id", "day").agg(pl.col("exchanges").sum())
    layers = [
        Layer(name, f"f-s{number}", _amounts(harvest.filter(pl.col("campaign_id") == name)))
        for number, name in enumerate(campaigns[:SERIES_MAX], start=1)
    ]
    rest = harvest.filter(~pl.col("campaign_id").is_in(campaigns[:SERIES_MAX]))
    if rest.height:
        layers.append(Layer("other campaigns", "f-rest", _amounts(rest)))
    honest = _honest(reading, harvest)
    if honest:
        layers.append(Layer("all other traffic", "f-honest", honest))
    return [layer for layer in layers if layer.amounts]


def _honest(reading: Reading, harvest: pl.DataFrame) -> dict[date, float]:
    """Give by day what is left of all traffic without what was harvested."""
    if not reading.path_of(PROFILE).is_file():
        return {}
    all_of_it = reading.scan(PROFILE).group_by("day").agg(pl.col("exchanges").sum()).collect()
    taken = _amounts(harvest)
    return {
        at: max(float(number) - taken.get(at, 0.0), 0.0)
        for at, number in all_of_it.select("day", "exchanges").iter_rows()
    }


def _amounts(frame: pl.DataFrame) -> dict[date, float]:
    return dict(frame.group_by("day").agg(pl.col("exchanges").sum()).iter_rows())


def layer_capabilities(harvest: pl.DataFrame, *, measure: str = "exchanges") -> list[Layer]:
    """Give one campaign's harvest by day, a layer a capability."""
    found = harvest.group_by("capability", "day").agg(pl.col(measure).sum().alias("exchanges"))
    present = set(found["capability"])
    return [
        Layer(humanise(name), f"f-{name}", _amounts(found.filter(pl.col("capability") == name)))
        for name in CAPABILITIES
        if name in present
    ]


def mark_days(reading: Reading, campaign_id: str) -> list[Mark]:
    """Give what happened on the days of a campaign.

    Grain:   a mark for each model release, and for each day on which many of its accounts were
             stopped, or signed up to take the place of stopped ones.
    Nulls:   what the result doesn't know is no mark.
    """
    released = [
        Mark(row["released_at"].date(), f"{row['model']} released")
        for row in reading.launches.sort("released_at", "model").iter_rows(named=True)
    ]
    members = reading.accounts.filter(pl.col("campaign_id") == campaign_id)
    known = reading.register.join(members, on="account_id", how="semi")
    stopped = known.filter(pl.col("status").is_in(_STOPPED))
    took = members.filter(pl.col("predecessor_account_id").is_not_null())
    succeeding = known.join(took, on="account_id", how="semi")
    least = max(_WAVE_SHARE * members.height, 1)
    return _join(
        released
        + _waves(stopped, "status_changed_at", least, words="stopped", tone="mark-bad")
        + _waves(succeeding, "created_at", least, words="succeeded them")
    )


def _join(marks: list[Mark]) -> list[Mark]:
    """Make one mark of those of a day; the gravest colour wins."""
    joined: dict[date, Mark] = {}
    for mark in marks:
        known = joined.get(mark.day)
        words = f"{known.words}, {mark.words}" if known else mark.words
        tones = (mark.tone, known.tone if known else mark.tone)
        joined[mark.day] = Mark(mark.day, words, "mark-bad" if "mark-bad" in tones else "mark")
    return list(joined.values())


def _waves(
    accounts: pl.DataFrame, at: str, least: float, *, words: str, tone: str = "mark"
) -> list[Mark]:
    """Give a mark for each day on which so many accounts have something in common."""
    by_day = accounts.drop_nulls(at).group_by(pl.col(at).dt.date().alias("day")).len()
    large = by_day.filter(pl.col("len") >= least).sort("day")
    return [Mark(day, f"{number:,} {words}", tone) for day, number in large.iter_rows()]
