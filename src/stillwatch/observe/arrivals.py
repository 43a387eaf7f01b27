"""From arrivals to what the lake keeps: the text goes in here and nowhere further.

First step of *observe*: reads `ARRIVAL`, writes `OBSERVED`. One pass of the content kernel over
the text gives sketch, embedding, tactic and capability; the text columns end here.
"""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import OBSERVED
from stillwatch.observe.content import ReplayIndex, TacticsModel, sketch_batch

_US_PER_HOUR = 3_600_000_000
"""Microseconds of an hour."""


def observe_arrivals(
    arrivals: pl.DataFrame,
    *,
    key: PseudonymKey,
    model: TacticsModel,
    replay: ReplayIndex | None = None,
) -> pl.DataFrame:
    """Turn one chunk of arrivals into observed exchanges.

    Grain:   one OBSERVED row per ARRIVAL row, order kept.
    Nulls:   an exchange without a prompt has null observations: no evidence, not innocence.
    Cost:    linear in bytes of text; the kernel holds no lock on the interpreter.
    """
    if not len(arrivals):
        return OBSERVED.empty()
    text = arrivals.select("system", "prompt", "response").to_arrow().combine_chunks()
    (batch,) = text.to_batches() or [pa.RecordBatch.from_pylist([], text.schema)]
    observations = pl.from_arrow(sketch_batch(batch, key=key, model=model, replay=replay))
    if not isinstance(observations, pl.DataFrame):
        message = f"the content kernel gave {type(observations).__name__}, not a frame"
        raise TypeError(message)
    hour = (pl.col("time").dt.epoch("us") // _US_PER_HOUR).alias("hour")
    return OBSERVED.conform(
        arrivals.drop("system", "prompt", "response").with_columns(hour).hstack(observations)
    )
