"""The shingles that many exchanges carry, and who carries them.

Third of *hashes*: reads sketches of `OBSERVED`. Of a run's shingles one in twenty-five is carried
by five exchanges, and all the others need no name: on Polars a first pass counts in cells, many
shingles to a cell, and a second looks only at those whose cells are heavy. Elsewhere the engine
counts, and is joined with. Deliberately absent: what shingles have in common (`templates.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import narwhals as nw
import numpy as np
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.arrays import pair
from stillwatch.observe.engines import collect_here, give_to_engine, read_hashes
from stillwatch.observe.hashes.tables import I64, Table, count_cells, number_frequent

_LEAST: Final = limits.TEMPLATE_ACCOUNTS_MIN
_PLACES: Final = 2**16
"""Places of a table to begin with."""
_LOW: Final = 2**32 - 1
"""The second number of a pair."""


class Shingles(NamedTuple):
    """Frequent shingles, and which exchanges carry them."""

    hashes: I64
    """Ascending; a shingle's number is its place here."""
    places: I64
    """Pairs of an exchange, by the run's number of it, and a shingle it carries, sorted."""


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


def list_shingles(exchanges: nw.LazyFrame[Any]) -> Shingles:
    """List the shingles that can be part of a template, and which exchanges carry them.

    Nulls:   an exchange without a sketch carries none. Order: that of exchanges is irrelevant.
    Cost:    on Polars two passes over the sketches, a batch at a time, and limits.SHINGLE_CELLS
             bytes; elsewhere what `count_spread` and `list_frequent` cost there.
    """
    if exchanges.implementation.is_polars():
        found = _number_shingles(exchanges)
    else:
        spread = collect_here(count_spread(exchanges)).sort("hash").with_row_index("shingle")
        numbered = spread.select(
            "hash", pl.col("shingle").cast(pl.Int32)
        )  # Spark knows signed ones
        given, kept = give_to_engine(numbered, exchanges), ("row", "shingle")
        listed = collect_here(list_frequent(exchanges, given, columns=kept))
        places = pair(listed["row"].to_numpy(), listed["shingle"].to_numpy())
        found = Shingles(spread["hash"].to_numpy(), places)
    if np.any(found.places[1:] < found.places[:-1]):
        found.places.sort()
    return found


def _number_shingles(exchanges: nw.LazyFrame[Any]) -> Shingles:
    """Count shingles roughly, never too low; then count, and list, those that may be frequent."""
    cells = np.zeros(limits.SHINGLE_CELLS, np.uint8)
    for listed in read_hashes(exchanges, "sketch"):
        count_cells(listed.hashes, cells)
    table, parts = Table.of(_PLACES), []
    for listed in read_hashes(exchanges, "sketch"):
        room, at, n = np.empty(len(listed.hashes) + 1, np.int64), 0, 0
        while at < len(listed.hashes):
            at, more = number_frequent(listed, at, (cells, _LEAST), table, room[n:])
            table, n = table.grow() if at < len(listed.hashes) else table, n + more
        parts.append(room[:n].copy())
    del cells
    often = table.places[table.places["count"] >= _LEAST]
    often = often[np.argsort(often["hash"])]
    number = np.full(int(table.used[0]), -1, np.int64)
    number[often["number"]] = np.arange(len(often))
    places, end = np.empty(int(often["count"].sum()), np.int64), 0
    while parts:
        part = parts.pop(0)
        named = number[part & _LOW]
        kept = named >= 0
        span = slice(end, end + int(kept.sum()))
        places[span] = (part[kept] & ~_LOW) | named[kept]
        end = span.stop
    return Shingles(often["hash"].copy(), places)
