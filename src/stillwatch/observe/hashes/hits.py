"""Who holds the hashes of some requests, of those hashes that few hold.

Fourth of *hashes*: reads hashes of `OBSERVED`. What is looked for goes into a table, and each hash
of every exchange is looked up in it once; a hash that too many hold is let go as soon as it is.
On Polars exchanges come a batch at a time; elsewhere the engine joins. Deliberately absent: which
requests are watched, and what it means that they come again (`echoes.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import narwhals as nw
import numpy as np
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.arrays import read_only, start_runs, unpair
from stillwatch.observe.engines import collect_here, give_to_engine, split_batches
from stillwatch.observe.hashes.tables import I64, index_hashes, note_hits

_LISTS: Final = ("sketch", "gist")
"""Columns that have a list of hashes."""


def find_hits(
    exchanges: nw.LazyFrame[Any], watched: pl.DataFrame, *, columns: Sequence[str]
) -> tuple[I64, I64]:
    """Find who holds the rare hashes of watched requests.

    Grain:   a pair per hash, by a number, and exchange that holds it, sorted; and how many hold the
             hash: two, at most limits.ECHO_HOLDERS_MAX.
    Cost:    one pass over the hashes of all exchanges; elsewhere than on Polars a join.
    """
    held = map(collect_here, _list_hashes(nw.from_native(watched.lazy()), columns))
    hashes = np.sort(np.concatenate([one["hash"].to_numpy() for one in held]))
    hashes = hashes[start_runs(hashes)]
    if exchanges.implementation.is_polars():
        batches = split_batches(exchanges, "row", *columns)
        pieces = (piece for batch in batches for piece in _list_hashes(batch, columns))
    else:
        wanted = give_to_engine(pl.DataFrame({"hash": hashes}), exchanges)
        pieces = (
            one.join(wanted, on="hash", how="inner") for one in _list_hashes(exchanges, columns)
        )
    index, enough = index_hashes(hashes), limits.ECHO_HOLDERS_MAX + 1
    left = np.full(len(index.hashes), enough, np.uint8)
    hits = [np.zeros(0, np.int64)]
    for piece in map(collect_here, pieces):
        found = read_only(piece["row"].to_numpy()), read_only(piece["hash"].to_numpy())
        room = np.empty(len(piece) + 1, np.int64)
        hits.append(room[: note_hits(found, index, left, room)].copy())
    counts = enough - left.astype(np.int64)
    rare = (counts > 1) & (counts < enough)
    kept = np.sort(np.concatenate([pairs[rare[unpair(pairs)[0]]] for pairs in hits]))
    return kept, counts[unpair(kept)[0]]


def _list_hashes(
    exchanges: nw.LazyFrame[Any], columns: Sequence[str]
) -> Iterator[nw.LazyFrame[Any]]:
    """All hashes of exchanges, on the engine that they are on. Grain of each: row, hash."""
    row = nw.col("row").cast(nw.Int64)
    for name in columns:
        listed = exchanges.select(row, nw.col(name).alias("hash"))
        yield (listed.explode("hash") if name in _LISTS else listed).filter(
            ~nw.col("hash").is_null()
        )
