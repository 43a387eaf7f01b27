"""What is added up of each account, so that no second pass over its exchanges is needed.

First step: reads columns of `OBSERVED`, a chunk or a day at a time; writes nothing. Of each account
and speciality: how many prompts, the sum of their embeddings and of its squares; the same of their
parameters, each combination a point of its own; and how many exchanges in which hour. All are whole
numbers, so that sketches add up to the bit, in any order and however the exchanges were cut.

Absent: text, which `OBSERVED` has none of; and specialities found from the data: a speciality is
a column of the exchange (its capability, its system text), or there is none.
Source: sums, sums of squares and counts are a monoid, and all that an analysis of variance reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.detect.traffic import read_embeddings

CELL: Final = ("account_id", "speciality")
"""What a cell is."""
PARAMETER_DIMENSIONS: Final = 32
"""Signs that a combination of parameters is spread over; any two lie as far apart as any others, to
a sixth (one over the root of 32)."""
_WHOLE: Final = ""
"""The speciality of exchanges of which none is known."""

Signed = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Sketch:
    """Sums of some accounts' exchanges; a row per account and speciality, sorted by both.

    content, parameters: CELL, `count`, `square`, and a column `s0` … a dimension.
    activity: CELL, `hour` (since the epoch), `count`; a row per hour with an exchange.
    """

    content: pl.DataFrame
    parameters: pl.DataFrame
    activity: pl.DataFrame

    def __add__(self, other: Sketch) -> Sketch:
        """Merge two sketches: of other exchanges, of the same accounts or of others."""
        return Sketch(
            _add_up([self.content, other.content], CELL),
            _add_up([self.parameters, other.parameters], CELL),
            _add_up([self.activity, other.activity], (*CELL, "hour")),
        )

    def keep(self, accounts: Sequence[str]) -> Sketch:
        """Keep some accounts: a group's. Grain: one row per cell kept."""
        own = pl.col("account_id").is_in(list(accounts))
        return Sketch(
            self.content.filter(own), self.parameters.filter(own), self.activity.filter(own)
        )

    def collapse(self) -> Sketch:
        """Forget the specialities. Grain: one row per account."""
        whole = pl.lit(_WHOLE).alias("speciality")
        return Sketch(
            _add_up([self.content.with_columns(whole)], CELL),
            _add_up([self.parameters.with_columns(whole)], CELL),
            _add_up([self.activity.with_columns(whole)], (*CELL, "hour")),
        )

    def count_exchanges(self) -> tuple[int, int]:
        """Give how many accounts there are and how many exchanges they have sent."""
        return self.activity["account_id"].n_unique(), int(self.activity["count"].sum())


def sketch_accounts(exchanges: pl.DataFrame, *, speciality: str | None = None) -> Sketch:
    """Add up the exchanges of each account, within each value of a column if one is named.

    Grain:   one cell per account and speciality.
    Nulls:   an exchange without words is no content, one without parameters no parameters; all
             have an hour; an unknown speciality is one of its own.
    Order:   by account and speciality; input order is irrelevant.
    Cost:    one sort of the exchanges; a cell has some 300 bytes of sums and 40 an active hour.
    """
    named = pl.col(speciality).cast(pl.String).fill_null(_WHOLE) if speciality else pl.lit(_WHOLE)
    cells = exchanges.select("account_id", "hour", named.alias("speciality"))
    vectors = read_embeddings(exchanges["embedding"])
    has_words = np.asarray(vectors.any(axis=1), np.bool_)
    known = exchanges["parameters_hash"].is_not_null().to_numpy()
    signs = _spread(exchanges["parameters_hash"].drop_nulls())
    return Sketch(
        _sum_vectors(cells.filter(has_words), vectors[has_words]),
        _sum_vectors(cells.filter(known), signs),
        _add_up([cells.with_columns(pl.lit(1, pl.Int64).alias("count"))], (*CELL, "hour")),
    )


def _spread(hashes: pl.Series) -> Signed:
    """Make of each keyed hash its lowest bits, as signs."""
    given = hashes.to_numpy().astype("<i8").view(np.uint8).reshape(len(hashes), 8)
    bits = np.unpackbits(given, axis=1, bitorder="little")[:, :PARAMETER_DIMENSIONS]
    return np.asarray(2 * bits.astype(np.int8) - 1, np.int8)


def _sum_vectors(cells: pl.DataFrame, vectors: Signed) -> pl.DataFrame:
    order = cells.select(CELL).with_row_index("at").sort(CELL)
    runs = order.group_by(CELL, maintain_order=True).agg(pl.len().cast(pl.Int64).alias("count"))
    starts = (runs["count"].cum_sum() - runs["count"]).to_numpy()
    placed = vectors[order["at"].to_numpy()]
    square = np.einsum("ij,ij->i", placed, placed, dtype=np.int64)
    if len(runs):
        square = np.add.reduceat(square, starts)
        placed = np.add.reduceat(placed, starts, axis=0, dtype=np.int64)
    names = [f"s{at}" for at in range(vectors.shape[1])]
    sums = pl.DataFrame(placed.astype(np.int64), schema=dict.fromkeys(names, pl.Int64))
    return runs.hstack([pl.Series("square", square, pl.Int64)]).hstack(sums)


def _add_up(frames: list[pl.DataFrame], keys: Sequence[str]) -> pl.DataFrame:
    return pl.concat(frames).group_by(keys).agg(pl.exclude(keys).sum()).sort(keys)
