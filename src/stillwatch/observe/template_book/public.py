"""Public templates that are known by name: a list of unkeyed shingle hashes, keyed when loaded.

Reads texts to add, gives `PublicTemplates` (`form.py` has its bytes) and says which templates are
parts of which public text. Of a text the list has the PUBLIC_SHINGLES_MAX smallest shingle hashes
and how many there are in all, so that the share of a template that a text has can be estimated. A
mark is information: frameworks are used by campaigns too, and nobody is cleared by it.

Deliberately absent: the texts. Blind spot: a public text that nobody listed (the spread test is for
those), a version of which less than half is left, texts of under eleven words.
Source: DESIGN.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from stillwatch.domain import limits
from stillwatch.domain.keyed import PseudonymKey, hash_content
from stillwatch.observe.content.replay.build import list_whole_shingles

PART: Final = 0.5
"""Share of a template's shingles that a public text must have, as estimated, to give its name."""
_FOUND_MIN: Final = 3
"""Shingles of a template that must be in the list: one phrase is no template."""
_SHINGLE: Final = np.dtype("<u8")

Sizes = npt.NDArray[np.uint8]
Totals = npt.NDArray[np.uint32]
Shingles = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class PublicSource:
    """Texts of one origin: a framework, a collection.

    totals:   of each text, its different shingles.
    sizes:    of each text, how many of them are kept.
    shingles: the kept ones end to end, ascending within a text.
    left_out: texts that are too short, or there twice.
    """

    name: str
    licence: str
    totals: Totals
    sizes: Sizes
    shingles: Shingles
    left_out: int


@dataclass(frozen=True, slots=True)
class PublicTemplates:
    """Public texts, looked up together."""

    sources: tuple[PublicSource, ...] = ()

    @property
    def texts(self) -> int:
        """How many texts it knows."""
        return sum(len(one.sizes) for one in self.sources)

    def keyed(self, key: PseudonymKey) -> pl.DataFrame:
        """Give the shingles as the lake has them.

        Grain:   one row per (text, hash): `text` is a number, `name` its source's, `whole` by how
                 much more shingles the text has than are kept.
        Cost:    a hash a shingle.
        """
        parts, before = [], 0
        for one in self.sources:
            text = np.repeat(np.arange(before, before + len(one.sizes)), one.sizes)
            whole = np.repeat(one.totals / np.maximum(one.sizes, 1), one.sizes)
            parts.append(
                pl.DataFrame(
                    {"text": text, "hash": _key_shingles(one.shingles, key), "whole": whole}
                )
                .with_columns(name=pl.lit(one.name))
                .cast({"text": pl.Int64})
            )
            before += len(one.sizes)
        schema = {"text": pl.Int64, "hash": pl.Int64, "whole": pl.Float64, "name": pl.String}
        return pl.concat([pl.DataFrame(schema=schema), *parts])


def _key_shingles(shingles: Shingles, key: PseudonymKey) -> npt.NDArray[np.int64]:
    """Key shingles as the sketch does: the keyed hash of their eight bytes."""
    offsets = np.arange(len(shingles) + 1, dtype=np.int64) * _SHINGLE.itemsize
    data = pa.py_buffer(shingles.astype(_SHINGLE).tobytes())
    words = pa.Array.from_buffers(
        pa.large_binary(), len(shingles), [None, pa.py_buffer(offsets.tobytes()), data]
    )
    return np.asarray(hash_content(words, key=key).to_numpy())


def index_public(texts: pa.Array, *, name: str, licence: str) -> PublicSource:
    """Keep of each public text the shingles by which templates made of it are known.

    Grain:   one row per different text of limits.SKETCH_HASHES_MIN shingles or more.
    Nulls:   a null text is left out. Order: of the texts.
    Cost:    linear in bytes, and a sort of the shingles.
    """
    row, shingle = list_whole_shingles(texts)
    order = np.lexsort((shingle, row))
    row, shingle = row[order], shingle[order]
    first = np.append(True, (row[1:] != row[:-1]) | (shingle[1:] != shingle[:-1]))[: len(row)]
    row, shingle = row[first], shingle[first]
    bounds = np.searchsorted(row, np.arange(len(texts) + 1))
    kept: dict[bytes, tuple[int, Shingles]] = {}
    for start, end in pairwise(bounds):
        if end - start >= limits.SKETCH_HASHES_MIN:
            own = shingle[start : min(end, start + limits.PUBLIC_SHINGLES_MAX)]
            kept.setdefault(own.tobytes(), (int(end - start), own))
    return PublicSource(
        name,
        licence,
        np.array([total for total, _ in kept.values()], np.uint32),
        np.array([len(own) for _, own in kept.values()], np.uint8),
        np.concatenate([np.zeros(0, np.uint64), *(own for _, own in kept.values())]),
        len(texts) - len(kept),
    )


def recognise_public(
    shingles: pl.DataFrame, *, public: PublicTemplates, key: PseudonymKey
) -> pl.DataFrame:
    """Say which templates are part of a public text.

    Grain:   one row per template that is: place, template_id, `public_name`, `public_share`.
    Order:   sorted; of texts with equal shares the first source's, the first in it.
    Cost:    a join of the templates' shingles with the list's.
    `shingles` is (place, template_id, hash).
    """
    own = ["place", "template_id"]
    sizes = shingles.group_by(own).agg(pl.len().alias("size"))
    return (
        shingles.select(*own, "hash")
        .join(public.keyed(key), on="hash")
        .group_by(*own, "text", "name")
        .agg(pl.len().alias("found"), pl.col("whole").first())
        .filter(pl.col("found") >= _FOUND_MIN)
        .join(sizes, on=own)
        .with_columns(
            (pl.col("found") * pl.col("whole") / pl.col("size")).clip(0, 1).alias("share")
        )
        .filter(pl.col("share") >= PART)
        .sort(*own, "share", "text", descending=[False, False, True, False])
        .unique(own, keep="first", maintain_order=True)
        .select(*own, pl.col("name").alias("public_name"), pl.col("share").alias("public_share"))
    )
