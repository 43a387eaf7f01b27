"""The parts of the one pass, each alone over words that were read before, for a bench of speed.

What the pass does at once is done here one after the other, so that each part has a time of its
own; the words lie in memory between them (17 bytes a word), which makes the sum dearer than the
pass itself. Nothing here ships.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
import pyarrow as pa

from stillwatch.domain import limits
from stillwatch.domain.keyed import PseudonymKey, hash_strings, text_buffers
from stillwatch.observe.content import ReplayIndex, TacticsModel
from stillwatch.observe.content.characters import character_table
from stillwatch.observe.content.function_words import function_table
from stillwatch.observe.content.kernels import (
    LANES,
    OPENING_WORDS,
    SEEN_SLOTS,
    _embed,
    _score,
    list_features,
)
from stillwatch.observe.content.layout import BREAKS_MAX
from stillwatch.observe.content.reading import scan_words
from stillwatch.observe.content.replay.kernel import list_candidates
from stillwatch.observe.content.shingles import SKELETON_STEPS, list_shingles, sketch_text

_CAPS = (limits.SKETCH_HASHES_MAX, limits.SKELETON_HASHES_MAX, limits.GIST_HASHES_MAX)
_ROOM = limits.PROMPT_BYTES_MAX + SKELETON_STEPS


@nb.njit(nogil=True)
def _read(data, offsets, table, out, ends):  # noqa: ANN001, ANN202  arrays and plain arguments inside Numba
    """Read the words of every text."""
    exact, masked, marks, breaks = out
    for row in range(len(offsets) - 1):
        at = ends[row]
        into = exact[at:], masked[at:], marks[at:], breaks
        ends[row + 1] = at + scan_words(data, offsets[row], offsets[row + 1], table, into)


@nb.njit(nogil=True)
def _shingle(masked, ends, room):  # noqa: ANN001, ANN202
    """List the shingles of every text; nothing is kept."""
    listed = np.int64(0)
    for row in range(len(ends) - 1):
        count = ends[row + 1] - ends[row]
        listed += list_shingles(masked[ends[row] : ends[row + 1]], count, room)
    return listed


@nb.njit(nogil=True)
def _sketch(masked, marks, ends, given, parts, rooms):  # noqa: ANN001, ANN202, PLR0913, PLR0917  arrays and plain arguments inside Numba
    """Sketch every text three times; the sketches are overwritten by the next text's."""
    function, key = given
    for row in range(len(ends) - 1):
        words = masked[ends[row] : ends[row + 1]]
        listed = list_shingles(words, len(words), parts[0])
        read = words, marks[ends[row] : ends[row + 1]]
        sketch_text(read, len(words), (function, key, listed), parts, rooms)


@nb.njit(nogil=True)
def _filter(masked, ends, filters, room, near, stops):  # noqa: ANN001, ANN202, PLR0913, PLR0917
    """Ask the filter of public items for every shingle."""
    for row in range(len(ends) - 1):
        words = masked[ends[row] : ends[row + 1]]
        listed = list_shingles(words, len(words), room)
        stops[row + 1] = stops[row] + list_candidates(room, listed, filters, near[stops[row] :])


@nb.njit(nogil=True)
def _features(masked, ends, seen, found, embed, weigh):  # noqa: ANN001, ANN202, PLR0913, PLR0917
    """List the features of every text; embed it and weigh it, where room is given for that."""
    signs, embedding = embed
    weights, sums = weigh
    for row in range(len(ends) - 1):
        words = masked[ends[row] : ends[row + 1]]
        distinct, used = list_features(words, len(words), seen, row + 1, found)
        if len(embedding) > 1:
            _embed(found, distinct, signs, embedding[row])
        if len(sums) > 1:
            _score(found, (distinct, used), weights, sums[row])


class Parts:
    """The words of a column of texts, and every part of the pass over them."""

    def __init__(self, texts: pa.Array, model: TacticsModel, replay: ReplayIndex) -> None:
        """Read the words once; they are what the other parts work on."""
        self.texts, self.model, self.replay = texts, model, replay
        self.data, self.offsets = text_buffers(texts)
        self.table = character_table()
        self.function = function_table(self.table)
        size = len(self.data) // 2 + len(texts) + 1
        breaks = np.empty(BREAKS_MAX + 1, np.int64)
        self.words = (*np.empty((2, size), np.uint64), np.empty(size, np.uint8), breaks)
        self.ends = np.zeros(len(texts) + 1, np.int64)
        self.key = np.array([1, 2], np.uint64)
        self.room = np.empty(_ROOM, np.uint64)
        self.seen = np.zeros((2, SEEN_SLOTS), np.int32)
        self.found = np.empty(2 * SEEN_SLOTS + OPENING_WORDS + 1, np.uint64)
        self.embedding = np.empty((len(texts), limits.EMBEDDING_DIMENSIONS), np.int8)
        self.sums = np.empty((len(texts), LANES), np.int64)
        self.near = np.empty(len(self.data) // 2 + 1, np.uint32)
        self.stops = np.zeros(len(texts) + 1, np.int64)
        self.read()

    def touch(self) -> None:
        """Read the same bytes and add them up, eight at a time: what memory can do."""
        whole = self.data[: len(self.data) // 8 * 8].view(np.uint64)
        np.add.reduce(whole)

    def hash_whole(self) -> None:
        """Hash whole texts with a key, as pseudonyms are (SipHash-2-4)."""
        hash_strings(self.texts, key=PseudonymKey(1, 2))

    def read(self) -> None:
        """Read words."""
        _read(self.data, self.offsets, self.table, self.words, self.ends)

    def shingle(self) -> None:
        """List shingles."""
        _shingle(self.words[1], self.ends, self.room)

    def sketch(self) -> None:
        """List shingles and make three sketches."""
        work = (*np.empty((3, _ROOM), np.uint64), *np.empty((2, _CAPS[0]), np.uint64))
        parts = (self.room, *work)
        rooms = tuple(np.empty(cap, np.int64) for cap in _CAPS)
        _sketch(*self.words[1:3], self.ends, (self.function, self.key), parts, rooms)

    def filter(self) -> None:
        """List shingles and ask the filter of public items."""
        filters = self.replay.lookup.bits, self.replay.lookup.fine
        _filter(self.words[1], self.ends, filters, self.room, self.near, self.stops)

    def find(self) -> None:
        """Look up what has passed the filter (after `filter`)."""
        self.replay.find(self.near.copy(), self.stops)

    def features(self, *, embed: bool = False, weigh: bool = False) -> None:
        """List features, embed, weigh."""
        self.seen[:] = 0
        signs = np.zeros(limits.EMBEDDING_DIMENSIONS, np.int64)
        embedding = self.embedding if embed else self.embedding[:1]
        sums = self.sums if weigh else self.sums[:1]
        weights = self.model.packed.copy()
        _features(
            self.words[1], self.ends, self.seen, self.found, (signs, embedding), (weights, sums)
        )

    def name(self) -> None:
        """Turn the sums of the tactics model into probabilities and names."""
        self.model.name(self.sums, np.full(len(self.texts), 150, np.int64), mask=None)


def measure_cpu(call: Callable[[], Any], turns: int) -> float:
    """Give the least CPU seconds of several calls; the first, which compiles, doesn't count."""
    call()
    took = []
    for _ in range(turns):
        began = time.process_time()
        call()
        took.append(time.process_time() - began)
    return min(took)


def measure_parts(parts: Parts, turns: int) -> dict[str, float]:
    """Give the CPU seconds of each part; what a part needs first is taken off."""
    took = {
        "a plain read of the bytes": measure_cpu(parts.touch, turns),
        "whole text, SipHash": measure_cpu(parts.hash_whole, turns),
        "words": measure_cpu(parts.read, turns),
        "shingles": measure_cpu(parts.shingle, turns),
    }
    listed = took["shingles"]
    took["three sketches"] = measure_cpu(parts.sketch, turns) - listed
    took["replay: filter"] = measure_cpu(parts.filter, turns) - listed
    took["replay: look-up"] = measure_cpu(parts.find, turns)
    plain = measure_cpu(parts.features, turns)
    took["features"] = plain
    took["embedding"] = measure_cpu(lambda: parts.features(embed=True), turns) - plain
    took["tactics: weights"] = measure_cpu(lambda: parts.features(weigh=True), turns) - plain
    took["tactics: probabilities"] = measure_cpu(parts.name, turns)
    return took
