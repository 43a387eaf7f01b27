"""What is compared between accounts: content, parameters, hours, volume.

Second step: reads a group's `Sketch`, gives the cells of one dimension. Content: every prompt with
words, its hashed embedding. Parameters: every exchange that states some, its combination. Hours:
every hour in which the account was active, as a point on the clock's circle, so that a burst counts
once. Volume: every active day, the logarithm of its exchanges.

Absent: weekdays and time zones; a group that works one shift is alike in hours, and honest.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch.detect.interchangeability.share import BetweenShare, Cells, estimate_between
from stillwatch.detect.interchangeability.sketch import CELL, Sketch
from stillwatch.detect.traffic import F64, I64

DIMENSIONS: Final = ("content", "parameters", "hours", "volume")
"""In the order in which figures come."""
_HOURS: Final = 24


def measure_shares(sketch: Sketch, *, inside: bool = False) -> dict[str, BetweenShare]:
    """Measure the share of variance between the accounts of a group, in every dimension.

    Grain:   one figure a dimension. `sketch` holds the group's accounts alone (`Sketch.keep`).
    Units:   intra-class correlation with a 95 % interval; inside specialities where asked for.
    Nulls:   nan below ten accounts, or where a dimension does not vary.
    Cost:    linear in cells.
    """
    taken = sketch if inside else sketch.collapse()
    return {name: estimate_between(list_cells(taken, name)) for name in DIMENSIONS}


def list_cells(sketch: Sketch, dimension: str) -> Cells:
    """List the cells of one dimension.

    Grain:   one row per account and speciality that have a value.
    Cost:    linear in the sketch's rows.
    """
    if dimension == "hours":
        angle = sketch.activity["hour"].to_numpy() % _HOURS * (2 * np.pi / _HOURS)
        points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return _gather(sketch.activity, points)
    if dimension == "volume":
        days = sketch.activity.group_by(*CELL, pl.col("hour") // _HOURS).agg(pl.col("count").sum())
        return _gather(days, np.log2(days["count"].to_numpy())[:, np.newaxis])
    sums = sketch.content if dimension == "content" else sketch.parameters
    vectors = sums.select(pl.exclude(*CELL, "count", "square")).to_numpy().astype(np.float64)
    counted = (sums[name].to_numpy().astype(np.float64) for name in ("count", "square"))
    sizes, squares = counted
    return Cells(_code(sums["account_id"]), _code(sums["speciality"]), sizes, vectors, squares)


def _gather(rows: pl.DataFrame, points: F64) -> Cells:
    """Add up points, one a row, by account and speciality."""
    pairs = np.stack([_code(rows[name]) for name in CELL], axis=1)
    cells, at = np.unique(pairs, axis=0, return_inverse=True)
    at = at.ravel()
    sums = np.zeros((len(cells), points.shape[1]))
    np.add.at(sums, at, points)
    sizes = np.bincount(at).astype(np.float64)
    squares = np.asarray(np.bincount(at, np.sum(points**2, axis=1)), np.float64)
    return Cells(cells[:, 0], cells[:, 1], sizes, sums, squares)


def _code(column: pl.Series) -> I64:
    return column.rank("dense").cast(pl.Int64).to_numpy()
