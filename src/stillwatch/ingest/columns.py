"""Rows of a Parquet file → the columns of an input table.

The same rules as for JSON, but the type is a column's, so they are applied to columns: a column of
the right type is taken, a whole number where it may stand for another type is turned into it, and
anything else becomes null and is counted, value by value. Instants may be Parquet's own.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import polars as pl

from stillwatch.domain.schema import Table
from stillwatch.ingest.records import ACCOUNT, LINE, LISTED, TIMES, Parsed, RowBuilder

_INT64: Final = 2**63


def parse_columns(frame: pl.DataFrame, table: Table, *, first_line: int) -> Parsed:
    """Bring native columns to the table's types.

    Grain:   one row per row; `line` is its number in the file, from 1.
    Nulls:   a missing column, and a value of the wrong type (counted in `nulled`).
    Order:   as given.
    """
    out: dict[str, pl.Series] = {}
    nulled: Counter[str] = Counter()
    for name, column in table.columns.items():
        if name not in frame.columns:
            out[name] = _nothing(name, column.dtype, frame.height)
            continue
        given = frame[name]
        out[name] = _convert(given, name, column.dtype)
        if column.nullable and (lost := out[name].null_count() - given.null_count()):
            nulled[name] = lost
    out[LINE] = pl.int_range(first_line, first_line + frame.height, eager=True).alias(LINE)
    return Parsed(pl.DataFrame(out), [], nulled)


def parse_rows(frame: pl.DataFrame, rows: RowBuilder, *, first_line: int) -> Parsed:
    """Read rows of another dialect one by one, as if each were a JSON document."""
    for line, document in enumerate(frame.to_dicts(), first_line):
        rows.add_document(document, line=line)
    return rows.finish()


def _convert(given: pl.Series, name: str, dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    found = given.dtype
    if isinstance(found, pl.Categorical | pl.Enum):
        given, found = given.cast(pl.String), pl.String()
    if name in TIMES:
        return _instants(given)
    if dtype == pl.String:
        taken = found == pl.String or (name == ACCOUNT and found.is_integer())
    elif name == LISTED and isinstance(found, pl.List):
        given, taken = given.list.len(), True
    elif name == LISTED and found == pl.Boolean:
        given, taken = given.cast(pl.Int64), True
    else:
        taken = found.is_numeric() or found == dtype
    cast = next(cast for base, cast in _CASTS if dtype == base)
    return cast(given) if taken else _nothing(name, dtype, given.len())


def _nothing(name: str, dtype: pl.DataType | type[pl.DataType], rows: int) -> pl.Series:
    return pl.repeat(None, rows, dtype=dtype, eager=True).alias(name)


def _whole(given: pl.Series) -> pl.Series:
    if given.dtype.is_integer():
        return given.cast(pl.Int64, strict=False)
    value = pl.col(given.name).cast(pl.Float64)
    fits = (value == value.floor()) & (value >= -_INT64) & (value < _INT64)
    exact = pl.when(fits).then(value).cast(pl.Int64, strict=False)
    return given.to_frame().select(exact).to_series()


def _number(given: pl.Series) -> pl.Series:
    value = pl.col(given.name).cast(pl.Float64)
    return given.to_frame().select(pl.when(value.is_finite()).then(value)).to_series()


def _yes(given: pl.Series) -> pl.Series:
    return given if given.dtype == pl.Boolean else given > 0


def _text(given: pl.Series) -> pl.Series:
    return given.cast(pl.String)


def _instants(given: pl.Series) -> pl.Series:
    """Write Parquet's own instants as epochs in microseconds; they are read with all others."""
    if isinstance(given.dtype, pl.Datetime | pl.Date):
        utc = given.cast(pl.Datetime("us"))
        return utc.dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ")
    return given.cast(pl.String, strict=False)


_CASTS: Final = (
    (pl.String, _text),
    (pl.Int64, _whole),
    (pl.Float64, _number),
    (pl.Boolean, _yes),
)
