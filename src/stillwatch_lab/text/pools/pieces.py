"""Texts as runs of passages, so that a stretch of a long one is a run of codes.

Between `read.py` and `shelf.py`, and for `cohorts.wording`. The one idea: of a long text a writer
takes consecutive passages, and taking a million of them is one gather and a move of Arrow offsets.
Absent: whose text is taken by whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_ENDS: Final = ".!?\n\u3002\uff01\uff1f"
_PASSAGE: Final = f"[^{_ENDS}]{{0,240}}[{_ENDS}]+\\s*|[^{_ENDS}]{{1,240}}"
"""A passage: to the end of a sentence or line; 240 characters where none comes."""
_LONG: Final = 240
"""Characters up to which a text stays whole."""
_STRETCH_MAX: Final = 3.0
"""Of a stretch: the most, in averages."""
_FROM_THE_TOP: Final = 0.5
"""Share of stretches that begin where the text does (a guess)."""


@dataclass(frozen=True, slots=True)
class Passages:
    """Texts, cut."""

    table: pa.LargeStringArray
    first: Ints
    """Where each text's passages begin; one entry more than there are texts."""
    stretch: float
    """Passages of a long text that are taken, on average."""

    def __len__(self) -> int:
        """Give the number of texts."""
        return len(self.first) - 1

    def take(self, rng: np.random.Generator, text: Ints, *, whole: Flags) -> pl.Series:
        """Take a stretch of each text asked for, or the whole of it.

        Grain:   one string per entry of `text`. Cost: linear in what is taken.
        """
        begin, size = self.first[text], np.diff(self.first)[text]
        most = round(_STRETCH_MAX * self.stretch)
        wanted = np.minimum(rng.geometric(1.0 / self.stretch, len(text)), most)
        length = np.where(whole, size, np.minimum(wanted, size))
        luck = (rng.random(len(text)) - _FROM_THE_TOP) / (1.0 - _FROM_THE_TOP)
        shift = (np.maximum(luck, 0.0) * (size - length + 1)).astype(np.int64)
        begin = begin + np.where(whole, 0, np.minimum(shift, size - length))
        return join_runs(self.table, begin, length)


def cut_passages(texts: pl.Series, *, stretch: float) -> Passages:
    """Cut texts into passages; what is short stays whole."""
    short = pl.col("text").str.len_chars() <= _LONG
    cut = pl.DataFrame({"text": texts}).select(
        pl.when(short)
        .then(pl.concat_list("text"))
        .otherwise(pl.col("text").str.extract_all(_PASSAGE))
        .alias("passages")
    )["passages"]
    first = np.concatenate([[0], np.cumsum(cut.list.len().to_numpy())]).astype(np.int64)
    flat = cut.explode(empty_as_null=False) if len(cut) else pl.Series([], dtype=pl.String)
    return Passages(flat.to_arrow().cast(pa.large_string()), first, stretch)


def join_runs(table: pa.LargeStringArray, begin: Ints, length: Ints) -> pl.Series:
    """Join, for each entry, `length` strings of a table from `begin` on, and trim the ends."""
    ends = np.cumsum(length)
    total = int(ends[-1]) if len(ends) else 0
    codes = np.arange(total) + np.repeat(begin - (ends - length), length)
    _, offsets, data = table.take(pa.array(codes)).buffers()
    marks = np.frombuffer(offsets, np.int64)[: total + 1]
    kept = marks[np.concatenate([[0], ends])]
    joined = pa.LargeStringArray.from_buffers(len(length), pa.py_buffer(kept.tobytes()), data)
    return pl.Series("text", pl.from_arrow(joined)).str.strip_chars_end()
