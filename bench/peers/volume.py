"""Peer: a threshold on the exchanges of an account. Nothing is tied, so there is no campaign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
from traffic import run_adapter, scan_exchanges


def count_exchanges(traffic: Path) -> Iterator[pl.DataFrame]:
    """Score accounts by the exchanges that they sent."""
    yield (
        scan_exchanges(traffic)
        .group_by("account_id")
        .agg(pl.len().cast(pl.Float64).alias("score"))
        .select(
            pl.lit("exchanges").alias("setting"),
            "account_id",
            pl.lit(None, pl.Int64).alias("cluster"),
            "score",
        )
        .collect()
    )


if __name__ == "__main__":
    run_adapter(count_exchanges)
