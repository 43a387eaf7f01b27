"""The index of public sets in memory: of each item a few shingles, and how they are found again.

`rows.py` asks it of every text. An item is known by its `ENTRIES_MAX` rarest shingles; a prompt
holds the item when it has `ENTRIES_MIN` of them at least and three quarters. Forms that some items
have inside JSON strings are looked up beside them, and lead back to the item. A filter that fits
the second-level cache says no to 99 shingles of 100; the rest are looked up.

What is kept is the upper half of the unkeyed shingle hash. Nothing needs a key here: the look-up
happens in the pass over the text, before anything is keyed, and what leaves it is the set's public
name and a keyed pseudonym of the item.
Absent: any text of an item. Blind spot: paraphrase, translation, sets that nobody indexed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from stillwatch.domain.arrays import to_arrow
from stillwatch.domain.keyed import PseudonymKey, hash_strings
from stillwatch.observe.content.replay.kernel import ENTRIES_MIN, find_items
from stillwatch.observe.content.replay.source import Escaped, Halves, Source

_COARSE_KEYS: Final = 15
"""Shingles per 64-bit word of the first filter, at most: one in five of others passes. The shipped
index has 128 KB of it: a larger one pushes the weights of the tactics out of the second-level
cache, and costs more than it saves."""
_COARSE_DEPTH_MAX: Final = 15
"""Binary logarithm of the words of the first filter: 256 KB, however large the index."""
_FINE_KEYS: Final = 4
"""Shingles per word of the second filter: of what passed the first, one in 150 passes."""
_DOMAIN: Final = 0x5245504C
"""Keeps pseudonyms of items apart from those of other columns."""
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Lookup:
    """The arrays that the kernels read; all of one type for Numba, whoever made them."""

    bits: npt.NDArray[np.uint64]
    """The filter that every shingle meets."""
    fine: npt.NDArray[np.uint64]
    """The filter that meets what passed."""
    shingles: Halves
    """Distinct entries, ascending."""
    first: npt.NDArray[np.int32]
    """Where the owners of each shingle begin."""
    owners: npt.NDArray[np.int32]
    """Forms of items, by shingle: every item's plain form in its place, then the escaped ones."""
    sizes: npt.NDArray[np.int32]
    """Entries of each form."""
    items: npt.NDArray[np.int32]
    """The item of each form."""


@dataclass(frozen=True)
class ReplayIndex:
    """Public sets, looked up together."""

    sources: tuple[Source, ...] = ()

    @property
    def items(self) -> int:
        """How many items it knows."""
        return sum(len(source.sizes) for source in self.sources)

    @cached_property
    def lookup(self) -> Lookup:
        """The arrays of the kernels, made once. Cost: a sort of the entries; 0.1 s a million."""
        escaped = [source.escaped for source in self.sources]
        sizes, entries = _join([*self.sources, *escaped])
        order = np.argsort(entries, kind="stable")
        forms = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        shingles, first = np.unique(entries[order], return_index=True)
        arrays = Lookup(
            _filter(shingles),
            _filter_again(shingles),
            shingles,
            np.append(first, len(entries)).astype(np.int32),
            forms[order],
            sizes.astype(np.int32),
            self._places(),
        )
        for name in Lookup.__slots__:
            getattr(arrays, name).flags.writeable = False
        return arrays

    def _places(self) -> npt.NDArray[np.int32]:
        """Give the item of each form, as `lookup` has the forms."""
        parts, first = [np.arange(self.items, dtype=np.int32)], 0
        for source in self.sources:
            parts.append(source.escaped.items + np.int32(first))
            first += len(source.sizes)
        return np.concatenate(parts)

    @cached_property
    def identities(self) -> npt.NDArray[np.uint64]:
        """A hash an item, made of its plain entries: the same in every index that has it so."""
        sizes, entries = _join(self.sources)
        spread = (entries.astype(np.uint64) + _GOLDEN) * _GOLDEN
        spread ^= spread >> np.uint64(29)
        starts = np.cumsum(sizes, dtype=np.int64) - sizes
        return np.asarray(np.add.reduceat(spread, starts) if len(sizes) else spread)

    def find(self, near: Halves, stops: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int32], ...]:
        """Find the item that each text holds, from the shingles that passed the filter.

        Grain:   one row per text: the item's form (-1 = none), and how many of its entries are
                 there.
        Order:   of two forms a plain one, the one with the larger share, the more entries, the
                 earlier place.
        Cost:    linear in what passed; an entry of the index is looked at once a text.
        """
        form, found = np.full((2, len(stops) - 1), -1, np.int32)
        arrays = self.lookup
        if len(arrays.sizes) and stops[-1] >= ENTRIES_MIN:
            given = (arrays.shingles, arrays.first, arrays.owners, arrays.sizes)
            rows, best, entries = find_items(near, stops, given, plain=self.items)
            form[rows], found[rows] = best, entries
        return form, found

    def name(
        self, form: npt.NDArray[np.int32], found: npt.NDArray[np.int32], *, key: PseudonymKey
    ) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Give `replay_source`, `replay_item_hash` and `replay_share` of each text.

        Nulls:   all three where no item was found.
        """
        rows = np.flatnonzero(form >= 0)
        if not len(rows):
            return tuple(pa.nulls(len(form), t) for t in (pa.string(), pa.int64(), pa.float64()))
        held = self.lookup.items[form[rows]]
        ends = np.cumsum([len(source.sizes) for source in self.sources])
        source = np.zeros(len(form), np.int32)
        source[rows] = np.searchsorted(ends, held, side="right")
        told = np.zeros(len(form), np.int64)
        told[rows] = hash_strings(
            to_arrow(self.identities[held].astype("<u8")).cast(pa.string()), key=key, domain=_DOMAIN
        )
        share = np.zeros(len(form))
        share[rows] = found[rows] / self.lookup.sizes[form[rows]]
        none, names = form < 0, pl.Series([one.name for one in self.sources]).to_arrow()
        named = pa.DictionaryArray.from_arrays(to_arrow(source, mask=none), names)
        return named.cast(pa.string()), to_arrow(told, mask=none), to_arrow(share, mask=none)


def _join(kept: Sequence[Source | Escaped]) -> tuple[npt.NDArray[np.uint8], Halves]:
    """Put sizes and entries end to end."""
    sizes = np.concatenate([np.zeros(0, np.uint8), *(one.sizes for one in kept)])
    return sizes, np.concatenate([np.zeros(0, np.uint32), *(one.entries for one in kept)])


def _filter(shingles: Halves) -> npt.NDArray[np.uint64]:
    """Set one bit a shingle, as `list_candidates` looks at it; of none, one word."""
    if not len(shingles):
        return np.zeros(1, np.uint64)
    depth = min(max((len(shingles) // _COARSE_KEYS).bit_length(), 1), _COARSE_DEPTH_MAX)
    wide = shingles.astype(np.uint64)
    return np.append(_set_bits(wide, 2**depth, (wide,)), np.uint64(64 - depth))


def _filter_again(shingles: Halves) -> npt.NDArray[np.uint64]:
    """Set three other bits a shingle in the word that `list_candidates` looks at next."""
    wide = shingles.astype(np.uint64)
    mixed = wide * _GOLDEN
    shifted = tuple(mixed >> np.uint64(shift) for shift in (58, 52, 46))
    return _set_bits(wide, max(len(wide) // _FINE_KEYS, 2), shifted)


def _set_bits(
    wide: npt.NDArray[np.uint64], words: int, positions: tuple[npt.NDArray[np.uint64], ...]
) -> npt.NDArray[np.uint64]:
    bits = np.zeros(words, np.uint64)
    place = (wide * np.uint64(words)) >> np.uint64(32)
    for position in positions:
        np.bitwise_or.at(bits, place, np.uint64(1) << (position & np.uint64(63)))
    return bits
