"""What each account did in a day: the figures that judging compares.

Fourth step of *observe*: reads `OBSERVED`, writes account-day profiles. Written against Narwhals,
so that the same lines run on Polars and on Spark.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw

_HOURS_PER_DAY = 24
_FAILED_FROM = 400
"""HTTP status from which a request has failed."""


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
