"""Between the engine that the exchanges are on and Polars: frames brought here, and given there.

Beside *observe*: reads `OBSERVED` for it. What sees every exchange is written against Narwhals and
runs where the exchanges are, on Polars or on Spark; what it gives is brought here. On Polars a
column of lists can be read in batches, for kernels that need each hash for a moment: a run has
hundreds of millions of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import narwhals as nw
import polars as pl

from stillwatch.domain import limits


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


def split_batches(exchanges: nw.LazyFrame[Any], *columns: str) -> Iterator[nw.LazyFrame[Any]]:
    """Give some columns of exchanges on Polars, some exchanges at a time.

    Grain:   limits.BATCH_ROWS exchanges a frame. Order: as they come.
    Cost:    one pass; a batch is in memory at a time, and the next is being read.
    """
    picked: pl.LazyFrame = exchanges.select(*columns).to_native()
    for batch in picked.collect_batches(chunk_size=limits.BATCH_ROWS, maintain_order=True):
        yield nw.from_native(batch.lazy())
