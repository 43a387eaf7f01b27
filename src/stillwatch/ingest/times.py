"""Instants as logs write them, read column by column: text or epoch → UTC microseconds.

RFC 3339 (a missing zone is UTC) or an epoch number whose unit is told by its size: seconds up to
1e11 (the year 5138), then milliseconds, microseconds, nanoseconds. What can't be read is null; the
caller decides whether that rejects the record.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import polars as pl

from stillwatch.domain.schema import UTC_TIME

_SECONDS_MAX: Final = 10**11
_STEP: Final = 1000
_US_PER_S: Final = 1_000_000
_EPOCH: Final = r"^[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?$"
_ZONED: Final = r"(?:[zZ]|[+-]\d\d:?\d\d)$"
_HOURS_ZONED: Final = r":\d\d(?:\.\d+)?[+-]\d\d$"
_YEARS: Final = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))


def read_instants(texts: pl.Series) -> pl.Series:
    """Read a column of instants.

    Grain:   one UTC_TIME per row. Nulls: what is no instant is null, as null is.
    Units:   microseconds; finer digits are cut off.
    Cost:    one pass where all rows are RFC 3339 with a zone.
    """
    name = texts.name
    instants = texts.str.to_datetime("%+", strict=False, time_unit="us", time_zone="UTC")
    if instants.null_count() > texts.null_count():
        rest = texts.to_frame("t").select(
            pl.coalesce(pl.lit(instants), _epoch(pl.col("t")), _unzoned(pl.col("t")))
        )
        instants = rest.to_series()
    in_range = instants.is_between(*_YEARS)
    if not in_range.all():
        instants = instants.to_frame("t").select(pl.when(in_range).then(pl.col("t"))).to_series()
    return instants.cast(UTC_TIME).alias(name)


def read_instant(value: object) -> float | None:
    """Read one instant as epoch seconds, for readers that need a difference of two."""
    text = value if isinstance(value, str) else str(value)
    instant = read_instants(pl.Series([text]))[0]
    return None if instant is None else float(instant.timestamp())


def _epoch(text: pl.Expr) -> pl.Expr:
    number = pl.when(text.str.contains(_EPOCH)).then(text)
    whole = number.cast(pl.Int64, strict=False)
    broken = number.cast(pl.Float64, strict=False)
    exact = _scaled(whole, whole.abs(), whole=True)
    near = _scaled(broken, broken.abs(), whole=False).round().cast(pl.Int64, strict=False)
    return pl.coalesce(exact, near).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _scaled(number: pl.Expr, size: pl.Expr, *, whole: bool) -> pl.Expr:
    """Bring an epoch of unknown unit to microseconds."""
    fine = number.floordiv(_STEP) if whole else number / _STEP
    return (
        pl.when(size < _SECONDS_MAX)
        .then(number * _US_PER_S)
        .when(size < _SECONDS_MAX * _STEP)
        .then(number * _STEP)
        .when(size < _SECONDS_MAX * _STEP**2)
        .then(number)
        .otherwise(fine)
    )


def _unzoned(text: pl.Expr) -> pl.Expr:
    """Read text without a zone as UTC, with a zone in hours alone, or a bare date."""
    clean = text.str.strip_chars()
    dated = pl.when(clean.str.contains(r"^\d{4}-\d\d-\d\d$")).then(clean + "T00:00:00Z")
    zoned = pl.when(clean.str.contains(_HOURS_ZONED)).then(clean + "00")
    bare = pl.when(~clean.str.contains(_ZONED)).then(clean + "Z")
    whole = pl.coalesce(dated, zoned, bare)
    return whole.str.to_datetime("%+", strict=False, time_unit="us", time_zone="UTC")
