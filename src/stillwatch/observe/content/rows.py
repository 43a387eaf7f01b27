"""Rows of text in, rows of observation out: the Arrow side of the one pass.

`observe` calls `sketch_batch` on a batch of arrivals (columns `system`, `prompt`, `response`) and
gets the columns that the lake keeps instead of them. The batch is read in slices, so that the
memory at work stays bounded whatever the batch; the kernel holds no lock, so that threads scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stillwatch.domain import limits
from stillwatch.domain.arrays import null_mask, read_only, to_arrow, to_validity
from stillwatch.domain.keyed import PseudonymKey, text_buffers
from stillwatch.observe.content.characters import character_table
from stillwatch.observe.content.function_words import function_table
from stillwatch.observe.content.kernels import (
    LANES,
    OPENING_WORDS,
    SEEN_SLOTS,
    list_features,
    read_rows,
)
from stillwatch.observe.content.layout import BREAKS_MAX, LAYOUT_MAX, SLOTS, TALLIES, list_layout
from stillwatch.observe.content.reading import scan_words
from stillwatch.observe.content.replay.index import ReplayIndex
from stillwatch.observe.content.shingles import SKELETON_STEPS
from stillwatch.observe.content.tactics import no_weights

SLICE_ROWS: Final = 16_384
"""Rows read at once: 10 MB of results at most, most of it room for sketches."""
_NO_INDEX: Final = ReplayIndex()


_CAPS: Final = (limits.SKETCH_HASHES_MAX, limits.SKELETON_HASHES_MAX, limits.GIST_HASHES_MAX)


@dataclass(frozen=True, slots=True)
class Readings:
    """What one pass over a column of texts gives; a row per text, null where the text is."""

    hashes: pa.Array
    words: pa.Array
    sketches: pa.Array
    skeletons: pa.Array
    gists: pa.Array
    numbers: pa.Array
    embeddings: pa.Array
    sums: npt.NDArray[np.int64]
    features: npt.NDArray[np.int64]
    item: npt.NDArray[np.int32]
    """The public item that the text holds, by the place of its form in the index; -1 = none."""
    found: npt.NDArray[np.int32]
    """How many of that form's entries the text holds."""


@cache
def _tables() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint64]]:
    table = character_table()
    return table, function_table(table)


def read_texts(
    texts: pa.Array,
    *,
    key: PseudonymKey,
    weights: npt.NDArray[np.uint64],
    replay: ReplayIndex = _NO_INDEX,
) -> list[Readings]:
    """Read a column of texts, slice by slice.

    Grain:   one row per text over all slices. Nulls: stay null. Order: as given.
    Cost:    linear in bytes; about 100 MB/s on one core.
    """
    return [
        _read_slice(texts.slice(start, SLICE_ROWS), key=key, weights=weights, replay=replay)
        for start in range(0, max(len(texts), 1), SLICE_ROWS)
    ]


def compile_kernels() -> None:
    """Have the kernel ready before the first text comes; a second call costs nothing.

    Cost:    two seconds the first time on a machine, a tenth where Numba's cache has it.
    """
    read_texts(pa.nulls(1, pa.string()), key=PseudonymKey(0, 0), weights=no_weights())


def _read_slice(
    texts: pa.Array, *, key: PseudonymKey, weights: npt.NDArray[np.uint64], replay: ReplayIndex
) -> Readings:
    data, offsets = text_buffers(texts)
    rows = len(texts)
    lengths = np.diff(offsets)
    longest = int(min(lengths.max(initial=0), limits.PROMPT_BYTES_MAX))
    secret = np.array([key.k0, key.k1], np.uint64)
    facts = np.empty((4, rows), np.int64)
    sums = np.empty((rows, LANES), np.int64)
    embedding = np.empty((rows, limits.EMBEDDING_DIMENSIONS), np.int8)
    ends = np.zeros((len(_CAPS) + 1, rows + 1), np.int64)
    sketches = tuple(np.empty(rows * cap, np.int64) for cap in _CAPS)
    filters = replay.lookup.bits, replay.lookup.fine
    sought = replay.items > 0
    room = np.minimum(lengths, limits.REPLAY_CANDIDATES_MAX).sum() if sought else 0
    near = np.empty(room + 1, np.uint32)  # of which the pages are touched that shingles pass into
    given = (*_tables(), secret, read_only(weights), filters)
    out = (facts, sums, embedding, ends, sketches, near)
    read_rows(data, offsets, given, _make_room(longest + 1), out)
    item, found = replay.find(near, ends[-1])
    mask = null_mask(texts)
    sketch, skeleton, gist = map(partial(_lists, mask=mask), ends[:-1], sketches)
    return Readings(
        to_arrow(facts[0], mask=mask),
        to_arrow(facts[1], mask=mask),
        sketch,
        skeleton,
        gist,
        to_arrow(facts[3], mask=facts[3] == 0),
        _bytes(embedding, mask),
        sums,
        facts[2],
        item,
        found,
    )


def _make_room(words: int) -> tuple[Any, ...]:
    """Give what the kernel works in: 41 bytes for each word that the longest text may have.

    What the words hash to exactly is written over once the whole text is hashed.
    """
    read, found, *labels = make_room(words)
    exact, *parts = (read[0], *np.empty((3, len(read[0])), np.uint64))
    return (
        read,
        (*parts, exact, *np.empty((2, limits.SKETCH_HASHES_MAX), np.uint64)),
        found,
        np.zeros(limits.EMBEDDING_DIMENSIONS, np.int64),
        *labels,
    )


def make_room(words: int) -> tuple[Any, ...]:
    """Give what words and features are written into; for training and tests by itself.

    Cost:    17 bytes for each word that the longest text may have, and 110 KB.
    """
    exact, masked = np.empty((2, words + SKELETON_STEPS), np.uint64)
    return (
        (exact, masked, np.empty(words, np.uint8), np.empty(BREAKS_MAX + 1, np.int64)),
        np.empty(2 * SEEN_SLOTS + OPENING_WORDS + 1 + LAYOUT_MAX, np.uint64),
        np.zeros((2, SEEN_SLOTS), np.int32),
        np.zeros((3, SLOTS), np.uint64),
        np.zeros(TALLIES, np.int64),
    )


@nb.njit(no_cfunc_wrapper=True)
def read_features(data: Any, span: Any, table: Any, work: Any, stamp: int) -> Any:  # noqa: ANN401  arrays inside Numba
    """Read one text and write what the model reads of it; for training and tests.

    Grain:   a hash a feature, in the second part of `work` (of `make_room`); gives where they begin
             and end. `stamp` is another number for each text.
    """
    read, found, seen, held, tallies = work
    count = scan_words(data, span[0], span[1], table, read)
    first, used = list_features(read[1], count, seen, stamp, found)
    text = (data, span[0], span[1])
    return first, list_layout(read, count, text, (held, tallies, found, used))


def _lists(
    ends: npt.NDArray[np.int64],
    values: npt.NDArray[np.int64],
    mask: npt.NDArray[np.bool_] | None,
) -> pa.Array:
    valid, nulls = to_validity(mask)
    held = to_arrow(values[: ends[-1]].copy())
    buffers = [valid, pa.py_buffer(ends.astype(np.int32))]
    kind = pa.list_(pa.int64())
    return pa.Array.from_buffers(kind, len(ends) - 1, buffers, null_count=nulls, children=[held])


def _bytes(rows: npt.NDArray[np.int8], mask: npt.NDArray[np.bool_] | None) -> pa.Array:
    count, width = rows.shape
    ends = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    valid, nulls = to_validity(mask)
    buffers = [valid, pa.py_buffer(ends), pa.py_buffer(rows)]
    return pa.Array.from_buffers(pa.binary(), count, buffers, null_count=nulls)
