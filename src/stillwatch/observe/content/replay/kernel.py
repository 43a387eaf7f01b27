"""Which item a text holds, from its shingles: two filters in Numba, then the items in NumPy.

The filters are called by the one pass over the text, a shingle at a time; one in a thousand passes
both. `index.py` has the rest looked up, a slice of texts at a time: that is little enough for
NumPy, which needs no compiling. Deliberately absent: text.
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

Halves = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int32]
Counts = npt.NDArray[np.signedinteger[Any]]


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def list_candidates(shingles: Any, count: Any, filters: Any, out: Any) -> Any:  # noqa: ANN401  inside Numba
    """Write half the hash of each shingle that both filters may hold; give their count.

    Cost:    a look a shingle, and another at the second filter for one in five. The first filter's
             last word is the shift to a shingle's word of bits.
    """
    bits, fine = filters
    shift, size = bits[len(bits) - 1], np.uint64(len(fine))
    used = kept = np.int64(0)
    if len(bits) == 1:
        return used
    for i in range(count):
        if used == len(out):
            break
        shingle = shingles[np.uint64(i)]
        half = shingle >> _HALF
        out[np.uint64(used)] = half
        used += np.int64(bits[shingle >> shift] >> (half & _SIX) & _ONE)
    for i in range(used):
        half = np.uint64(out[np.uint64(i)])
        word, mixed = fine[(half * size) >> _HALF], half * _GOLDEN
        out[np.uint64(kept)] = half
        both = (word >> (mixed >> _58)) & (word >> ((mixed >> _52) & _SIX))
        kept += np.int64(both & (word >> ((mixed >> _46) & _SIX)) & _ONE)
    return kept


def is_held(found: Counts, whole: Counts) -> npt.NDArray[np.bool_]:
    """Say of which forms, of `whole` entries each, a text holds enough.

    Grain:   one row per form. Cost: linear in them.
    """
    return np.asarray(
        (found >= ENTRIES_MIN) & (found * _SHARE_PARTS >= whole * _SHARE_WANTED), np.bool_
    )


def find_items(
    near: Halves, stops: Int64Array, given: tuple[Halves, Places, Places, Places], *, plain: int
) -> tuple[npt.NDArray[np.int64], Places, Places]:
    """Count, per text, the entries of each form that its shingles hit; give the best form.

    Grain:   one row per text that holds an item: its place, the item's form, and how many entries
             are there. `near` has the texts' shingles end to end, `stops` where each ends.
    Order:   by place; of two forms one of the first `plain`, so that what these tell is told as if
             there were no others; the one with the larger share, the more entries, the earlier.
    Cost:    linear in `near` and in the owners of what it hits.
    """
    shingles, first, owners, sizes = given
    counts = np.diff(stops)
    rows = np.repeat(np.arange(len(counts)), np.where(counts < ENTRIES_MIN, 0, counts))
    wanted = near[: stops[-1]][np.repeat(counts >= ENTRIES_MIN, counts)]
    place = np.minimum(np.searchsorted(shingles, wanted), len(shingles) - 1)
    hit = shingles[place] == wanted
    rows, place = np.divmod(np.unique(rows[hit] * len(shingles) + place[hit]), len(shingles))
    held = first[place + 1] - first[place]
    within = np.arange(held.sum()) - np.repeat(np.cumsum(held) - held, held)
    item = owners[np.repeat(first[place], held) + within]
    pairs, found = np.unique(np.repeat(rows, held) * len(sizes) + item, return_counts=True)
    rows, item = np.divmod(pairs, len(sizes))
    whole = sizes[item]
    enough = is_held(found, whole)
    rows, item, found, whole = rows[enough], item[enough], found[enough], whole[enough]
    order = np.lexsort((item, -found, -found / whole, item >= plain, rows))
    rows, best = np.unique(rows[order], return_index=True)
    return rows, item[order][best].astype(np.int32), found[order][best].astype(np.int32)
