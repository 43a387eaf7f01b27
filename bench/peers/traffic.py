"""What the peers read and write: a traffic directory in, accounts with a cluster and a score out.

Every adapter in this folder is a script that is given a traffic directory and a file to write. It
never sees the truth. Its rows are (setting, account_id, cluster, score): under one setting of its
own an account is in a cluster (null where it clusters nobody), and is called where its score
reaches a threshold, which `bench/peers.py` then chooses by the truth.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Adapter = Callable[[Path], Iterable[pl.DataFrame]]
I64 = npt.NDArray[np.int64]


def run_adapter(adapter: Adapter) -> None:
    """Read the command line, run the adapter, write its rows."""
    traffic, out = Path(sys.argv[1]), Path(sys.argv[2])
    pl.concat(list(adapter(traffic))).write_parquet(out)


def scan_exchanges(traffic: Path) -> pl.LazyFrame:
    """Scan the exchanges."""
    return pl.scan_parquet(traffic / "exchanges*.parquet")


def read_register(traffic: Path) -> pl.DataFrame:
    """Read the account register."""
    return pl.read_ndjson(traffic / "accounts.jsonl", infer_schema_length=None)


def tell_components(setting: str, accounts: pl.Series, left: I64, right: I64) -> pl.DataFrame:
    """Give accounts of connected components of two or more, scored by the component's size.

    `left` and `right` are the ends of edges, as places in `accounts`.
    """
    count = len(accounts)
    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    return tell_clusters(setting, accounts, pl.Series(label).cast(pl.Int64))


def tell_clusters(setting: str, accounts: pl.Series, cluster: pl.Series) -> pl.DataFrame:
    """Give accounts of clusters of two or more, scored by the cluster's size."""
    rows = pl.DataFrame({"account_id": accounts, "cluster": cluster}).with_columns(
        setting=pl.lit(setting), score=pl.len().over("cluster").cast(pl.Float64)
    )
    return rows.filter(pl.col("score") > 1).select("setting", "account_id", "cluster", "score")
