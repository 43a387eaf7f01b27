"""Texts out of codes, letter by letter: the inner loops of everything that the lab writes.

Below `text`, whose grammar and phrasebook say which pieces a text consists of. The one idea: a
block of texts is settled and spelt while its codes are in the cache, so what is held at once is the
letters alone. Absent: any choice that isn't a function of the numbers given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Letters = npt.NDArray[np.uint8]

_BLOCK: Final = 1 << 17
"""Codes that are settled at once: half a megabyte, as much as a core's cache holds."""
_SPACES: Final = 0x20
"""Letters up to this one are white space where they end a text."""
kernel = nb.njit(nogil=True, cache=True, error_model="numpy")
"""Compiled once per machine and kept beside the module."""


class Pieces(NamedTuple):
    """A table of strings, as Arrow has them: the letters of code c begin at `starts[c]`."""

    starts: Ints
    letters: Letters

    @classmethod
    def of(cls, strings: list[str]) -> Pieces:
        """Lay strings end to end; the code of each is its place."""
        encoded = [string.encode() for string in strings]
        sizes = [len(each) for each in encoded]
        starts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        return cls(starts, np.frombuffer(b"".join(encoded), np.uint8))


class Words(NamedTuple):
    """Where the words of each kind of slot begin in a table of pieces, and how many there are."""

    start: Ints
    size: Ints


class Book(NamedTuple):
    """Patterns one after another: the codes of pattern p begin at `starts[p]`."""

    starts: Ints
    codes: Ints

    @classmethod
    def of(cls, patterns: list[list[int]]) -> Book:
        """Lay patterns end to end."""
        starts = np.concatenate([[0], np.cumsum([len(codes) for codes in patterns])])
        return cls(starts, np.array([code for codes in patterns for code in codes], np.int64))

    def count_codes(self, pattern: Ints) -> Ints:
        """Count the codes of each pattern."""
        return self.starts[pattern + 1] - self.starts[pattern]

    def count_slots(self) -> Ints:
        """Count the slots of every pattern: its codes below 0, each to be filled."""
        before = np.concatenate([[0], np.cumsum(self.codes < 0)])
        return np.asarray(before[self.starts[1:]] - before[self.starts[:-1]])


@kernel
def _measure(codes: Codes, starts: Ints) -> int:
    """Count the letters of all codes."""
    total = 0
    for at in range(len(codes)):
        total += starts[codes[at] + 1] - starts[codes[at]]
    return total


class _Page(NamedTuple):
    """Where a block of texts is written."""

    letters: Letters
    marks: Ints
    """Gets where each text ends."""


@kernel
def _spell(codes: Codes, ends: Ints, pieces: Pieces, page: _Page, trims: bool) -> int:  # noqa: FBT001  kernels take no keywords
    """Write the letters of each text, up to its end in `codes`; give how many there are.

    Arrays have names of their own, for what is looked up in a tuple is counted at each use, and
    places are without a sign, so that the compiler copies many letters at a time: together these
    are three times as fast.
    """
    letters, marks = page.letters, page.marks
    starts, source = pieces.starts, pieces.letters
    begin, at = 0, 0
    for text in range(len(ends)):
        start = at
        for place in range(begin, ends[text]):
            first, end = starts[codes[place]], starts[codes[place] + 1]
            there, here = np.uint64(at), np.uint64(first)
            for step in range(np.uint64(end - first)):
                letters[there + step] = source[here + step]
            at += end - first
        begin = ends[text]
        while trims and at > start and letters[at - 1] <= _SPACES:
            at -= 1
        marks[text] = at
    return at


Settle = Callable[[slice, Codes], None]
"""Fills the codes of a stretch of patterns, every slot with a piece."""


def _cut(ends: Ints) -> Iterator[tuple[int, int]]:
    """Cut texts into blocks of codes; a text stays whole."""
    begin = 0
    while begin < len(ends):
        done = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + _BLOCK, side="right")))
        yield begin, end
        begin = end


def spell_texts(
    settle: Settle, pieces: Pieces, counts: Ints, text: Ints, *, trims: bool
) -> pl.Series:
    """Write texts of several patterns each, block by block.

    Grain:   one string per text; `counts` (codes) and `text` (whose it is, ascending from 0 without
             a gap) have one entry per pattern. Order: by text.
    Cost:    linear in letters; some hundred million a second.
    trims: whether white space at the end of a text goes.
    """
    last = np.flatnonzero(np.diff(text, append=-1))
    ends = np.cumsum(counts)[last]
    marks = np.zeros(len(ends) + 1, np.int64)
    written: list[Letters] = []
    done = 0
    for begin, end in _cut(ends):
        first = int(last[begin - 1]) + 1 if begin else 0
        before = int(ends[begin - 1]) if begin else 0
        codes = np.empty(int(ends[end - 1]) - before, np.int32)
        settle(slice(first, int(last[end - 1]) + 1), codes)
        room = np.empty(_measure(codes, pieces.starts), np.uint8)
        page = _Page(room, marks[begin + 1 : end + 1])
        used = _spell(codes, ends[begin:end] - before, pieces, page, trims)
        page.marks[:] += done
        done += used
        written.append(room[:used])
    letters = np.concatenate(written) if written else np.zeros(0, np.uint8)
    return as_series(marks, letters)


def as_series(marks: Ints, letters: Letters) -> pl.Series:
    """Give texts that lie end to end as a column, without a copy."""
    buffers = (pa.py_buffer(marks), pa.py_buffer(letters))
    return pl.Series(
        "text", pl.from_arrow(pa.LargeStringArray.from_buffers(len(marks) - 1, *buffers))
    )


def join(columns: list[pl.Series]) -> pl.Series:
    """Put text columns one below the other; no column gives an empty one."""
    return pl.concat(columns) if columns else pl.Series("text", [], pl.String)


def spell_numbers(
    prefix: str, key: npt.NDArray[np.uint64], shown: npt.NDArray[np.bool_]
) -> pl.Series:
    """Write numbers behind a prefix where they are shown; no other is spelt at all, but null."""
    written = prefix + pl.Series("text", key[shown]).cast(pl.String)
    place = pl.Series(np.cumsum(shown) - 1)
    return written.gather(pl.select(pl.when(pl.Series(shown)).then(place)).to_series())


def lay_over(texts: pl.Series, rows: Ints, others: pl.Series) -> pl.Series:
    """Put other texts at some rows; the letters of the rest aren't moved."""
    if not len(rows):
        return texts
    where = np.arange(len(texts))
    where[rows] = len(texts) + np.arange(len(rows))
    return pl.concat([texts, others.alias(texts.name)], rechunk=True).gather(where)
