"""What linking counts, day by day: made once of each day, then merged over any window.

Between exchanges and traits: reads `OBSERVED`, gives `VALUE_COUNT`, `FIRST_USE` and profiles, from
which `count_traits` goes on. The one idea: counts add up, first hours have a least, profiles are
by day already, so that days counted apart and merged are the same as all days counted at once.
Deliberately absent: passages and templates, which only the whole window can tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw
import polars as pl

from stillwatch.domain.lake_tables import FIRST_USE, VALUE_COUNT
from stillwatch.domain.results import PROFILE
from stillwatch.observe.engines import collect_here
from stillwatch.observe.held_values import Grouped, Senders, number_accounts
from stillwatch.observe.profiles import measure_grouped, measure_profiles
from stillwatch.observe.traits import EXCHANGE_CHANNELS, count_first_use, count_values

COUNT_COLUMNS: Final = tuple(sorted({"account_id", "model", "hour", *EXCHANGE_CHANNELS.values()}))
"""Columns of OBSERVED that counts are made of: they change, counts that were kept are of no use."""


@dataclass(frozen=True)
class DayCounts:
    """Counts of one day, of several, or of a whole run."""

    profiles: pl.DataFrame
    values: Mapping[str, pl.DataFrame]
    """Channel → (account_id, value, exchanges); accounts as words, or numbered (Enum)."""
    first_use: pl.DataFrame
    """(account_id, model, hour)."""

    def tabulate(self) -> pl.DataFrame:
        """Give the counts of all channels as VALUE_COUNT, to be kept.

        Grain:   one row per account, channel and value. Order: by these.
        """
        parts = [
            counts.select(
                "account_id",
                pl.lit(channel).alias("channel"),
                (pl.lit(None) if _is_word(counts) else pl.col("value")).alias("value"),
                (pl.col("value") if _is_word(counts) else pl.lit(None)).alias("word"),
                "exchanges",
            )
            for channel, counts in self.values.items()
        ]
        tabled = pl.concat([VALUE_COUNT.empty(), *map(VALUE_COUNT.conform, parts)])
        return tabled.sort("channel", "account_id", "value", "word")


def _is_word(counts: pl.DataFrame) -> bool:
    return counts.schema["value"] == pl.String


def count_exchanges(exchanges: nw.LazyFrame[Any], *, senders: Senders | None = None) -> DayCounts:
    """Count what linking needs of some exchanges, be it a day or all of them.

    Grain:   one row per account and day, account and value, account and model.
    Nulls:   exchanges without a value are left out of that channel.
    Cost:    on Polars a sort of the exchanges by account, where accounts are Enum, and a look at
             each column; elsewhere one group-by a channel. `senders` spares a look at the ids.
    """
    if exchanges.implementation.is_polars():
        return _count_here(exchanges, senders)
    values = {
        channel: collect_here(count_values(exchanges, column=column))
        for channel, column in EXCHANGE_CHANNELS.items()
    }
    profiles = _settle(collect_here(measure_profiles(exchanges)))
    return DayCounts(profiles, values, collect_here(count_first_use(exchanges)))


def _count_here(exchanges: nw.LazyFrame[Any], senders: Senders | None) -> DayCounts:
    """Do so on Polars, a column in memory at a time."""
    if senders is None:
        senders = number_accounts(collect_here(exchanges.select("account_id"))["account_id"])
    grouped = Grouped.of(senders)
    values = {
        channel: grouped.count(collect_here(exchanges.select(column))[column])
        for channel, column in EXCHANGE_CHANNELS.items()
    }
    first_use = senders.find_first(collect_here(exchanges.select("model", "hour")))
    return DayCounts(_settle(measure_grouped(exchanges, grouped)), values, first_use)


def _settle(profiles: pl.DataFrame) -> pl.DataFrame:
    """Bring account-days to PROFILE. Order: by account and day."""
    return PROFILE.conform(
        profiles.with_columns(
            pl.col("day").cast(pl.Int32).cast(pl.Date), pl.col("^.*_tokens$").fill_null(0)
        ).with_columns(pl.col("harvest_like").fill_null(0.0))
    ).sort("account_id", "day")


def read_counts(
    values: pl.DataFrame, *, first_use: pl.DataFrame, profiles: pl.DataFrame
) -> DayCounts:
    """Take up what was kept of a day.

    Grain:   as `count_exchanges` gives it. `values` is VALUE_COUNT, `first_use` FIRST_USE.
    """
    split = {
        channel: _one_channel(values.filter(pl.col("channel") == channel))
        for channel in EXCHANGE_CHANNELS
    }
    return DayCounts(PROFILE.conform(profiles), split, FIRST_USE.conform(first_use))


def _one_channel(rows: pl.DataFrame) -> pl.DataFrame:
    column = "word" if rows["word"].is_not_null().any() else "value"
    return rows.select("account_id", pl.col(column).alias("value"), "exchanges")


def merge_counts(days: Sequence[DayCounts]) -> DayCounts:
    """Add up the counts of several days.

    Grain:   as `count_exchanges` gives it for all these days at once. Order: irrelevant.
    Cost:    linear in the days' rows: accounts and values, not exchanges.
    """
    values = {
        channel: _gather([day.values[channel] for day in days])
        .group_by("account_id", "value")
        .agg(pl.col("exchanges").sum())
        for channel in EXCHANGE_CHANNELS
    }
    first = pl.concat([day.first_use for day in days])
    return DayCounts(
        pl.concat([day.profiles for day in days]).sort("account_id", "day"),
        values,
        first.group_by("account_id", "model").agg(pl.col("hour").min()),
    )


def _gather(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Put days together; a day on which a channel was silent has no type of its own."""
    filled = [part for part in parts if len(part)]
    types = pl.col("account_id").cast(pl.String), pl.col("exchanges").cast(pl.Int64)
    return pl.concat([part.with_columns(types) for part in filled or parts[:1]])
