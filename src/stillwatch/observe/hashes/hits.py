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
from stillwatch.domain.arrays import start_runs, unpair
from stillwatch.observe.engines import (
    Listed,
    collect_here,
    give_to_engine,
    list_hashes,
    read_hashes,
)
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
    hashes = np.sort(np.concatenate([list_hashes(watched, name).hashes for name in columns]))
    hashes = hashes[start_runs(hashes)]
    index, enough = index_hashes(hashes), limits.ECHO_HOLDERS_MAX + 1
    left = np.full(len(index.hashes), enough, np.uint8)
    hits = [np.zeros(0, np.int64)]
    for listed in _list_those_among(hashes, exchanges, columns):
        room = np.empty(len(listed.hashes) + 1, np.int64)
        hits.append(room[: note_hits(listed, index, left, room)].copy())
    counts = enough - left.astype(np.int64)
    rare = (counts > 1) & (counts < enough)
    kept = np.sort(np.concatenate([pairs[rare[unpair(pairs)[0]]] for pairs in hits]))
    return kept, counts[unpair(kept)[0]]


def _list_those_among(
    hashes: I64, exchanges: nw.LazyFrame[Any], columns: Sequence[str]
) -> Iterator[Listed]:
    """List what exchanges hold of some hashes; on Polars all that they hold, which is cheaper."""
    if exchanges.implementation.is_polars():
        yield from read_hashes(exchanges, *columns)
        return
    wanted = give_to_engine(pl.DataFrame({"hash": hashes}), exchanges)
    for name in columns:
        listed = exchanges.select("row", nw.col(name).alias("hash"))
        listed = listed.explode("hash") if name in _LISTS else listed
        yield list_hashes(collect_here(listed.join(wanted, on="hash", how="inner")), "hash")
