"""Hashed words, neighbours and openings of a bounded reservoir of texts.

Beside the one pass, not in it: `read_rows` keeps what every exchange can afford, this keeps more of
the few exchanges of an account's reservoir, for the window tests of `detect/distribution/`. Words
are read by the same kernel, so that case, width and vanishing characters are folded alike, and a
Chinese character is a word. No table is read or written; the text ends here.

Deliberately absent: any look at what a word means, and any weight (`Reference` has those).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stillwatch.domain import limits
from stillwatch.domain.keyed import text_buffers
from stillwatch.observe.content.characters import character_table
from stillwatch.observe.content.kernels import (
    OPENING,
    OPENING_WORDS,
    SEEN_SLOTS,
    SLOT_SHIFT,
    read_words,
)

GRAMS_MAX: Final = 1_024
"""Features kept of one text: its first ones; half a thousand words are enough to know a wording."""
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_TURN, _REST = np.uint64(21), np.uint64(43)
"""By how much a word is turned before its neighbour joins it, so that order counts."""


@dataclass(frozen=True, slots=True)
class Grams:
    """Hashed features of texts, end to end: those of text i are `hashes[ends[i] : ends[i + 1]]`."""

    ends: npt.NDArray[np.int64]
    hashes: npt.NDArray[np.uint64]
    words: npt.NDArray[np.int64]
    """Words of each text, all of them."""


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _list_grams(words: Any, count: int, seen: Any, stamp: int, out: Any) -> Any:  # noqa: ANN401  arrays inside Numba
    """Write the distinct words, the distinct pairs of neighbours, the opening words; count them."""
    used = np.int64(0)
    before = np.uint64(0)
    for i in range(count):
        slot = words[i] >> SLOT_SHIFT
        out[used] = words[i]
        used += np.int64(seen[0, slot] != stamp)
        seen[0, slot] = stamp
    for i in range(count):
        pair = (((before << _TURN) | (before >> _REST)) ^ words[i]) * _GOLDEN
        before = words[i]
        slot = pair >> SLOT_SHIFT
        out[used] = pair
        used += np.int64(seen[1, slot] != stamp)
        seen[1, slot] = stamp
    for i in range(min(count, OPENING_WORDS)):
        out[used + i] = words[i] * OPENING
    return used + min(count, OPENING_WORDS)


# Not cached: Numba looks at this file alone, and what it calls elsewhere may have changed.
@nb.njit(nogil=True, no_cfunc_wrapper=True)
def _list_rows(data: Any, offsets: Any, table: Any, work: Any, out: Any) -> None:  # noqa: ANN401  tuples of arrays inside Numba
    exact, masked, found, seen = work
    ends, hashes, words = out
    for row in range(len(offsets) - 1):
        end = min(offsets[row + 1], offsets[row] + limits.PROMPT_BYTES_MAX)
        count = read_words(data, offsets[row], end, table, exact, masked)
        kept = min(_list_grams(masked, count, seen, row + 1, found), GRAMS_MAX)
        first = ends[row]
        for i in range(kept):
            hashes[first + i] = found[i]
        ends[row + 1] = first + kept
        words[row] = count


def list_grams(texts: pa.Array) -> Grams:
    """List the distinct words, distinct neighbours and opening words of each text, hashed.

    Grain:   one row per text, in the order given.
    Nulls:   a null text has none, as an empty one.
    Cost:    linear in bytes, 1 MiB a text at most; 8 KiB of memory a text while at work.
    """
    data, offsets = text_buffers(texts)
    longest = int(min(np.diff(offsets).max(initial=0), limits.PROMPT_BYTES_MAX))
    room = int(np.minimum(2 * np.diff(offsets) + OPENING_WORDS + 1, GRAMS_MAX).sum())
    ends = np.zeros(len(texts) + 1, np.int64)
    hashes, words = np.empty(room, np.uint64), np.empty(len(texts), np.int64)
    work = (
        np.empty(longest + 1, np.uint64),
        np.empty(longest + 1, np.uint64),
        np.empty(2 * SEEN_SLOTS + OPENING_WORDS + 1, np.uint64),
        np.zeros((2, SEEN_SLOTS), np.int32),
    )
    _list_rows(data, offsets, character_table(), work, (ends, hashes, words))
    return Grams(ends, hashes[: ends[-1]].copy(), words)
