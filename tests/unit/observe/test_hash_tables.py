"""Hashes are found in a table, and exchanges are paired in time, as plain loops would."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.domain.arrays import unpair
from stillwatch.observe.hashes.lists import pair_in_time
from stillwatch.observe.hashes.tables import (
    Table,
    count_cells,
    index_hashes,
    note_hits,
    number_frequent,
)


@pytest.mark.parametrize("spread", [20, 2**62], ids=["small numbers", "hashes"])
def test_what_is_in_the_index_is_noted_and_nothing_else(spread: int) -> None:
    """Whatever the hashes: each exchange that holds one of them, each hash under a number."""
    rng = np.random.default_rng(1)
    held = np.unique(rng.integers(-spread, spread, 300))
    values = np.concatenate([rng.choice(held, 500), rng.integers(-spread, spread, 500)])
    rows, index = np.arange(len(values), dtype=np.uint32), index_hashes(held)
    out = np.empty(len(values) + 1, np.int64)
    found = note_hits((rows, values), index, np.full(len(index.hashes), 255, np.uint8), out)
    place, row = unpair(out[:found])
    assert np.array_equal(row, np.flatnonzero(np.isin(values, held)))
    assert np.array_equal(index.hashes[place], values[row])


def test_a_hash_is_noted_as_often_as_is_left_of_it() -> None:
    """Three times, and then it is passed by."""
    index = index_hashes(np.array([7]))
    left = np.full(len(index.hashes), 3, np.uint8)
    out = np.empty(6, np.int64)
    assert note_hits((np.arange(5, dtype=np.uint32), np.full(5, 7)), index, left, out) == 3
    assert left.min() == 0


def test_pairs_are_of_one_list_and_the_second_comes_soon_after_a_watched_one() -> None:
    """Not before it, not at the same moment, not too late; counted where there is no room."""
    starts, rows = np.array([0, 4, 6]), np.array([0, 1, 2, 3, 0, 4])
    time, watched = np.array([10, 10, 15, 21, 12]), np.array([True, False, False, False, False])
    room = np.empty((2, 3), np.int64)
    assert pair_in_time(starts, rows, (time, watched), 10, room[:0]) == 2
    assert pair_in_time(starts, rows, (time, watched), 10, room) == 2
    assert room.tolist() == [[0, 0, 2], [1, 0, 4]]


@pytest.mark.parametrize("cells", [2**6, 2**16], ids=["crowded cells", "a cell each"])
def test_frequent_hashes_are_counted_and_numbered_however_the_table_grows(cells: int) -> None:
    """Whatever comes in between; those that share a cell with others are counted too."""
    rng = np.random.default_rng(2)
    hashes = rng.choice(rng.integers(-(2**62), 2**62, 400), 6_000)
    rows, counted = np.arange(len(hashes), dtype=np.uint32), np.zeros(cells, np.uint8)
    count_cells(hashes, counted)
    table, at, parts = Table.of(64), 0, []
    while at < len(hashes):
        out = np.empty(len(hashes) + 1, np.int64)
        at, n = number_frequent((rows, hashes), at, (counted, 12), table, out)
        parts.append(out[:n])
        table = table.grow() if at < len(hashes) else table
    row, number = unpair(np.concatenate(parts))
    found = table.places[table.places["count"] > 0]
    name = np.zeros(len(found), np.int64)
    name[found["number"]] = found["hash"]
    assert np.array_equal(name[number], hashes[row])
    known, count = np.unique(hashes, return_counts=True)
    often = dict(zip(found["hash"].tolist(), found["count"].tolist(), strict=True))
    assert {h: often[h] for h in known[count >= 12].tolist()} == dict(
        zip(known[count >= 12].tolist(), count[count >= 12].tolist(), strict=True)
    )
