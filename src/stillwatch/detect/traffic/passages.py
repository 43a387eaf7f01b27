"""Who holds which passage, and how much of it: of all accounts in numbers, of tied ones in full.

Part of the first step of *detect*: reads (exchange, passage), dealt out to accounts (`dealt`). Each
account's are counted in a room that has a place a passage: nothing is sorted but the passages of
one exchange, and the distinct ones of a tied account.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba as nb
import numpy as np
import polars as pl

from stillwatch.detect.traffic.arrays import F32, F64, I32, I64, U32, Bools
from stillwatch.detect.traffic.dealt import Places, deal_passages, place_exchanges
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
    nothing = np.zeros(0, np.int32)
    carried = pl.DataFrame(schema={"row": pl.UInt32, "passage": pl.UInt32})
    places = place_exchanges(carried, nothing, accounts=1)
    held = nothing.astype(np.int64), np.zeros(2, np.int64)
    _hold_passages(carried, places, held, (np.zeros(1, np.int64), np.zeros(1, np.bool_)), 1)


def hold_passages(
    carried: pl.DataFrame,
    population: Population,
    *,
    exchanges: tuple[I64, I64],
    tied: Bools,
    passages: int,
) -> tuple[Carried, Held]:
    """Find who holds what.

    Grain:   as `Carried` and `Held`. `exchanges` are the run's numbers of those that are held,
             account after account, and where each account's begin. `tied` marks the accounts whose
             passages are listed; there are `passages` of them in all.
    Order:   input order is irrelevant.
    Cost:    two looks at all rows of (exchange, passage), one more for each further block of them,
             and one at those that are held; limits.PASSAGE_BLOCK_ROWS and twelve bytes an exchange
             while it lasts.
    """
    places = place_exchanges(carried, population.account_of_row, accounts=len(tied))
    return _hold_passages(carried, places, exchanges, (population.sizes, tied), passages)


def _hold_passages(
    carried: pl.DataFrame,
    places: Places,
    exchanges: tuple[I64, I64],
    accounts: tuple[I64, Bools],
    passages: int,
) -> tuple[Carried, Held]:
    (rows, account_start), (sizes, tied) = exchanges, accounts
    place = places.place[rows]
    start = start_counts(places.starts[1:][place] - places.starts[place])
    placed = Carried(start, np.empty(start[-1], np.int32), start[account_start])
    most = int(np.diff(placed.begins)[tied].sum())  # all that tied accounts send is held
    held_start, own_share = np.zeros(len(tied) + 1, np.int64), np.empty(start[-1], np.float32)
    held, share = np.empty(most, np.int32), np.empty(most, np.float32)
    holders, mass = np.zeros(passages, np.int64), np.zeros(passages)
    room = np.zeros(passages, np.uint32), np.empty(passages, np.int32)
    told = held_start, held, share, holders, mass
    own, begins = (placed.begins, placed.passage, own_share), places.starts[places.begins]
    for first, end, base, dealt in deal_passages(carried, places):
        mine = slice(account_start[first], account_start[end])
        _place(places.starts[place[mine]] - base, dealt, start[mine.start :], placed.passage)
        block = first, dealt, begins[first : end + 1] - base
        _hold(block, own, (read_only(sizes), tied), room, told)
    kept = held_start[-1]
    return placed, Held(own_share, held_start, held[:kept], share[:kept], holders, mass)


@_kernel
def _place(at: I64, dealt: U32, start: I64, out: I32) -> None:
    """Write the passages of exchanges that are held, ascending in each: they are few."""
    for k in range(len(at)):
        for n in range(start[k + 1] - start[k]):
            passage, j = np.int32(dealt[at[k] + n]), start[k] + n
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
    block: tuple[int, U32, I64],
    own: tuple[I64, I32, F32],
    accounts: tuple[I64, Bools],
    room: tuple[U32, I32],
    told: tuple[I64, I32, F32, I64, F64],
) -> None:
    """Count what each account carries, and write who holds what, and how much of it.

    `block` has the first account of some, and where what each carries begins; `own` the rows that
    are held, by account. `room` is clean before an account, and after it.
    """
    (first, dealt, spans), (begins, passage, own_share), (sizes, tied) = block, own, accounts
    (count, met), (start, held, share, holders, mass) = room, told
    for a in range(first, first + len(spans) - 1):
        n = 0
        for r in range(spans[a - first], spans[a - first + 1]):
            p = dealt[r]
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
