"""From the texts of a public set to what the index keeps of its items.

Called by `stillwatch replay add` and by the script that makes the shipped index; reads texts, gives
a `Source`. The one idea: of each item the shingles that fewest other items of the set have, for a
phrase that many items share tells nothing of any one; those first that are still there inside a
JSON string; and never a phrase of ordinary prompts. `choose.py` chooses, here shingles are read.

Deliberately absent: the text itself, which is gone when this returns.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stillwatch.domain import limits
from stillwatch.domain.keyed import Int64Array, text_buffers
from stillwatch.observe.content.characters import character_table
from stillwatch.observe.content.reading import read_words
from stillwatch.observe.content.replay.choose import (
    Ordinary,
    Pairs,
    choose_escaped,
    choose_shingles,
    pack,
)
from stillwatch.observe.content.replay.escapes import list_scraps, write_forms
from stillwatch.observe.content.replay.source import Halves, Source
from stillwatch.observe.content.shingles import SHINGLE_WORDS
from stillwatch.observe.content.shingles import list_shingles as shingle_words

ORDINARY_TEXTS_MIN: Final = 2
"""Ordinary texts that must hold a shingle before it is a common phrase: in one alone it may be a
replay itself."""
_SLICE_ROWS: Final = 16_384
_HALF: Final = np.uint64(32)


def index_source(texts: pa.Array, *, name: str, licence: str, ordinary: Ordinary) -> Source:
    """Keep of each text the shingles by which a prompt that holds it is known.

    Grain:   one item per text that has ENTRIES_MIN shingles left; others are counted.
    Nulls:   a null text is left out. Order: of the texts; equal texts stay apart.
    Cost:    linear in bytes, and a sort of the shingles of three forms; about 1 MB/s.
    """
    within, in_ascii = write_forms(texts)
    plain, *forms = map(list_shingles, (texts, within, in_ascii))
    common = np.union1d(ordinary.escaped, list_shingles(list_scraps(in_ascii))[1])
    item, entries = choose_shingles(plain, lasting=pack(forms[-1]), common=ordinary.plain)
    sizes = np.unique(item, return_counts=True)[1].astype(np.uint8)
    escaped = choose_escaped((item, entries), tuple(forms), common=common)
    return Source(name, licence, sizes, entries, len(texts) - len(sizes), escaped)


def list_ordinary(texts: pa.Array) -> Ordinary:
    """List the common phrases of ordinary prompts: shingles that several of them hold.

    Grain:   one row per shingle. Cost: linear in bytes, and a sort of the shingles of three forms.
    """
    forms = [list_shingles(form) for form in (texts, *write_forms(texts))]
    any_form = np.unique(np.concatenate([pack(form) for form in forms])).astype(np.uint32)
    return Ordinary(*(_list_repeated(shingles) for shingles in (forms[0][1], any_form)))


def _list_repeated(shingles: Halves) -> Halves:
    found, texts_with = np.unique(shingles, return_counts=True)
    return np.asarray(found[texts_with >= ORDINARY_TEXTS_MIN])


def list_shingles(texts: pa.Array) -> Pairs:
    """List the distinct shingles of each text, as the filter sees them.

    Grain:   one row per (text, shingle), ascending. Nulls: no row.
    Cost:    linear in bytes, PROMPT_BYTES_MAX a text at most.
    """
    item, shingle = list_whole_shingles(texts)
    packed = np.unique((item.astype(np.uint64) << np.uint64(32)) | (shingle >> _HALF))
    return (packed >> np.uint64(32)).astype(np.int64), packed.astype(np.uint32)


def list_whole_shingles(texts: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """List the shingles of each text, all 64 bits of them, as the sketch sees them.

    Grain:   one row per word of a text but its last three; repeated shingles are repeated.
    Nulls:   no row. Cost: linear in bytes, PROMPT_BYTES_MAX a text at most.
    """
    parts = [
        _list_slice(texts.slice(start, _SLICE_ROWS), start)
        for start in range(0, max(len(texts), 1), _SLICE_ROWS)
    ]
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([own for _, own in parts])


def _list_slice(
    texts: pa.Array, start: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    data, offsets = text_buffers(texts)
    lengths = np.minimum(np.diff(offsets), limits.PROMPT_BYTES_MAX)
    work = np.empty((3, int(lengths.max(initial=0)) + 1), np.uint64)
    stops = np.zeros(len(texts) + 1, np.int64)
    out = np.empty(int(lengths.sum()) + 1, np.uint64)
    _read_shingles(data, offsets, character_table(), work, (stops, out))
    rows = np.repeat(np.arange(start, start + len(texts)), np.diff(stops))
    return rows, out[: stops[-1]]


@nb.njit(nogil=True)  # no cache: it would be stale when the files change from which it calls
def _read_shingles(
    data: npt.NDArray[np.uint8],
    offsets: Int64Array,
    table: npt.NDArray[np.uint32],
    work: npt.NDArray[np.uint64],
    out: Any,  # noqa: ANN401  a tuple of arrays inside Numba
) -> None:
    stops, shingles = out
    for row in range(len(offsets) - 1):
        end = min(offsets[row + 1], offsets[row] + limits.PROMPT_BYTES_MAX)
        count = read_words(data, offsets[row], end, table, work[0], work[1])
        listed = shingle_words(work[1], count, work[2]) if count >= SHINGLE_WORDS else 0
        for i in range(listed):
            shingles[stops[row] + i] = work[2, i]
        stops[row + 1] = stops[row] + listed
