"""Which passages many accounts send: shingles that travel together are one template.

Third step of *observe*: reads which exchanges carry which frequent shingle (`hashes/shingles.py`),
gives the map from shingle to template. A shingle held by five accounts is worth a look; two
shingles whose exchanges coincide by half are parts of one template. The clustering runs over sorted
pairs of an exchange and a shingle, of eight bytes each, a block at a time.

Deliberately absent: a list of public templates (their users differ in all else: linking sees to
that), and paraphrase, which shares no shingle. Source: DESIGN.md, section 5.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.arrays import pair, start_runs, unpair
from stillwatch.observe.hashes.lists import I32, I64, U32, count_holders, list_neighbours

_TOGETHER = 0.5
"""Jaccard overlap of the exchanges of two shingles from which they are one template."""
_REACH = 3
"""Neighbours, in hash order, with which a shingle of an exchange is compared."""
_BLOCK: Final = 2**24
"""Pairs whose neighbours are sorted at a time: 400 MB of numbers at most."""


def find_templates(frequent: pl.DataFrame) -> pl.DataFrame:
    """Group frequent shingles into templates.

    Grain:   one row per shingle: (shingle, template). A template is named by its smallest shingle.
    Order:   sorted by shingle; input order is irrelevant.
    Cost:    a sort of the rows, of eight bytes each, and what `join_shingles` costs.
    `frequent` is (row, account, shingle), each by a number below 2**31.
    """
    row, account = frequent["row"].to_numpy(), frequent["account"].to_numpy()
    accounts = np.zeros(int(row.max()) + 1 if len(row) else 1, np.uint32)
    accounts[row] = account
    shingle = frequent["shingle"].to_numpy()
    shingles = int(shingle.max()) + 1 if len(shingle) else 0
    return join_shingles(np.sort(pair(row, shingle)), accounts, shingles=shingles)


def join_shingles(places: I64, account: U32, *, shingles: int) -> pl.DataFrame:
    """Do the same of sorted pairs of an exchange and a shingle.

    Grain:   one row per shingle: (shingle, template). Order: sorted by shingle.
    Cost:    two looks at the pairs, and a sort of neighbouring shingles that may be one template.
    `account` is the account of each exchange, by a number; `shingles` how many there are.
    """
    support = np.zeros(shingles, np.int64)
    seen = np.zeros((shingles, limits.TEMPLATE_ACCOUNTS_MIN + 1), np.uint32)
    count_holders(places, account, support, seen)
    widely = np.flatnonzero(seen[:, 0] >= limits.TEMPLATE_ACCOUNTS_MIN)
    index = np.full(shingles, -1, np.int32)
    index[widely] = np.arange(len(widely))
    component = _connect(*_count_pairs(places, index, support), support[widely])
    named = pl.DataFrame({"shingle": widely.astype(np.uint32), "component": component})
    return named.with_columns(pl.col("shingle").min().over("component").alias("template")).select(
        "shingle", "template"
    )


def _count_pairs(places: I64, index: I32, support: I64) -> tuple[I64, I64]:
    """Count the exchanges that carry two shingles near each other, a block of exchanges at a time.

    Grain:   an entry per pair that may be of one template, sorted; and its exchanges. Two shingles
             coincide by less than a half, where one is in less than half as many as the other.
    """
    room = np.empty(_REACH * min(len(places), _BLOCK), np.int64)
    pairs, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for start in range(0, len(places), _BLOCK):
        block = start, min(start + _BLOCK, len(places))
        near = room[: list_neighbours(places, block, (index, support), _REACH, room)]
        near.sort()
        begins = start_runs(near)
        pairs.append(near[begins])
        counts.append(np.diff(begins, append=len(near)))
    every, together = np.concatenate(pairs), np.concatenate(counts)
    order = np.argsort(every, kind="stable")  # quick where sorted runs meet
    begins = start_runs(every[order])
    return every[order][begins], np.add.reduceat(together[order], begins)


def _connect(pairs: I64, together: I64, support: I64) -> I32:
    """Connected components of shingles whose exchanges overlap enough."""
    # Half a second to load, and not needed before the last exchange has been read.
    from scipy.sparse import coo_array  # noqa: PLC0415  see above
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415  see above

    a, b = unpair(pairs)
    tied = together >= _TOGETHER * (support[a] + support[b] - together)
    shape = len(support), len(support)
    graph = coo_array((np.ones(tied.sum()), (a[tied], b[tied])), shape=shape)
    _, component = connected_components(graph, directed=False)
    return np.asarray(component)
