"""Loops over lists of exchanges: who holds a shingle, which two are near, what comes soon after.

Second of *hashes*: reads arrays, writes arrays. Lists lie one after another; a pair of numbers is
one of 64 bits (`domain/arrays.py`), and pairs are sorted. Deliberately absent: what is made of it.
"""

from __future__ import annotations

from typing import Final

import numba as nb
import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
U32 = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]

_LOWER: Final = 2**32 - 1
"""The second number of a pair."""
NAMELESS: Final = 2**32 - 1
"""The name of a shingle that is in no template."""
DISORDER: Final = -1
"""Exchanges don't ascend."""
_NAMELESS: Final = np.uint32(NAMELESS)


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def count_holders(places: I64, account: U32, support: I64, seen: U32) -> None:
    """Count, per shingle, exchanges, and different accounts up to a bound.

    Grain:   an entry of `support`, and a row of `seen`, per shingle.
    places:  pairs of an exchange and a shingle. `account` is by exchange.
    support: of each shingle its exchanges.
    seen:    of each shingle how many accounts, and then those accounts, while there is room.
    """
    for one in places:
        mine, own = seen[one & _LOWER], account[one >> 32]
        support[one & _LOWER] += 1
        n = mine[0]
        if n == len(mine) - 1:
            continue
        known = False
        for k in range(1, n + 1):
            known |= mine[k] == own
        if not known:
            mine[0], mine[n + 1] = n + 1, own


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def list_neighbours(
    places: I64, block: tuple[int, int], told: tuple[I32, I64], reach: int, out: I64
) -> int:
    """List pairs of shingles that stand near each other in an exchange and are about as frequent.

    Grain:   an entry of `out` per pair and exchange: the two indices, as a pair; gives how many.
    places:  sorted pairs of an exchange and a shingle; the first shingle of a pair is in `block`.
    told:    of each shingle its index, below 0 where it doesn't count, and its exchanges: one of
             two is in no more than twice as many as the other.
    reach:   how many neighbours on each is paired with.
    """
    index, support = told
    n = 0
    for i in range(block[0], block[1]):
        a = places[i] & _LOWER
        if index[a] < 0:
            continue
        left, j = reach, i + 1
        while left > 0 and j < len(places) and places[j] >> 32 == places[i] >> 32:
            b = places[j] & _LOWER
            if index[b] >= 0:
                left -= 1
                low, high = min(support[a], support[b]), max(support[a], support[b])
                if 2 * low >= high:
                    out[n] = (np.int64(index[a]) << 32) | index[b]
                    n += 1
            j += 1
    return n


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def rename_shingles(places: I64, names: U32, rows: U32, named: U32) -> int:
    """Say which exchange carries what, by other names.

    Grain:   an entry of `rows` and of `named` per pair of an exchange and a shingle that has a
             name, which is any number but the last there is; gives how many.
    Order:   as given.
    """
    n = 0
    for one in places:
        name = names[one & _LOWER]
        if name != _NAMELESS:
            rows[n], named[n] = one >> 32, name
            n += 1
    return n


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def hold_once(carried: tuple[U32, U32], code: I32, account: U32, out: I64) -> int:
    """Say what the account of each exchange holds, each thing once an exchange.

    Grain:   an entry of `out`, a pair of an account and a thing, per exchange and thing; gives how
             many, or DISORDER.
    Order:   as given; exchanges ascend, among those that carry anything that counts.
    carried: exchanges and what they carry, an entry each. `code` is the thing that something
             carried stands for, below 0 where it doesn't count; `account` is by exchange.
    """
    rows, things = carried
    n = begin = row = 0
    for i in range(len(rows)):
        thing = code[things[i]]
        if thing < 0:
            continue
        if rows[i] < row:
            return DISORDER
        if rows[i] > row:
            begin, row = n, rows[i]
        one = (np.int64(account[row]) << 32) | np.int64(thing)
        known = False
        for k in range(begin, n):
            known |= out[k] == one
        if not known:
            out[n] = one
            n += 1
    return n


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def pair_in_time(starts: I64, rows: I64, times: tuple[I64, Bools], lag_max: int, pairs: I64) -> int:
    """Pair watched exchanges with those that come soon after them in the same list.

    Grain:   a row of `pairs` per list and pair: the list, the first exchange, the second; gives
             how many there are, also where there is no room for them.
    starts:  where each list begins among `rows`, and where the last ends.
    times:   of each exchange, by its number, the time, and whether it is watched.
    Cost:    the square of each list, which is short.
    """
    time, watched = times
    n = 0
    for one in range(len(starts) - 1):
        for i in range(starts[one], starts[one + 1]):
            if not watched[rows[i]]:
                continue
            for j in range(starts[one], starts[one + 1]):
                if 0 < time[rows[j]] - time[rows[i]] <= lag_max:
                    if n < len(pairs):
                        pairs[n, 0], pairs[n, 1], pairs[n, 2] = one, rows[i], rows[j]
                    n += 1
    return n
