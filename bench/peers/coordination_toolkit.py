"""Peer: coordination-network-toolkit's co-similarity: like texts within a window, components.

Its own window of 60 seconds, its own similarity (Jaccard of words) and its own threshold of 0.9;
its settings here are a lower threshold too, and the least weight of an edge. It compares every pair
of exchanges within the window, in Python: time-outs are expected, and are a result.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
from coordination_network_toolkit.compute_networks import compute_co_similar_tweet
from coordination_network_toolkit.preprocess import preprocess_data
from traffic import run_adapter, scan_exchanges, tell_components

WINDOW_S: Final = 60
SIMILARITIES: Final = (0.9, 0.5)
WEIGHTS: Final = (1, 2, 3, 5, 10)


def compare_in_windows(traffic: Path) -> Iterator[pl.DataFrame]:
    """Give the components under every setting."""
    rows = (
        scan_exchanges(traffic)
        .filter(pl.col("prompt").is_not_null())
        .select(
            "exchange_id",
            "account_id",
            "prompt",
            pl.col("time").cast(pl.String).str.to_datetime(time_zone="UTC").dt.epoch("s"),
        )
        .collect()
    )
    accounts = rows["account_id"].unique().sort()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        base = str(Path(folder, "network.db"))
        preprocess_data(base, ((e, a, a, None, None, p, t, []) for e, a, p, t in rows.iter_rows()))
        for similarity in SIMILARITIES:
            compute_co_similar_tweet(base, WINDOW_S, n_threads=1, similarity_threshold=similarity)
            yield from tell_networks(base, accounts, similarity)


def tell_networks(base: str, accounts: pl.Series, similarity: float) -> Iterator[pl.DataFrame]:
    """Give the components at every least weight."""
    place = {name: number for number, name in enumerate(accounts)}
    query = "select user_1, user_2, weight from co_similar_tweet_network where user_1 < user_2"
    with contextlib.closing(sqlite3.connect(base)) as network:
        edges = pl.DataFrame(
            [(place[a], place[b], w) for a, b, w in network.execute(query)],
            schema={"left": pl.Int64, "right": pl.Int64, "weight": pl.Int64},
            orient="row",
        )
    for least in WEIGHTS:
        kept = edges.filter(pl.col("weight") >= least)
        setting = f"similarity {similarity:g}, weight {least}"
        yield tell_components(setting, accounts, kept["left"].to_numpy(), kept["right"].to_numpy())


if __name__ == "__main__":
    run_adapter(compare_in_windows)
