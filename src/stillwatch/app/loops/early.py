"""The fast path: accounts of known campaigns, found in the micro-batch that has just come.

The rim's part of `detect/through_time/early`: counts the traits of the batch's accounts, compares
them with what campaigns are told by, leaves out whoever the lake knew before, and appends `EARLY`.
No look is needed, and nothing is judged. Where no look has found a campaign it costs nothing.
"""

from __future__ import annotations

import narwhals as nw
import polars as pl

from stillwatch.app.arrive import OBSERVED, Arrived
from stillwatch.app.steps.window import read_snapshot
from stillwatch.detect.through_time.early import sight_early
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.lake_tables import EARLY, TELLING
from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import TRAIT
from stillwatch.observe.day_counts import count_exchanges
from stillwatch.observe.traits import read_register_traits, share_traits
from stillwatch.store.lake import Lake


def note_early(lake: Lake, arrived: Arrived, *, key: PseudonymKey, settings: LinkSettings) -> int:
    """Find the accounts of a committed batch that carry traits of known campaigns; say how many.

    Grain:   one EARLY row per account, once; in an append of its own, after the batch's.
    """
    telling = lake.read(TELLING.name)
    rows = arrived.observed()
    if not len(telling):
        return 0
    found = sight_early(_traits(lake, rows, key), telling, settings=settings)
    found = found.join(_known(lake, found), on="account_id", how="anti")
    if not len(found):
        return 0
    first = (
        rows.filter(pl.col("account_id").is_in(found["account_id"].implode()))
        .group_by("account_id")
        .agg(pl.col("time").min(), pl.len().cast(pl.Int64).alias("exchanges"))
        .collect()
    )
    early = EARLY.conform(found.join(first, on="account_id")).sort("account_id")
    lake.commit([lake.write(EARLY.name, early)], {"early": {"accounts": len(early)}})
    return len(early)


def _traits(lake: Lake, rows: pl.LazyFrame, key: PseudonymKey) -> pl.DataFrame:
    """Count what the batch's accounts hold, as linking would, but for what needs a window."""
    counts = count_exchanges(nw.from_native(rows))
    totals = counts.profiles.group_by("account_id").agg(pl.col("exchanges").sum().alias("total"))
    hours = counts.values["active_hour"].group_by("account_id")
    active = hours.agg(pl.col("value").min().alias("first_hour"))
    active = active.with_columns(pl.col("account_id").cast(pl.String))
    parts = [
        share_traits(_spell(values), channel=channel, totals=totals, key=key)
        for channel, values in counts.values.items()
        if len(values)
    ]
    register = read_snapshot(lake).register
    parts.append(read_register_traits(register, active=active, key=key))
    return pl.concat([TRAIT.empty(), *map(TRAIT.conform, parts)])


def _spell(counts: pl.DataFrame) -> pl.DataFrame:
    """Give accounts by their ids. Grain: unchanged."""
    return counts.with_columns(pl.col("account_id").cast(pl.String))


def _known(lake: Lake, found: pl.DataFrame) -> pl.DataFrame:
    """Give those of these accounts that were told before, or had sent something before."""
    accounts = found["account_id"].implode()
    appends = sum(1 for _ in lake.appends())
    before = Lake(lake.place, up_to=appends - 1)
    seen = [
        table.select("account_id").filter(pl.col("account_id").is_in(accounts)).unique().collect()
        for table in (before.scan(OBSERVED), lake.scan(EARLY.name))
    ]
    return pl.concat(seen).unique()
