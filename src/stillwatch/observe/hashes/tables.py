"""Loops over hashes: those that are looked for, and those that come often, in tables of places.

First of *hashes*: reads arrays, writes arrays. A hash is looked up in a filter of bits, or of
counts, which holds most that don't matter back, and then in a table: a fifth of what a join or a
group-by costs that builds its own of all exchanges. Deliberately absent: what the hashes are of.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
Records = npt.NDArray[np.void]
Bytes = npt.NDArray[np.uint8]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
"""Scatters small numbers as well as hashes. Source: Knuth, vol. 3, 6.4."""
_BITS: Final = np.uint64(64)
_SIX, _63, _ONE = np.uint64(6), np.uint64(63), np.uint64(1)
_NONE: Final = np.int64(1 - 2**63)
"""A place without a hash. Its lowest bit is set, and no hash of content has that."""
_ROOM: Final = 2
"""Places a hash, at least."""
_FULL: Final = np.uint8(255)
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
def note_hits(found: tuple[U32, I64], index: Index, left: Bytes, out: I64) -> int:
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
            out[n] = (at << 32) | np.int64(rows[i])
            n += 1
    return n


PLACE: Final = np.dtype(
    [("hash", np.int64), ("number", np.uint32), ("count", np.uint32)], align=True
)
"""A hash, the how-manieth it is, and how often it has come."""


class Table(NamedTuple):
    """Hashes that are numbered as they come, each in the first free place from its own on."""

    places: Records
    """PLACE."""
    used: I64
    """How many there are: one entry."""

    @classmethod
    def of(cls, places: int) -> Table:
        """Make an empty one of so many places, a power of two."""
        empty = np.zeros(places, PLACE)
        empty["hash"] = _NONE
        return cls(empty, np.zeros(1, np.int64))

    def grow(self) -> Table:
        """Give one of twice as many places, with the same hashes."""
        larger = Table.of(2 * len(self.places))
        _move(self.places, larger.places)
        larger.used[0] = self.used[0]
        return larger


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def _move(old: Records, new: Records) -> None:
    shift, last = _shift_of(len(new)), len(new) - 1
    for one in old:
        if one.hash != _NONE:
            at = np.int64((np.uint64(one.hash) * _GOLDEN) >> shift)
            while new[at].hash != _NONE:
                at = (at + 1) & last
            new[at] = one


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def count_cells(hashes: I64, cells: Bytes) -> None:
    """Count hashes in cells, of which each is some hashes' own: never too low.

    Grain:   a cell has what its hashes have together, 255 at most.
    """
    cell = _shift_of(len(cells))
    for value in hashes:
        at = (np.uint64(value) * _GOLDEN) >> cell
        cells[at] += cells[at] != _FULL


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def number_frequent(
    found: tuple[U32, I64], at: int, heavy: tuple[Bytes, int], table: Table, out: I64
) -> tuple[int, int]:
    """Number and count the hashes whose cells are heavy enough.

    Grain:   an entry of `out` per such hash: the exchange's number and the hash's, as a pair.
    found:   the exchanges' numbers and the hashes, an entry each, looked at from `at` on.
    Gives where it stopped, which is before the end where the table is half full, and the entries.
    """
    (rows, values), (cells, least), places = found, heavy, table.places
    cell, shift, last = _shift_of(len(cells)), _shift_of(len(places)), len(places) - 1
    n, passed = 0, np.int64(0)
    for i in range(at, len(values)):
        out[passed] = i
        passed += np.int64(cells[(np.uint64(values[i]) * _GOLDEN) >> cell] >= least)
    for k in range(passed):
        i = out[k]
        p = np.int64((np.uint64(values[i]) * _GOLDEN) >> shift)
        while places[p].hash != values[i] and places[p].hash != _NONE:
            p = (p + 1) & last
        if places[p].hash == _NONE:
            if _ROOM * table.used[0] >= last:
                return i, n
            places[p].hash, places[p].number = values[i], table.used[0]
            table.used[0] += 1
        places[p].count += np.uint32(1)
        out[n] = (np.int64(rows[i]) << 32) | np.int64(places[p].number)
        n += 1
    return len(values), n
