"""A public set as the index keeps it: hashes of its items, plain and inside JSON strings.

`build.py` makes it of texts, `form.py` reads and writes it, `index.py` looks prompts up in it.
The one idea: an item is one, however many forms of it are looked up. It is counted and named by its
plain form; what stands in `Escaped` leads back to it.
Deliberately absent: any text of an item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

ENTRIES_MAX: Final = 8
"""Shingles kept of a form of an item: with 32 bits each, 33,000 items are one megabyte. Of a
verbatim item all are found, so that more would add nothing; fewer would tell an item less well from
a quotation of a part of it."""
ESCAPED_FORMS_MAX: Final = 2
"""Forms of an item beside the plain one: inside a JSON string, and inside one of ASCII alone."""

Halves = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Escaped:
    """Items as they stand inside JSON strings: of those alone that their plain form wouldn't tell.

    items:   a row a form, the item's place in its set, ascending; ESCAPED_FORMS_MAX rows at most.
    sizes:   the form's count of entries, as of a `Source`.
    entries: the forms' entries end to end, ascending within a form.
    """

    items: npt.NDArray[np.int32]
    sizes: npt.NDArray[np.uint8]
    entries: Halves


NO_ESCAPED: Final = Escaped(np.zeros(0, np.int32), np.zeros(0, np.uint8), np.zeros(0, np.uint32))


@dataclass(frozen=True, slots=True)
class Source:
    """One public set: its name, its licence, and the shingles of its items.

    sizes:   a row an item, its count of entries, ENTRIES_MIN to ENTRIES_MAX.
    entries: the items' entries end to end, ascending within an item.
    left_out: items that are too short, or made of common phrases alone.
    """

    name: str
    licence: str
    sizes: npt.NDArray[np.uint8]
    entries: Halves
    left_out: int
    escaped: Escaped = NO_ESCAPED

    @property
    def hashes(self) -> int:
        """How many hashes it keeps.

        Grain:   one per entry, of all forms of its items.
        """
        return len(self.entries) + len(self.escaped.entries)
