"""Which passages many accounts send: shingles that travel together are one template.

Third step of *observe*: reads sketches of `OBSERVED`, gives the map from shingle to template and
the templates of each exchange. A shingle held by five accounts is worth a look; two shingles whose
exchanges coincide by half are parts of one template. Spread is counted through Narwhals (Polars or
Spark); the clustering runs over distinct sets of frequent shingles, which are few.

Deliberately absent: a list of public templates (their users differ in all else: linking sees to
that), and paraphrase, which shares no shingle. Source: DESIGN.md, section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.domain import limits

_TOGETHER = 0.5
"""Jaccard overlap of the exchanges of two shingles from which they are one template."""
_REACH = 3
"""Neighbours, in hash order, with which a shingle of an exchange is compared."""
_LOW: Final = np.uint64(32)
"""Bits of the second number of a pair."""
_SHINGLE: Final = np.uint64(2**32 - 1)

I32 = npt.NDArray[np.int32]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
F64 = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.integer]


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


def list_frequent(
    exchanges: nw.LazyFrame[Any],
    spread: nw.LazyFrame[Any],
    *,
    columns: Sequence[str] = ("row", "account_id", "hash"),
) -> nw.LazyFrame[Any]:
    """List the frequent shingles of each exchange.

    Grain:   one row per (row, hash), for the hashes of `spread`; `columns` are those of the
             exchanges and of `spread` to keep.
    """
    own = [name for name in columns if name in {"row", "account_id"}]
    return (
        exchanges.select(*own, nw.col("sketch").alias("hash"))
        .explode("hash")
        .join(spread, on="hash", how="inner")
        .select(*columns)
    )


def find_templates(frequent: pl.DataFrame) -> pl.DataFrame:
    """Group frequent shingles into templates.

    Grain:   one row per shingle: (shingle, template). A template is named by its smallest shingle.
    Order:   sorted by shingle; input order is irrelevant.
    Cost:    two sorts of the rows, of eight bytes each; linear in distinct sets of shingles.
    `frequent` is (row, account, shingle), each by a number below 2**32.
    """
    row, account, shingle = (frequent[name].to_numpy() for name in ("row", "account", "shingle"))
    held = _pair(shingle, account)
    holders = np.bincount((held[_is_fresh(held)] >> _LOW).astype(np.int64))
    widely = np.flatnonzero(holders >= limits.TEMPLATE_ACCOUNTS_MIN)
    index = np.full(len(holders), -1, np.int32)
    index[widely] = np.arange(len(widely))
    del held
    at = index[shingle]
    component = _join_shingles(_take_sets(_pair(row[at >= 0], at[at >= 0])), len(widely))
    named = pl.DataFrame({"shingle": widely.astype(np.uint32), "component": component})
    return named.with_columns(pl.col("shingle").min().over("component").alias("template")).select(
        "shingle", "template"
    )


def _pair(high: Numbers, low: Numbers) -> U64:
    """Put two numbers in one of 64 bits, sorted."""
    pairs = (high.astype(np.uint64) << _LOW) | low.astype(np.uint64)
    pairs.sort()
    return np.asarray(pairs)


def _is_fresh(ordered: U64) -> npt.NDArray[np.bool_]:
    """Say of each sorted number whether it is the first of its kind."""
    fresh = np.ones(len(ordered), np.bool_)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return fresh


class _Sets(NamedTuple):
    """Distinct sets of shingles, one after another."""

    flat: I32
    """The shingles of each set, ascending, by their index."""
    owner: I32
    """Of each entry of `flat`: its set."""
    weight: U32
    """Of each entry of `flat`: the exchanges that carry its set."""


def _take_sets(places: U64) -> _Sets:
    """Take the distinct sets of shingles that exchanges carry, each with how many carry it.

    `places` are pairs of an exchange and a shingle, sorted. Sets are told apart by a sum of 64
    bits, of scattered shingles: of a million different sets, two are taken for one in one run of
    thirty million.
    """
    index = (places & _SHINGLE).astype(np.int32)
    if not len(index):
        return _Sets(index, index, index.astype(np.uint32))
    starts = np.flatnonzero(_is_fresh(places >> _LOW))
    signature = np.add.reduceat(_scatter(index), starts)
    _, first, carriers = np.unique(signature, return_index=True, return_counts=True)
    sizes = np.diff(starts, append=len(index))[first]
    owner = np.repeat(np.arange(len(first), dtype=np.int32), sizes)
    within = np.arange(len(owner)) - (np.cumsum(sizes) - sizes)[owner]
    return _Sets(index[starts[first][owner] + within], owner, carriers.astype(np.uint32)[owner])


def _scatter(index: I32) -> U64:
    """Spread small numbers over 64 bits. Source: Steele, Lea and Flood 2014 (SplitMix64)."""
    x = (index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _join_shingles(sets: _Sets, shingles: int) -> np.ndarray:
    """Connected components of shingles whose exchanges overlap enough."""
    # Half a second to load, and not needed before the last exchange has been read.
    from scipy.sparse import coo_array  # noqa: PLC0415  see above
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415  see above

    support = np.bincount(sets.flat, sets.weight, minlength=shingles).astype(np.float64)
    near = [_count_pairs(sets, support, apart=step) for step in range(1, _REACH + 1)]
    pairs = pl.concat(near).group_by("a", "b").agg(pl.col("together").sum()).sort("a", "b")
    a, b, together = (pairs[name].to_numpy() for name in pairs.columns)
    tied = together >= _TOGETHER * (support[a] + support[b] - together)
    graph = coo_array((np.ones(tied.sum()), (a[tied], b[tied])), shape=(shingles, shingles))
    _, component = connected_components(graph, directed=False)
    return np.asarray(component)


def _count_pairs(sets: _Sets, support: F64, *, apart: int) -> pl.DataFrame:
    """Count the exchanges that carry two shingles so many places apart.

    Grain:   one row per pair that may be of one template: a, b, together. Two shingles coincide by
             less than a half, where one is in less than half as many exchanges as the other.
    """
    flat, owner, weight = sets
    left, right = support[flat[:-apart]], support[flat[apart:]]
    near = np.minimum(left, right) >= _TOGETHER * np.maximum(left, right)
    near &= owner[apart:] == owner[:-apart]
    both = {"a": flat[:-apart][near], "b": flat[apart:][near], "together": weight[:-apart][near]}
    return pl.DataFrame(both).group_by("a", "b").agg(pl.col("together").cast(pl.Int64).sum())
