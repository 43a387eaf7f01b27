"""Letting data go by age, each kind after its own days: first what and why, then for good.

A lake's exchanges go by whole days; what has left is told in the lake (an append without rows), so
that counts still add up and every look says which days are gone. One entry in the audit log has the
figures. Killed anywhere, it is run again.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl

from stillwatch.app.steps.opening import lake_to_rewrite
from stillwatch.domain.lake_tables import DUPLICATE, EARLY, HEAD, HISTORY, TELLING, WAGER
from stillwatch.domain.results import QUARANTINE
from stillwatch.domain.settings import RetentionSettings
from stillwatch.domain.tables import OBSERVED, SYSTEM
from stillwatch.store.appends import count_appends
from stillwatch.store.lake import Lake
from stillwatch.store.upkeep import sweep_lake, thin_lake
from stillwatch.store.upkeep.thinning import FileRows

WHY: Final = "retention"
_CAMPAIGNS: Final = (HISTORY.name, HEAD.name, TELLING.name, WAGER.name)
_BY_INGEST: Final = (QUARANTINE.name, DUPLICATE.name)


@dataclass
class Retained:
    """What goes, or has gone."""

    at: str
    is_dry_run: bool
    lines: list[dict[str, Any]] = field(default_factory=list)
    """What, how much, and why."""

    def tell(self, what: str, *, rows: int, why: str, **more: Any) -> None:  # noqa: ANN401  figures
        """Say what goes, if anything does."""
        if rows:
            self.lines.append({"what": what, "rows": rows, "why": why, **more})

    def figures(self) -> dict[str, int]:
        """Give the rows by kind, for the audit log."""
        return {str(one["what"]): int(one["rows"]) for one in self.lines}


@dataclass(frozen=True)
class Ages:
    """What is too old, of each kind."""

    settings: RetentionSettings
    now: datetime

    def first_day(self, days: int) -> str:
        """Give the first day that stays, as `2026-11-23`; of what is kept for ever, none before."""
        return str((self.now - timedelta(days=days)).date()) if days else ""

    def first_instant(self, days: int) -> datetime | None:
        """Give the first instant that stays."""
        return self.now - timedelta(days=days) if days else None


def retain_in_lake(
    place: Path, told: Retained, *, settings: RetentionSettings, now: datetime
) -> None:
    """Let go of what is too old in a lake.

    Grain:   exchanges and early findings by UTC day; quarantine by ingest; campaigns as wholes.

    Raises:
        LakeError: there is no lake, or it is damaged or of another version.
    """
    ages = Ages(settings, now)
    with lake_to_rewrite(place):
        lake = Lake(place, up_to=count_appends(place))
        choice = _Choice(lake, ages)
        about = None if told.is_dry_run else {"why": WHY}
        thinned = thin_lake(lake, choice.choose, at=told.at, about=about)
        for table, days in sorted(thinned.rows.items()):
            span = {"days": f"{min(days)} to {max(days)}"} if "all" not in days else {}
            told.tell(table, rows=sum(days.values()), why=choice.why(table), **span)
        _let_counts_go(place, told, ages)
        if not told.is_dry_run:
            sweep_lake(place, waits=True)


class _Choice:
    """Which rows of a lake are too old."""

    def __init__(self, lake: Lake, ages: Ages) -> None:
        self._ages = ages
        self._days_of_append = _end_days(lake)
        self._campaigns = _old_campaigns(lake, ages)
        self._systems = _lost_systems(lake, ages)

    def choose(self, file: FileRows) -> pl.Series | None:
        """Choose the rows of a file that go."""
        settings = self._ages.settings
        if file.table == OBSERVED.name:
            return _all_before(file, self._ages.first_day(settings.exchanges_days))
        if file.table == EARLY.name:
            return _all_before(file, self._ages.first_day(settings.early_days))
        if file.table in _BY_INGEST:
            first = self._ages.first_day(settings.quarantine_days)
            return file.appends.replace_strict(self._days_of_append, default=None) < first
        if file.table in _CAMPAIGNS:
            rows = file.rows.select("campaign_id").collect()["campaign_id"]
            return rows.is_in(self._campaigns.implode())
        if file.table == SYSTEM.name:
            rows = file.rows.select("system_hash").collect()["system_hash"]
            return rows.is_in(self._systems.implode())
        return None

    def why(self, table: str) -> str:
        """Say by which setting rows of a table go."""
        settings = self._ages.settings
        if table in _BY_INGEST:
            return f"quarantine_days = {settings.quarantine_days}"
        if table in _CAMPAIGNS:
            return f"campaigns_days = {settings.campaigns_days}"
        if table == EARLY.name:
            return f"early_days = {settings.early_days}"
        return f"exchanges_days = {settings.exchanges_days}"


def _all_before(file: FileRows, first: str) -> pl.Series:
    return pl.repeat(value=file.day < first, n=len(file.appends), eager=True)


def _end_days(lake: Lake) -> dict[int, str]:
    """Give the last day that was ingested up to each append."""
    days: dict[int, str] = {}
    last = ""
    for number, about in lake.appends():
        last = max(last, str((about.get("ingest") or {}).get("last") or "")[:10])
        days[number] = last or "9999"
    return days


def _old_campaigns(lake: Lake, ages: Ages) -> pl.Series:
    first = ages.first_instant(ages.settings.campaigns_days)
    if first is None:
        return pl.Series([], dtype=pl.String)
    seen = lake.read(HISTORY.name).group_by("campaign_id").agg(pl.col("last_seen").max())
    return seen.filter(pl.col("last_seen") < first)["campaign_id"]


def _lost_systems(lake: Lake, ages: Ages) -> pl.Series:
    """Give the system texts to which only exchanges refer that go."""
    first = ages.first_day(ages.settings.exchanges_days)
    days = [str(day) for day in lake.days(OBSERVED.name)]
    if not first or not any(day < first for day in days):
        return pl.Series([], dtype=pl.Int64)

    def texts(of: list[str]) -> pl.DataFrame:
        rows = lake.scan(OBSERVED.name, days=of).select("system_hash")
        return rows.drop_nulls().unique().collect()

    goes, stays = texts([d for d in days if d < first]), texts([d for d in days if d >= first])
    return goes.join(stays, on="system_hash", how="anti")["system_hash"]


def _let_counts_go(place: Path, told: Retained, ages: Ages) -> None:
    """Delete the counts of old days, and of days whose exchanges have gone."""
    settings = ages.settings
    bounds = [b for b in (settings.day_counts_days, settings.exchanges_days) if b]
    if not bounds:
        return
    first = ages.first_day(min(bounds))
    old = [p for p in place.glob("kept/*/day=*") if p.name.removeprefix("day=") < first]
    told.tell("counts of days", rows=len(old), why=f"older than {min(bounds)} days")
    for folder in old if not told.is_dry_run else []:
        shutil.rmtree(folder)
