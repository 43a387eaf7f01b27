"""Loops over hashes and rows of exchanges that no engine runs: tables of hashes, and pairs in time.

Beside *observe*: reads arrays, writes arrays. A hash is looked up in a filter of bits, which fits
a processor's cache, and then in a table: a fifth of what a join costs that builds its own of all
exchanges. Deliberately absent: what the hashes are of.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
U64 = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
"""Scatters small numbers as well as hashes. Source: Knuth, vol. 3, 6.4."""
_BITS: Final = np.uint64(64)
_SIX, _63, _ONE, _LOW = np.uint64(6), np.uint64(63), np.uint64(1), np.uint64(32)
_NONE: Final = np.int64(-(2**63))
"""A place without a hash; one of 2**64 hashes is never found."""
_ROOM: Final = 2
"""Places a hash, at least."""
_FINE: Final = 8
"""Bits a place: of what isn't there 31 in 32 need no look at the table, or more."""


class Index(NamedTuple):
    """Hashes that are looked for: a filter, and a table of two places or more a hash."""

    bits: U64
    """One bit in so many is set; what has none there isn't in the table."""
    hashes: I64
    """Each in the first free place from its own on."""


def index_hashes(hashes: I64) -> Index:
    """Make the table in which hashes are looked up.

    Grain:   two to four places a hash, of nine bytes each.
    """
    places = 1 << max(_ROOM * len(hashes) - 1, 64).bit_length()
    index = Index(np.zeros(places * _FINE >> 6, np.uint64), np.full(places, _NONE, np.int64))
    _fill(hashes, index)
    return index


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _shift_of(room: Any) -> Any:  # noqa: ANN401  inside Numba
    """How far a scattered hash is shifted to be a place among so many, a power of two."""
    shift = _BITS
    while room > 1:
        room >>= 1
        shift -= _ONE
    return shift


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def _fill(hashes: I64, index: Index) -> None:
    last = len(index.hashes) - 1
    place, bit = _shift_of(len(index.hashes)), _shift_of(len(index.bits) << 6)
    for value in hashes:
        mixed = np.uint64(value) * _GOLDEN
        index.bits[(mixed >> bit) >> _SIX] |= _ONE << ((mixed >> bit) & _63)
        at = np.int64(mixed >> place)
        while index.hashes[at] != _NONE:
            at = (at + 1) & last
        index.hashes[at] = value


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def note_hits(found: tuple[I64, I64], index: Index, left: Bytes, out: I64) -> int:
    """Note which hashes of some exchanges are in an index.

    Grain:   an entry of `out` per hash that is: its place and the exchange's number, as a pair;
             gives how many.
    found:   the exchanges' numbers and the hashes, an entry each.
    left:    of each place of the index, how often its hash is still to be noted: of one that comes
             more often than that the rest is passed by.
    Cost:    a look at the filter per hash, and one at the table per hash that passes.
    """
    rows, values = found
    last, n, passed = len(index.hashes) - 1, 0, np.int64(0)
    place, bit = _shift_of(len(index.hashes)), _shift_of(len(index.bits) << 6)
    for i in range(len(values)):
        mixed = (np.uint64(values[i]) * _GOLDEN) >> bit
        out[passed] = i
        passed += np.int64((index.bits[mixed >> _SIX] >> (mixed & _63)) & _ONE)
    for k in range(passed):
        i = out[k]
        at = np.int64((np.uint64(values[i]) * _GOLDEN) >> place)
        while index.hashes[at] != values[i] and index.hashes[at] != _NONE:
            at = (at + 1) & last
        if left[at] != 0 and index.hashes[at] == values[i]:
            left[at] -= np.uint8(1)
            out[n] = (at << 32) | rows[i]
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
