"""Observed exchanges and registers written by hand: every column that is not named is null."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals as nw
import polars as pl

from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import LAUNCH, OBSERVED, REGISTER

KEY = PseudonymKey.from_bytes(bytes(range(16)))
DAY = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
FIRST_HOUR = int(DAY.timestamp()) // 3600


def observed(*rows: dict[str, Any]) -> pl.DataFrame:
    """Make OBSERVED rows with their row number; `at` is in hours after `DAY`."""
    full = [
        {
            "exchange_id": f"x{k:04d}",
            "time": DAY + dt.timedelta(hours=row.get("at", 0)),
            "hour": FIRST_HOUR + int(row.get("at", 0)),
            "source_file": 0,
            "source_line": k + 1,
            "record_hash": k,
            **{name: value for name, value in row.items() if name != "at"},
        }
        for k, row in enumerate(rows)
    ]
    frame = pl.DataFrame(full, schema_overrides={**OBSERVED.schema}, infer_schema_length=None)
    return OBSERVED.conform(frame).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))


def lazy(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    """The same for the stages: Narwhals over Polars."""
    return nw.from_native(frame.lazy())


def collected(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    """Back to Polars."""
    native: pl.DataFrame = frame.collect().to_native()
    return native


def registered(*rows: dict[str, Any]) -> pl.DataFrame:
    """Make REGISTER rows; `created` is in hours after `DAY`."""
    full = [
        {
            "created_at": None
            if row.get("created") is None
            else DAY + dt.timedelta(hours=row["created"]),
            **{name: value for name, value in row.items() if name != "created"},
        }
        for row in rows
    ]
    return REGISTER.conform(
        pl.DataFrame(full, schema_overrides={**REGISTER.schema}, infer_schema_length=None)
    )


def launched(**hours: float) -> pl.DataFrame:
    """Make LAUNCH rows: model and hours after `DAY`."""
    at = [DAY + dt.timedelta(hours=h) for h in hours.values()]
    return LAUNCH.conform(pl.DataFrame({"model": list(hours), "released_at": at}))
