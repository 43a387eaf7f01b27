"""Which passages many accounts send: shingles that travel together are one template.

Third step of *observe*: reads sketches of `OBSERVED`, gives the map from shingle to template and
the templates of each exchange. A shingle held by five accounts is worth a look; two shingles whose
exchanges coincide by half are parts of one template. Spread is counted through Narwhals (Polars or
Spark); the clustering runs over distinct sets of frequent shingles, which are few.

Deliberately absent: a list of public templates (their users differ in all else: linking sees to
that), and paraphrase, which shares no shingle. Source: DESIGN.md, section 5.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from stillwatch.domain import limits

_TOGETHER = 0.5
"""Jaccard overlap of the exchanges of two shingles from which they are one template."""
_REACH = 3
"""Neighbours, in hash order, with which a shingle of an exchange is compared."""


def count_spread(exchanges: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Count exchanges per shingle, and keep those that can be held by enough accounts.

    Grain:   one row per shingle hash: `exchanges`, at least limits.TEMPLATE_ACCOUNTS_MIN of them.
    Cost:    one explode and one group-by over the sketches.
    """
    return (
        exchanges.select(nw.col("sketch").alias("hash"))
        .explode("hash")
        .filter(~nw.col("hash").is_null())
        .group_by("hash")
        .agg(nw.len().alias("exchanges"))
        .filter(nw.col("exchanges") >= limits.TEMPLATE_ACCOUNTS_MIN)
    )


def list_frequent(exchanges: nw.LazyFrame[Any], spread: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """List the frequent shingles of each exchange.

    Grain:   one row per (row, hash) with account_id, for the hashes of `spread`.
    """
    return (
        exchanges.select("row", "account_id", nw.col("sketch").alias("hash"))
        .explode("hash")
        .join(spread.select("hash"), on="hash", how="inner")
    )


def find_templates(frequent: pl.DataFrame) -> pl.DataFrame:
    """Group frequent shingles into templates.

    Grain:   one row per shingle: (hash, template). A template is named by its smallest hash.
    Order:   sorted by hash; input order is irrelevant.
    Cost:    linear in distinct sets of frequent shingles.
    """
    held = (
        frequent.group_by("hash")
        .agg(pl.col("account_id").n_unique().alias("accounts"))
        .filter(pl.col("accounts") >= limits.TEMPLATE_ACCOUNTS_MIN)
        .sort("hash")
        .with_row_index("index")
    )
    sets = (
        frequent.join(held.select("hash", "index"), on="hash")
        .sort("row", "index")
        .group_by("row")
        .agg(pl.col("index"))
        .group_by("index")
        .agg(pl.len().alias("exchanges"))
    )
    hashes = held["hash"].to_numpy()
    component = _join_shingles(sets, len(hashes))
    named = pl.DataFrame({"hash": hashes, "component": component})
    return named.with_columns(pl.col("hash").min().over("component").alias("template")).select(
        "hash", "template"
    )


def _join_shingles(sets: pl.DataFrame, shingles: int) -> np.ndarray:
    """Connected components of shingles whose exchanges overlap enough."""
    # Half a second to load, and not needed before the last exchange has been read.
    from scipy.sparse import coo_array  # noqa: PLC0415  see above
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415  see above

    offsets = np.concatenate([[0], np.cumsum(sets["index"].list.len().to_numpy())]).astype(int)
    flat = sets["index"].explode().to_numpy().astype(np.int64)
    weight = np.repeat(sets["exchanges"].to_numpy(), np.diff(offsets)).astype(np.float64)
    owner = np.repeat(np.arange(len(sets)), np.diff(offsets))
    support = np.bincount(flat, weight, minlength=shingles)
    left, right, both = [], [], []
    for step in range(1, _REACH + 1):
        same = owner[step:] == owner[:-step]
        left.append(flat[:-step][same])
        right.append(flat[step:][same])
        both.append(weight[:-step][same])
    a, b, n = np.concatenate(left), np.concatenate(right), np.concatenate(both)
    pair, inverse = np.unique(a * shingles + b, return_inverse=True)
    together = np.bincount(inverse, n)
    a, b = pair // max(shingles, 1), pair % max(shingles, 1)
    tied = together >= _TOGETHER * (support[a] + support[b] - together)
    graph = coo_array((np.ones(tied.sum()), (a[tied], b[tied])), shape=(shingles, shingles))
    _, component = connected_components(graph, directed=False)
    return np.asarray(component)
