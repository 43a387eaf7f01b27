"""What each account did in a day: the figures that judging compares.

Fourth step of *observe*: reads `OBSERVED`, writes account-day profiles: against Narwhals, and on
Polars a column at a time, where the exchanges of each account are known.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from stillwatch.observe.engines import collect_here
from stillwatch.observe.held_values import Grouped

_HOURS_PER_DAY = 24
_FAILED_FROM = 400
"""HTTP status from which a request has failed."""
_NEVER = np.iinfo(np.int64).max
"""An hour that never comes."""


def measure_profiles(exchanges: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Measure what each account did on each day.

    Grain:   one row per (account_id, day); day counts from the epoch, UTC.
    Units:   exchanges, tokens, `follow_ups` exchanges after the first of a conversation, `failed`
             exchanges with a status of 400 or more, `harvest_like` expected number of exchanges
             that harvest by some tactic.
    Nulls:   a missing figure counts as none; `with_turn` says how many exchanges stated a turn.
    """
    return (
        exchanges.with_columns(
            (nw.col("hour") // _HOURS_PER_DAY).alias("day"),
            (nw.col("turn") > 1).fill_null(value=False).cast(nw.Int64).alias("is_follow_up"),
            (~nw.col("turn").is_null()).cast(nw.Int64).alias("has_turn"),
            (nw.col("status") >= _FAILED_FROM)
            .fill_null(value=False)
            .cast(nw.Int64)
            .alias("is_failed"),
        )
        .group_by("account_id", "day")
        .agg(
            nw.len().alias("exchanges"),
            nw.col("output_tokens").sum(),
            nw.col("input_tokens").sum(),
            nw.col("is_follow_up").sum().alias("follow_ups"),
            nw.col("has_turn").sum().alias("with_turn"),
            nw.col("is_failed").sum().alias("failed"),
            nw.col("tactic_probability").sum().alias("harvest_like"),
            nw.col("hour").min().alias("first_hour"),
            nw.col("hour").max().alias("last_hour"),
        )
    )


def measure_grouped(exchanges: nw.LazyFrame[Any], grouped: Grouped) -> pl.DataFrame:
    """Measure the same of exchanges on Polars, a column at a time.

    Grain:   as `measure_profiles`. Order: by account and day. Cost: a look at each column.
    """

    def read(column: str) -> pl.Series:
        return collect_here(exchanges.select(column))[column]

    def sum_up(figures: pl.Series) -> np.ndarray:
        return np.bincount(cell, figures.cast(pl.Float64).fill_null(0.0).to_numpy(), len(days))

    hour = read("hour")
    days = grouped.count(hour // _HOURS_PER_DAY)
    cell = grouped.place(hour // _HOURS_PER_DAY, days)
    turn, first, last = read("turn"), np.full(len(days), _NEVER), np.full(len(days), -_NEVER)
    np.minimum.at(first, cell, hour.to_numpy())
    np.maximum.at(last, cell, hour.to_numpy())
    return days.rename({"value": "day"}).with_columns(
        output_tokens=sum_up(read("output_tokens")),
        input_tokens=sum_up(read("input_tokens")),
        follow_ups=sum_up(turn > 1),
        with_turn=sum_up(turn.is_not_null()),
        failed=sum_up(read("status") >= _FAILED_FROM),
        harvest_like=sum_up(read("tactic_probability")),
        first_hour=first,
        last_hour=last,
    )
