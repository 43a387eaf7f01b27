"""Cores of tied groups with known figures, for the witnesses."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from stillwatch.detect.traffic import COLUMNS
from stillwatch.detect.witnesses.core import Core, Usual
from stillwatch.domain import limits
from stillwatch.domain.tables import OBSERVED

USUAL = Usual(log_output=8.0, tactic=0.1, later_turns=0.4)


def core_of(
    sizes: list[int],
    *,
    usual: Usual = USUAL,
    outside: int = 0,
    declared: float = 0.1,
    are_strangers: bool = True,
    **columns: Any,  # noqa: ANN401  columns of several types
) -> Core:
    """Make a core: `sizes` exchanges by account; columns by name, null where none is given."""
    account = np.repeat(np.arange(len(sizes)), sizes)
    embedding = columns.pop("embedding", None)
    rows = len(account)
    if "hour" in columns and "time" not in columns:
        within = np.random.default_rng(2).uniform(0.0, 3_600.0, rows)
        columns["time"] = stamp(3_600.0 * np.asarray(columns["hour"]) + within)
    if embedding is None:
        embedding = np.random.default_rng(1).normal(size=(rows, limits.EMBEDDING_DIMENSIONS))
    frame = pl.DataFrame(
        {
            name: pl.Series(columns.get(name, [None] * rows), dtype=OBSERVED.schema[name])
            for name in COLUMNS
        }
    )
    share = rows / (rows + outside)
    return Core(account, embedding, frame, share, usual, declared, are_strangers=are_strangers)


def stamp(seconds: np.ndarray) -> pl.Series:
    """Seconds since the epoch as instants."""
    return pl.Series(seconds * 1e6).cast(pl.Int64).cast(OBSERVED.schema["time"])


def correlated(sizes: list[int], *, icc: float, seed: int = 0) -> np.ndarray:
    """Embeddings of which a known share of the variance lies between accounts."""
    rng = np.random.default_rng(seed)
    dims = limits.EMBEDDING_DIMENSIONS
    means = rng.normal(size=(len(sizes), dims)) * np.sqrt(icc)
    noise = rng.normal(size=(sum(sizes), dims)) * np.sqrt(1 - icc)
    return np.asarray(np.repeat(means, sizes, axis=0) + noise)
