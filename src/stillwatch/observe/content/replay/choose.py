"""Which shingles of an item the index keeps, in each form in which the item may stand in a prompt.

`build.py` gives the shingles of every text as it is, inside a JSON string and inside one of ASCII
alone. An escaped new line glues two words together (`foo` after it reads `nfoo`), an escaped letter
is several words. The one idea: what an item's chosen shingles don't tell inside a JSON string is
told by a second choice, made of the text as it stands there by the same rule, and by a third.

Deliberately absent: texts; strings that are escaped twice, which read as those escaped once.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from stillwatch.observe.content.replay.kernel import ENTRIES_MIN, is_held
from stillwatch.observe.content.replay.source import ENTRIES_MAX, NO_ESCAPED, Escaped, Halves

HOLDERS_MAX: Final = 1_024
"""Items of a set that may share a shingle for it to be one of theirs. Below the size of a usual
set, above that of its strictest families (250 items of one task made of a dozen words), which have
nothing rarer; it bounds what one shingle of a prompt can cost."""
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
"""Orders shingles that are equally rare: anywhere in the item, the same ones every time."""
_HALF: Final = np.uint64(32)
_NONE: Final = np.zeros(0, np.uint32)

Pairs = tuple[npt.NDArray[np.int64], Halves]
Packed = npt.NDArray[np.uint64]


class Ordinary(NamedTuple):
    """Common phrases of ordinary prompts, ascending: they tell of no item.

    plain:   shingles of the prompts as they are.
    escaped: those, and the shingles of the prompts inside JSON strings.
    """

    plain: Halves = _NONE
    escaped: Halves = _NONE


def choose_shingles(pairs: Pairs, *, lasting: Packed, common: Halves) -> Pairs:
    """Choose the shingles by which each item is known: those that last first, the rarest of them.

    Grain:   ENTRIES_MAX rows an item at most, ascending; an item with fewer than ENTRIES_MIN that
             are not common has none.
    Cost:    a sort of the shingles.
    """
    item, shingle = pairs
    _, at, holders = np.unique(shingle, return_inverse=True, return_counts=True)
    rarity, is_frail = holders[at], ~np.isin(pack(pairs), lasting)
    usable = (rarity <= HOLDERS_MAX) & ~np.isin(shingle, common)
    item, shingle, rarity = item[usable], shingle[usable], rarity[usable]
    chance = (shingle.astype(np.uint64) * _SPREAD) >> _HALF
    order = np.lexsort((shingle, chance, rarity, is_frail[usable], item))
    item, shingle = item[order], shingle[order]
    chosen = _rank_within(item) < ENTRIES_MAX
    item, shingle = item[chosen], shingle[chosen]
    enough = np.bincount(item)[item] >= ENTRIES_MIN if len(item) else chosen[chosen]
    item, shingle = item[enough], shingle[enough]
    order = np.lexsort((shingle, item))
    return item[order], shingle[order]


def choose_escaped(plain: Pairs, forms: tuple[Pairs, ...], *, common: Halves) -> Escaped:
    """Choose anew, form after form, for the items that no choice before would tell there.

    Grain:   one row per item and form; `items` are places among the items that `plain` holds.
    Cost:    a sort of the shingles of each form.
    """
    lasting, kept = pack(forms[-1]), np.unique(plain[0])
    told, found = [plain], list[Pairs]()
    for form in forms:
        there = pack(form)
        known = np.concatenate([_list_told(choice, there) for choice in told])
        item, shingle = choose_shingles(form, lasting=lasting, common=common)
        wanted = np.isin(item, kept) & ~np.isin(item, known)
        told.append((item[wanted], shingle[wanted]))
        found.append(told[-1])
    return _gather(found, kept)


def pack(pairs: Pairs) -> Packed:
    """Give item and shingle as one number.

    Grain:   one row per pair. Cost: linear in them.
    """
    return np.asarray((pairs[0].astype(np.uint64) << _HALF) | pairs[1])


def _list_told(choice: Pairs, there: Packed) -> npt.NDArray[np.int64]:
    """List the items that a choice of shingles tells where the shingles `there` stand."""
    items, at, whole = np.unique(choice[0], return_inverse=True, return_counts=True)
    left = np.bincount(at[np.isin(pack(choice), there)], minlength=len(items))
    return np.asarray(items[is_held(left, whole)])


def _gather(found: list[Pairs], kept: npt.NDArray[np.int64]) -> Escaped:
    if not any(len(item) for item, _ in found):
        return NO_ESCAPED
    item = np.concatenate([item for item, _ in found])
    form = np.repeat(np.arange(len(found)), [len(item) for item, _ in found])
    order = np.lexsort((form, item))
    both, sizes = np.unique(item[order] * len(found) + form[order], return_counts=True)
    items = np.searchsorted(kept, both // len(found)).astype(np.int32)
    entries = np.concatenate([shingle for _, shingle in found])[order]
    return Escaped(items, sizes.astype(np.uint8), entries)


def _rank_within(group: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Number the rows of each run of equal values from 0."""
    starts = np.flatnonzero(np.append(True, group[1:] != group[:-1])) if len(group) else group
    lengths = np.diff(np.append(starts, len(group)))
    return np.arange(len(group)) - np.repeat(starts, lengths)
