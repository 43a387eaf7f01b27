"""Which passages the exchanges of a run carry, as numbers: what *observe* lists and *detect* reads.

A passage is a shingle of a prompt that several accounts send, or a template of a system text. There
are many times more rows of (exchange, passage) than of anything else in a run: a row is two
numbers, eight bytes, and whatever is known of a passage stands once, in a table beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

CARRIED: Final = ("row", "passage")
LISTED: Final = ("passage", "hash", "template", "place")


@dataclass(frozen=True)
class Passages:
    """The passages of a run, and who carries them."""

    carried: pl.DataFrame
    """CARRIED, both UInt32: one row per exchange, by the run's number of it, and passage."""
    listed: pl.DataFrame
    """LISTED, hashes Int64: one row per passage, sorted by hash and place; its number is its place
    here. The template of a system text is a passage with the template's own hash."""

    @classmethod
    def number(cls, carried: pl.DataFrame, listed: pl.DataFrame) -> Passages:
        """Number passages by their hashes, and leave out what no exchange carries.

        carried: `row` and `passage`, each passage by any number below the rows of `listed`.
        listed:  a row a passage, as LISTED but for the number, in the order of these numbers.
        Cost:    two looks at the rows of `carried`.
        """
        old = carried["passage"].to_numpy()
        used = np.bincount(old, minlength=len(listed)) > 0
        order = listed.with_row_index("old").filter(pl.Series(used)).sort("hash", "place")
        new = np.zeros(max(len(listed), 1), np.uint32)
        new[order["old"].to_numpy()] = np.arange(len(order), dtype=np.uint32)
        return cls(
            carried.select(pl.col("row").cast(pl.UInt32), pl.Series("passage", new[old])),
            order.drop("old").with_row_index("passage").select(LISTED),
        )

    @classmethod
    def gather(cls, spelled: pl.DataFrame) -> Passages:
        """Make passages of rows that spell them out: row, hash, template, place.

        Grain:   the same, a row of `carried` each.
        """
        named = spelled.select("hash", "template", "place").unique().sort("hash", "place")
        numbered = named.with_row_index("passage")
        carried = spelled.join(numbered, on=["hash", "template", "place"]).select(CARRIED)
        return cls.number(carried, named)

    def spell_out(self) -> pl.DataFrame:
        """Say of each row what its passage is.

        Grain:   one row per row of `carried`: row, hash, template, place.
        Cost:    a row takes five times as much as in `carried`.
        """
        return self.carried.join(self.listed, on="passage").drop("passage")
