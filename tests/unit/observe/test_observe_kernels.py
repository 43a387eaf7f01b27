"""Hashes are found in a table, and exchanges are paired in time, as plain loops would."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.domain.arrays import unpair
from stillwatch.observe.kernels import index_hashes, note_hits, pair_in_time


@pytest.mark.parametrize("spread", [20, 2**62], ids=["small numbers", "hashes"])
def test_what_is_in_the_index_is_noted_and_nothing_else(spread: int) -> None:
    """Whatever the hashes: each exchange that holds one of them, each hash under a number."""
    rng = np.random.default_rng(1)
    held = np.unique(rng.integers(-spread, spread, 300))
    values = np.concatenate([rng.choice(held, 500), rng.integers(-spread, spread, 500)])
    rows, index = np.arange(len(values)), index_hashes(held)
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
    assert note_hits((np.arange(5), np.full(5, 7)), index, left, out) == 3
    assert left.min() == 0


def test_pairs_are_of_one_list_and_the_second_comes_soon_after_a_watched_one() -> None:
    """Not before it, not at the same moment, not too late; counted where there is no room."""
    starts, rows = np.array([0, 4, 6]), np.array([0, 1, 2, 3, 0, 4])
    time, watched = np.array([10, 10, 15, 21, 12]), np.array([True, False, False, False, False])
    room = np.empty((2, 3), np.int64)
    assert pair_in_time(starts, rows, (time, watched), 10, room[:0]) == 2
    assert pair_in_time(starts, rows, (time, watched), 10, room) == 2
    assert room.tolist() == [[0, 0, 2], [1, 0, 4]]
