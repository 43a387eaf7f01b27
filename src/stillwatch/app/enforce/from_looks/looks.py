"""A published look as enforcement reads it: the result's tables, and what the lake knows beside.

Reads a result directory and, where there is one, the lake's register and early findings. Writes
nothing. The instant of a look is its run's beginning, so that a look that is recorded twice gives
the same rows twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from stillwatch.app.settings import parse_instant
from stillwatch.app.steps.window import read_snapshot
from stillwatch.detect.dispositions.tables import STANDING
from stillwatch.domain.errors import NotAResult
from stillwatch.domain.lake_tables import EARLY, HEAD, HISTORY
from stillwatch.domain.results import ACCOUNTS_OUT, CAMPAIGNS_OUT, EXCHANGES_OUT
from stillwatch.domain.schema import Table
from stillwatch.domain.tables import REGISTER
from stillwatch.store.lake import Lake
from stillwatch.store.manifest import check_lake
from stillwatch.store.results import Result, read_result

_MEMBER_MIN: Final = 0.5
"""Membership from which an exchange counts as harvest: CONTRACT.md, section 4."""


@dataclass(frozen=True, slots=True)
class LookTables:
    """What one look has found."""

    name: str
    """The result's name; evidence rests there."""
    at: datetime
    accounts: pl.DataFrame
    """ACCOUNTS_OUT"""
    campaigns: pl.DataFrame
    """CAMPAIGNS_OUT"""
    history: pl.DataFrame = field(default_factory=HISTORY.empty)
    """HISTORY of this look alone; empty for a scan."""
    register: pl.DataFrame = field(default_factory=REGISTER.empty)
    early: pl.DataFrame = field(default_factory=EARLY.empty)
    standings: pl.DataFrame = field(default_factory=STANDING.empty)
    """STANDING: how its groups were judged; empty where the look knew of no ledger."""
    harvest: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            schema={"account_id": pl.String, "harvested": pl.Int64, "evaluated": pl.Int64}
        )
    )
    """By account: exchanges at membership one half or more."""
    merged_into: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Campaign that is no more → those that its accounts have gone into, at any look so far."""
    former: dict[str, frozenset[str]] = field(default_factory=dict)
    """Account → campaigns that are no more of which it ever was."""

    def wholes_of(self, campaign_id: str) -> set[str]:
        """Name the campaigns that one has gone into, by others too."""
        into = {one for found in self.merged_into.values() for one in found}
        return {one for one in into - {campaign_id} if campaign_id in self.parts_of(one)}

    def parts_of(self, campaign_id: str | None) -> set[str]:
        """Name the campaigns that have gone into one, by others too."""
        parts: set[str] = set()
        wanted = {campaign_id}
        while wanted:
            found = {old for old, into in self.merged_into.items() if wanted & set(into)}
            new = found - parts - {campaign_id}
            parts |= new
            wanted = set(new)
        return parts


def read_look(place: Path, *, lake: Path | None) -> LookTables:
    """Read a result, and what its lake knows beside.

    Nulls:   without a lake the register is unknown, and nobody is known to be protected.

    Raises:
        NotAResult: a table or the run's record is missing, or not as it should be.
        LakeError: the lake that is named can't be read: without its register nobody would be
            known to be protected, so nobody may act.
    """
    result = read_result(place)
    try:
        at = parse_instant(str(result.run()["started_at"]))
    except (KeyError, ValueError) as broken:
        raise NotAResult(
            str(place), missing="run.json with the instant of its beginning"
        ) from broken
    if lake is not None:
        check_lake(lake, key_check=None)
    opened = None if lake is None else Lake(lake)
    history = _table_or_none(result, HISTORY)
    merged_into = _read_merges(history)
    return LookTables(
        name=place.name,
        at=at,
        accounts=result.table(ACCOUNTS_OUT),
        campaigns=result.table(CAMPAIGNS_OUT),
        history=_last_look(history),
        register=read_snapshot(opened).register if opened else REGISTER.empty(),
        early=EARLY.conform(opened.read(EARLY.name)) if opened else EARLY.empty(),
        standings=_table_or_none(result, STANDING),
        harvest=_count_harvest(result),
        merged_into=merged_into,
        former=_read_former(opened, merged_into) if opened else {},
    )


def _table_or_none(result: Result, table: Table) -> pl.DataFrame:
    try:
        return result.table(table)
    except NotAResult:
        return table.empty()  # a scan follows no campaign through time


def _last_look(history: pl.DataFrame) -> pl.DataFrame:
    return history.filter(pl.col("look") == pl.col("look").max())


def _read_merges(history: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    """Give what every campaign that was ever merged has gone into."""
    rows = history.filter(pl.col("state") == "merged").sort("look")
    return {old: tuple(into or ()) for old, into in rows.select("campaign_id", "related").rows()}


def _read_former(lake: Lake, merged_into: Mapping[str, object]) -> dict[str, frozenset[str]]:
    """Give the accounts of merged campaigns, those that had left them before too."""
    if not merged_into:
        return {}
    heads = HEAD.conform(lake.read(HEAD.name))
    chosen = heads.filter(pl.col("is_in") & pl.col("campaign_id").is_in(list(merged_into)))
    by_account = chosen.group_by("account_id").agg(pl.col("campaign_id").unique())
    return {account_id: frozenset(of) for account_id, of in by_account.rows()}


def _count_harvest(result: Result) -> pl.DataFrame:
    """Count what each account took; whether it evaluates isn't known here, so none does."""
    return (
        result.table(EXCHANGES_OUT)
        .filter(pl.col("membership") >= _MEMBER_MIN)
        .group_by("account_id")
        .agg(pl.len().cast(pl.Int64).alias("harvested"))
        .with_columns(evaluated=pl.lit(0, pl.Int64))
    )
