"""Who holds which passage, and how much of it: of all accounts in numbers, of tied ones in full.

Part of the first step of *detect*: reads (exchange, passage), of which a run has many times more
rows than of anything else. They are dealt out by exchange once, and then counted account by
account, in a room that has a place a passage: nothing is sorted but the passages of one exchange,
and the distinct ones of a tied account.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba as nb
import numpy as np
import polars as pl

from stillwatch.detect.traffic.arrays import F32, F64, I32, I64, U32, Bools, Lists, deal_out
from stillwatch.detect.traffic.population import Population
from stillwatch.domain.arrays import read_only, start_counts

_kernel: Final = nb.njit(nogil=True, cache=True, error_model="numpy", no_cfunc_wrapper=True)
_STEP: Final = 3
"""From one distance of Shell's sort to the next. Source: Knuth, vol. 3, 5.2.1."""


class Carried(NamedTuple):
    """The passages of exchanges that are held; R rows (exchange, passage)."""

    start: I64
    """Where the passages of each exchange begin, by its place, and where the last one's end."""
    passage: I32
    """R: ascending in each exchange."""
    begins: I64
    """Where the passages of each account begin, and where the last one's end."""


class Held(NamedTuple):
    """Shares of accounts' exchanges that carry a passage."""

    own_share: F32
    """Of each row of `Carried`: that of the exchange's account."""
    start: I64
    """Where the distinct passages of a tied account begin; of others there are none."""
    passage: I32
    """Ascending in each account …"""
    share: F32
    """… and in how much of its traffic each is."""
    holders: I64
    """Of each passage: accounts of the whole run that hold it …"""
    mass: F64
    """… and the sum of their shares."""


def compile_kernels() -> None:
    """Have the kernels ready before the first exchange comes: of one account, who sends nothing.

    Cost:    a second the first time on a machine, a hundredth where Numba's cache has them.
    """
    nothing = np.zeros(0, np.uint32)
    none = deal_out(nothing, nothing, lists=1)
    placed = place_passages(np.zeros(0, np.int64), np.zeros(2, np.int64), none)
    _count((none, none), placed, (np.zeros(1, np.int64), np.zeros(1, np.bool_)), passages=1)


def list_by_exchange(carried: pl.DataFrame, population: Population) -> Lists:
    """List the passages of each exchange of the run, by the run's number of it.

    Grain:   one entry per row of `carried`. Order: as given, in each exchange.
    Cost:    two looks at all rows; four bytes each, and eight an exchange.
    """
    row, passage = (carried[name].to_numpy() for name in ("row", "passage"))
    exchanges = max(len(population.account_of_row), int(row.max()) + 1 if len(row) else 0)
    return deal_out(row, passage, lists=exchanges)


def place_passages(rows: I64, account_start: I64, by_exchange: Lists) -> Carried:
    """Place passages by where exchanges stand.

    Grain:   one row per exchange that is held and passage of it. `rows` are the run's numbers of
             those exchanges, in the order in which they stand: account after account, each from
             its `account_start`.
    """
    starts = by_exchange.starts
    start = start_counts(starts[rows + 1] - starts[rows])
    passage = np.empty(start[-1], np.int32)
    _place(rows, by_exchange, start, passage)
    return Carried(start, passage, start[account_start])


def hold_passages(
    by_exchange: Lists,
    population: Population,
    *,
    placed: Carried,
    tied: Bools,
    passages: int,
) -> Held:
    """Find who holds what.

    Grain:   as `Held`. `tied` marks the accounts whose passages are listed; there are `passages` of
             them in all.
    Cost:    a look at all rows of (exchange, passage) and one at those that are held; eight bytes a
             passage and an exchange while it lasts.
    """
    accounts, nobody = len(tied), len(tied)
    sender = np.where(population.account_of_row < 0, nobody, population.account_of_row)
    numbers = np.arange(len(sender), dtype=np.uint32)
    sent = deal_out(sender.astype(np.uint32), numbers, lists=accounts + 1)
    del sender, numbers
    return _count((sent, by_exchange), placed, (population.sizes, tied), passages=passages)


def _count(
    run: tuple[Lists, Lists], placed: Carried, accounts: tuple[I64, Bools], *, passages: int
) -> Held:
    sizes, tied = accounts
    most = int(np.diff(placed.begins)[tied].sum())  # all that tied accounts send is held
    start, own_share = np.zeros(len(tied) + 1, np.int64), np.empty(len(placed.passage), np.float32)
    held, share = np.empty(most, np.int32), np.empty(most, np.float32)
    holders, mass = np.zeros(passages, np.int64), np.zeros(passages)
    _hold(
        run,
        (placed.begins, placed.passage, own_share),
        (read_only(sizes), tied),
        (np.zeros(passages, np.uint32), np.empty(passages, np.int32)),
        (start, held, share, holders, mass),
    )
    return Held(own_share, start, held[: start[-1]], share[: start[-1]], holders, mass)


@_kernel
def _place(rows: I64, by_exchange: Lists, start: I64, out: I32) -> None:
    """Write the passages of some exchanges, ascending in each: they are few."""
    for k in range(len(rows)):
        first = by_exchange.starts[rows[k]]
        for n in range(start[k + 1] - start[k]):
            passage, j = np.int32(by_exchange.items[first + n]), start[k] + n
            while j > start[k] and out[j - 1] > passage:
                out[j] = out[j - 1]
                j -= 1
            out[j] = passage


@nb.njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _sort(values: I32, n: int) -> None:
    """Sort the first values by Shell: NumPy's way takes Numba two seconds to compile."""
    gap = 1
    while gap < n:
        gap = _STEP * gap + 1
    while gap > 0:
        for i in range(gap, n):
            value, j = values[i], i
            while j >= gap and values[j - gap] > value:
                values[j] = values[j - gap]
                j -= gap
            values[j] = value
        gap //= _STEP


@_kernel
def _hold(
    run: tuple[Lists, Lists],
    own: tuple[I64, I32, F32],
    accounts: tuple[I64, Bools],
    room: tuple[U32, I32],
    told: tuple[I64, I32, F32, I64, F64],
) -> None:
    """Count what each account carries, and write who holds what, and how much of it.

    `run` has the exchanges of each account and the passages of each exchange, `own` the rows that
    are held, by account. `room` is clean before an account, and after it.
    """
    (sent, carried), (begins, passage, own_share), (sizes, tied) = run, own, accounts
    (count, met), (start, held, share, holders, mass) = room, told
    for a in range(len(sizes)):
        n = 0
        for k in range(sent.starts[a], sent.starts[a + 1]):
            e = sent.items[k]
            for r in range(carried.starts[e], carried.starts[e + 1]):
                p = carried.items[r]
                if count[p] == 0:
                    met[n] = p
                    n += 1
                count[p] += np.uint32(1)
        for r in range(begins[a], begins[a + 1]):
            own_share[r] = count[passage[r]] / sizes[a]
        if tied[a]:
            _sort(met, n)
        at = start[a]
        for k in range(n):
            p = met[k]
            much = np.float32(count[p] / sizes[a])
            holders[p] += 1
            mass[p] += much
            count[p] = 0
            if tied[a]:
                held[at], share[at] = p, much
                at += 1
        start[a + 1] = at
