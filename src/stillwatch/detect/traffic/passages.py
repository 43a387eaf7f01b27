"""Who holds which passage, and how much of it: of all accounts in numbers, of tied ones in full.

Part of the first step of *detect*: reads (exchange, passage), of which a run has many times more
rows than of anything else, a block of accounts at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from stillwatch.detect.traffic.arrays import F32, F64, I32, I64, Bools
from stillwatch.detect.traffic.population import Population
from stillwatch.domain import limits

_LOW: Final = 32
"""Bits of a passage's number, below that of an exchange or an account."""
_PASSAGE: Final = 2**_LOW - 1


class Carried(NamedTuple):
    """The passages of exchanges that are held, sorted by both; rows (exchange, passage)."""

    at: I32
    """Where the exchange stands."""
    passage: I32
    account: I32
    """Who sent it: rising."""


class Held(NamedTuple):
    """Shares of accounts' exchanges that carry a passage."""

    own_share: F32
    """Of each row of `Carried`: that of the exchange's account."""
    account: I32
    """Distinct passages of tied accounts, sorted by both: who …"""
    passage: I32
    """… holds which …"""
    share: F32
    """… in how much of its traffic."""
    holders: I64
    """Of each passage: accounts of the whole run that hold it …"""
    mass: F64
    """… and the sum of their shares."""


def place_passages(rows: I64, account: I32, carried: pl.DataFrame) -> Carried:
    """Place the rows of (exchange, passage) by where exchanges stand.

    Grain:   one row per exchange that is held and passage of it. `rows` are the run's numbers of
             those exchanges, in the order in which they stand, `account` the codes of senders.
    """
    place = np.full(int(rows.max()) + 1 if len(rows) else 1, -1, np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    row, passage = carried["row"].to_numpy(), carried["passage"].to_numpy()
    keys = [np.zeros(0, np.int64)]
    for block in _part_rows(len(carried)):
        known = row[block] < len(place)
        at = place[row[block][known]]
        held = at >= 0
        keys.append((at[held].astype(np.int64) << _LOW) | passage[block][known][held])
    key = np.concatenate(keys)
    del keys
    key.sort()
    at = (key >> _LOW).astype(np.int32)
    return Carried(at, (key & _PASSAGE).astype(np.int32), account[at])


def hold_passages(
    carried: pl.DataFrame,
    population: Population,
    *,
    placed: Carried,
    tied: Bools,
    passages: int,
) -> Held:
    """Find who holds what.

    Grain:   as `Held`. `tied` marks the accounts whose passages are listed; there are `passages` of
             them in all.
    Cost:    one sort of the rows of `carried` in blocks of limits.PASSAGE_BLOCK_ROWS, and a look at
             all of them for each; four bytes a row for good, some thirty a row of a block.
    """
    sender = population.find_senders(carried["row"].to_numpy())
    passage = carried["passage"].to_numpy()
    holders, mass = np.zeros(passages, np.int64), np.zeros(passages)
    own = (placed.account.astype(np.int64) << _LOW) | placed.passage
    own_share = np.zeros(len(own), np.float32)
    listed = [(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32))]
    for first, end in _part_accounts(sender, len(population.accounts)):
        inside = (sender >= first) & (sender < end)
        key = (sender[inside].astype(np.int64) << _LOW) | passage[inside]
        key.sort()
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        times = np.diff(starts, append=len(key))
        key = key[starts]
        holder = (key >> _LOW).astype(np.int32)
        share = (times / population.sizes[holder]).astype(np.float32)
        held = (key & _PASSAGE).astype(np.int32)
        holders += np.bincount(held, minlength=passages)
        mass += np.bincount(held, share, minlength=passages)
        mine = slice(*np.searchsorted(placed.account, (first, end)))
        own_share[mine] = share[np.searchsorted(key, own[mine])]
        kept = tied[holder]
        listed.append((holder[kept], held[kept], share[kept]))
    who, which, much = (np.concatenate(column) for column in zip(*listed, strict=True))
    return Held(own_share, who, which, much, holders, mass)


def _part_rows(rows: int) -> Iterator[slice]:
    """Part rows into blocks."""
    for at in range(0, rows, limits.PASSAGE_BLOCK_ROWS):
        yield slice(at, at + limits.PASSAGE_BLOCK_ROWS)


def _part_accounts(sender: I32, accounts: int) -> Iterator[tuple[int, int]]:
    """Part accounts into stretches of codes that carry about as many rows as a block has."""
    rows = np.zeros(accounts, np.int64)
    for block in _part_rows(len(sender)):  # of all at once NumPy would make eight bytes a row
        rows += np.bincount(sender[block][sender[block] >= 0], minlength=accounts)
    ends = np.cumsum(rows)
    first = 0
    while first < accounts:
        before = int(ends[first - 1]) if first else 0
        end = int(np.searchsorted(ends, before + limits.PASSAGE_BLOCK_ROWS, side="right"))
        end = max(end, first + 1)
        yield first, end
        first = end
