"""Between the engine that the exchanges are on and Polars: frames brought here, and given there.

Beside *observe*: reads `OBSERVED` for it. What sees every exchange is written against Narwhals and
runs where the exchanges are, on Polars or on Spark; what it gives is brought here. On Polars a
column of lists can be read in batches, for kernels that need each hash for a moment: a run has
hundreds of millions of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.arrays import read_only


class Listed(NamedTuple):
    """Hashes of exchanges, one after another."""

    rows: npt.NDArray[np.uint32]
    """Of each: its exchange, by the run's number of it."""
    hashes: npt.NDArray[np.int64]


def collect_here(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    """Bring a frame from whatever engine it is on to Polars.

    Grain:   unchanged. Cost: what the frame has put off till now, and its rows in memory.
    """
    collected: pl.DataFrame = frame.collect(backend="polars").to_native()
    return collected


def give_to_engine(frame: pl.DataFrame, exchanges: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Give a small frame to the engine that the exchanges are on.

    Grain:   unchanged.
    """
    if exchanges.implementation.is_polars():
        return nw.from_native(frame.lazy())
    session = exchanges.to_native().sparkSession
    given: nw.LazyFrame[Any] = nw.from_native(session.createDataFrame(frame.to_arrow()))
    return given


def read_hashes(exchanges: nw.LazyFrame[Any], *columns: str) -> Iterator[Listed]:
    """Read hashes of exchanges on Polars, some exchanges at a time.

    Grain:   limits.BATCH_ROWS exchanges, and one of the columns, at a time.
    Nulls:   left out. Order: as exchanges come.
    Cost:    one pass; a batch is in memory at a time, and the next is being read.
    """
    picked: pl.LazyFrame = exchanges.select("row", *columns).to_native()
    for batch in picked.collect_batches(chunk_size=limits.BATCH_ROWS, maintain_order=True):
        for name in columns:
            yield list_hashes(batch, name)


def list_hashes(batch: pl.DataFrame, column: str) -> Listed:
    """List the hashes of a column of hashes, or of lists of them.

    Grain:   an entry per exchange and hash. Nulls: left out.
    """
    listed = batch.select(pl.col("row").cast(pl.UInt32), hash=column)
    if listed.schema["hash"] == pl.List:
        listed = listed.explode("hash", empty_as_null=False, keep_nulls=False)
    if listed["hash"].null_count():
        listed = listed.drop_nulls("hash")
    return Listed(read_only(listed["row"].to_numpy()), read_only(listed["hash"].to_numpy()))
