"""Which item a text holds, from its shingles, in Numba: a filter, a finer one, then the items.

The filter is called by the one pass over the text, the rest by `index.py` with what passed. This
file calls no function of another, so that Numba's cache, which looks at the age of one file alone,
is never stale. Deliberately absent: text, and the interpreter's lock.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt

from stillwatch.domain.keyed import Int64Array

ENTRIES_MIN: Final = 5
"""Entries of an item that a prompt must hold: eight words in a row, or more."""
SHARE_MIN: Final = 0.75
"""Share of an item's entries that a prompt must hold. Both bounds are the least, of a grid, that
leave at most 0.01 % of one half of the benign prompts; docs/content/replay.md has the grid and the
other half's figures."""
_ONE, _HALF, _SIX = np.uint64(1), np.uint64(32), np.uint64(63)
_46, _52, _58 = np.uint64(46), np.uint64(52), np.uint64(58)
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_SHARE_PARTS: Final = 4
_SHARE_WANTED: Final = 3
"""SHARE_MIN as a fraction of whole numbers."""


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def list_candidates(shingles: Any, count: Any, bits: Any, out: Any) -> Any:  # noqa: ANN401  inside Numba
    """Write half the hash of each shingle whose bit a filter has; give their count.

    Cost: a look a shingle. The filter's last word is the shift to a shingle's word of bits.
    """
    shift, used = bits[len(bits) - 1], np.int64(0)
    if len(bits) == 1:
        return used
    for i in range(count):
        if used == len(out):
            break
        shingle = shingles[np.uint64(i)]
        out[np.uint64(used)] = shingle >> _HALF
        used += np.int64(bits[shingle >> shift] >> (shingle >> _HALF & _SIX) & _ONE)
    return used


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _sift(near: Any, start: int, end: int, fine: Any) -> Any:  # noqa: ANN401  inside Numba
    """Keep the candidates that the finer filter may hold too; give where they end."""
    size = np.uint64(len(fine))
    kept: Any = start
    for at in range(start, end):
        half = np.uint64(near[at])
        word, mixed = fine[(half * size) >> _HALF], half * _GOLDEN
        near[kept] = near[at]
        bits = (word >> (mixed >> _58)) & (word >> ((mixed >> _52) & _SIX))
        kept += np.int64(bits & (word >> ((mixed >> _46) & _SIX)) & _ONE)
    return kept


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def find_items(  # noqa: C901  Numba compiles one function faster than four
    near: npt.NDArray[np.uint32],
    stops: Int64Array,
    given: Any,  # noqa: ANN401  tuples of arrays inside Numba
    seen: Any,  # noqa: ANN401
    out: Any,  # noqa: ANN401
) -> None:
    """Count, per text, the entries of each item that its shingles hit; keep the best item.

    Grain:   one row per text; `near` has their shingles end to end, `stops` where each ends; what
             the finer filter rules out is overwritten.
    Order:   irrelevant within a text: each shingle counts once, and ties have a rule.
    Cost:    linear in `near`; each owner of a shingle is looked at once a text.
    """
    fine, shingles, buckets, first, owners, sizes = given
    met, counts = seen
    item, found = out
    size = np.uint64(len(buckets) - 1)
    for row in range(len(stops) - 1):
        end_of_row = _sift(near, stops[row], stops[row + 1], fine)
        if end_of_row - stops[row] < ENTRIES_MIN:
            continue
        for at in range(stops[row], end_of_row):
            wanted = near[at]
            bucket = (np.uint64(wanted) * size) >> _HALF
            place, end = buckets[bucket], buckets[bucket + 1]
            while place < end and shingles[place] < wanted:
                place += 1
            if place == end or shingles[place] != wanted or met[place] == row + 1:
                continue
            met[place] = row + 1
            for owner in range(first[place], first[place + 1]):
                one = owners[owner]
                counts[1, one] = 1 + (counts[1, one] if counts[0, one] == row + 1 else 0)
                counts[0, one] = row + 1
                count, whole = counts[1, one], sizes[one]
                if count < ENTRIES_MIN or count * _SHARE_PARTS < whole * _SHARE_WANTED:
                    continue
                best = item[row]
                if best >= 0 and best != one:
                    ours, theirs = count * sizes[best], found[row] * whole
                    tied = ours == theirs
                    if ours < theirs or (tied and count < found[row]):
                        continue
                    if tied and count == found[row] and one > best:
                        continue
                item[row], found[row] = one, count
