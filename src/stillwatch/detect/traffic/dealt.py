"""Passages dealt out to accounts, a block of accounts at a time.

Part of the first step of *detect*, for `passages.py`: reads (exchange, passage), of which a run has
many times more rows than of anything else, and writes nothing. How many passages each exchange has
is counted once; then those of a block of accounts lie one after another, account by account, in a
room that limits.PASSAGE_BLOCK_ROWS bounds, whatever the run has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numba as nb
import numpy as np
import polars as pl

from stillwatch.detect.traffic.arrays import I32, I64, U32, deal_out
from stillwatch.domain import limits
from stillwatch.domain.arrays import read_only

_kernel: Final = nb.njit(nogil=True, cache=True, error_model="numpy", no_cfunc_wrapper=True)


class Places(NamedTuple):
    """Where the exchanges of a run stand, account after account, and their passages with them."""

    place: U32
    """N: of each exchange, by the run's number of it; those that nobody sent stand last."""
    begins: I64
    """A + 1: where the exchanges of each account begin, and where the last one's end."""
    starts: I64
    """N + 1: where the passages of the exchange at each place begin, if all lay in a row."""


class Block(NamedTuple):
    """The passages of some accounts."""

    first: int
    end: int
    """The accounts: from the first to the one before the end."""
    base: int
    """Where their passages begin, if all lay in a row."""
    passage: U32


def place_exchanges(carried: pl.DataFrame, account_of_row: I32, *, accounts: int) -> Places:
    """Place the exchanges of a run by account, and count the passages of each.

    Grain:   as `Places`. Order: by account and the run's number.
    Nulls:   rows of exchanges that the run doesn't have are not counted.
    Cost:    a look at all rows; twelve bytes an exchange, and as many more while it lasts.
    """
    numbers = np.arange(len(account_of_row), dtype=np.uint32)
    sender = np.where(account_of_row < 0, accounts, account_of_row).astype(np.uint32)
    sent = deal_out(sender, numbers, lists=accounts + 1)
    place = np.empty(len(numbers), np.uint32)
    place[sent.items] = numbers
    starts = np.zeros(len(numbers) + 1, np.int64)
    _count(read_only(carried["row"].to_numpy()), place, starts)
    return Places(place, sent.starts[:-1], np.cumsum(starts, out=starts))


def deal_passages(carried: pl.DataFrame, places: Places) -> Iterator[Block]:
    """Deal the passages of exchanges out to accounts, some accounts at a time, each whole.

    Grain:   one number per row of `carried` of a known sender, in one block. Order: by account and
             the run's number of the exchange; as given, in each.
    Cost:    a look at all rows for each block of limits.PASSAGE_BLOCK_ROWS, and four bytes each of
             them, in a room that the next block overwrites; an account with more is a block.
    """
    row, passage = (read_only(carried[name].to_numpy()) for name in ("row", "passage"))
    ends = places.starts[places.begins[1:]]
    parts = list(_part_accounts(ends))
    room = np.empty(max((ends[end - 1] - base for _, end, base in parts), default=0), np.uint32)
    for first, end, base in parts:
        span = int(places.begins[first]), int(places.begins[end])
        at = places.starts[span[0] : span[1]] - base
        _deal(row, passage, (places.place, *span), at, room)
        yield Block(first, end, base, room)


def _part_accounts(ends: I64) -> Iterator[tuple[int, int, int]]:
    """Part accounts into stretches that have as many rows as a block may, and say where each is."""
    first, base = 0, 0
    while first < len(ends):
        end = int(np.searchsorted(ends, base + limits.PASSAGE_BLOCK_ROWS, side="right"))
        end = max(end, first + 1)
        yield first, end, base
        first, base = end, int(ends[end - 1])


@_kernel
def _count(row: U32, place: U32, starts: I64) -> None:
    """Count the passages of each exchange, one place on. NumPy would make eight bytes a row."""
    for i in range(len(row)):
        if row[i] < len(place):
            starts[np.int64(place[row[i]]) + 1] += 1


@_kernel
def _deal(row: U32, passage: U32, span: tuple[U32, int, int], at: I64, room: U32) -> None:
    """Write the passages of the exchanges whose place is in the span, each where `at` says."""
    place, first, end = span
    for i in range(len(row)):
        if row[i] < len(place) and first <= place[row[i]] < end:
            k = np.int64(place[row[i]]) - first
            room[at[k]] = passage[i]
            at[k] += 1
