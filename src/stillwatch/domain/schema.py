"""What a table is: a name, a grain, and columns with a type, a nullability and a sentence.

`tables.py` writes every table of the house down with these; `check_frame` is the code that holds
a frame to them, and `json_schema` publishes the same thing to people outside (`stillwatch schema`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

UTC_TIME = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, whether it may be null, and what it says."""

    dtype: pl.DataType | type[pl.DataType]
    says: str
    nullable: bool = True
    values: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Further JSON types that a record may carry the value in (an epoch is a number)."""
    came_later: bool = False
    """Files of before lack it; where it holds nothing, a file is written without it, as before."""


def optional(dtype: pl.DataType | type[pl.DataType], says: str) -> Column:
    """Describe a column that may be null.

    Nulls:   allowed.
    """
    return Column(dtype, says)


def required(dtype: pl.DataType | type[pl.DataType], says: str, *values: str) -> Column:
    """Describe a column that is never null, with its closed list of words where it has one.

    Nulls:   none.
    """
    return Column(dtype, says, nullable=False, values=values)


def later(dtype: pl.DataType | type[pl.DataType], says: str) -> Column:
    """Describe a column that may be null and that older files lack.

    Nulls:   allowed; so is its absence.
    """
    return Column(dtype, says, came_later=True)


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what one row is, and its columns in order."""

    name: str
    grain: str
    columns: Mapping[str, Column] = field(default_factory=dict)

    @property
    def schema(self) -> pl.Schema:
        """The Polars schema, in column order."""
        return pl.Schema({name: column.dtype for name, column in self.columns.items()})

    @property
    def later(self) -> tuple[str, ...]:
        """The columns that older files lack."""
        return tuple(name for name, column in self.columns.items() if column.came_later)

    def empty(self) -> pl.DataFrame:
        """A frame of this table without rows."""
        return pl.DataFrame(schema=self.schema)

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Bring a frame to this table's columns, order and types.

        Grain:   unchanged. Nulls: a missing nullable column becomes null.

        Raises:
            AssertionError: a required column is missing or holds a null; that is a bug of ours.
        """
        schema = frame.schema  # made anew at each look
        picked = [
            _as_type(name, column, schema[name])
            if name in schema
            else pl.lit(None, dtype=column.dtype).alias(name)
            for name, column in self.columns.items()
        ]
        return check_frame(frame.select(picked), self)

    def leave_out_unused(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Leave out the columns that came later and hold nothing here.

        Grain:   unchanged. Nulls: a frame that was written before is written as it was.
        """
        there = [name for name in self.later if name in frame.columns]
        return frame.drop(name for name in there if frame[name].null_count() == len(frame))


def _as_type(name: str, column: Column, found: pl.DataType) -> pl.Expr:
    """Give a column in its type: as it is where it has that, which costs nothing."""
    return pl.col(name) if found == column.dtype else pl.col(name).cast(column.dtype)


def check_frame(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Return the frame if it has the table's columns, types and no forbidden null.

    Words may be numbered (Enum): what passes from stage to stage in millions of rows is. A column
    that came later may be absent.

    Raises:
        AssertionError: it has not; a frame between stages that breaks its schema is a bug.
    """
    schema = frame.schema  # made anew at each look
    for name, column in table.columns.items():
        if column.came_later and name not in schema:
            continue
        assert name in schema, f"{table.name} lacks {name}"  # noqa: S101  not a trust boundary
        found = pl.String() if schema[name] == pl.Enum else schema[name]
        assert found == column.dtype, f"{table.name}.{name} is {found}, not {column.dtype}"  # noqa: S101
        if not column.nullable:
            assert frame[name].null_count() == 0, f"{table.name}.{name} holds a null"  # noqa: S101
    return frame


_JSON_TYPES: tuple[tuple[type[pl.DataType], str, str], ...] = (
    (pl.String, "string", ""),
    (pl.Boolean, "boolean", ""),
    (pl.Int64, "integer", ""),
    (pl.Int32, "integer", ""),
    (pl.Float64, "number", ""),
    (pl.Float32, "number", ""),
    (pl.Datetime, "string", "date-time"),
    (pl.Date, "string", "date"),
    (pl.List, "array", ""),
    (pl.Binary, "string", "binary"),
)


def _json_type(kind: str, column: Column) -> str | list[str]:
    kinds = [kind, *column.also, *(["null"] if column.nullable else [])]
    return kinds if len(kinds) > 1 else kind


def json_schema(table: Table) -> dict[str, object]:
    """Publish a table as a JSON Schema (draft 2020-12) of one record."""
    properties: dict[str, object] = {}
    for name, column in table.columns.items():
        kind, form = next((kind, form) for base, kind, form in _JSON_TYPES if column.dtype == base)
        entry: dict[str, object] = {
            "description": column.says,
            "type": _json_type(kind, column),
        }
        if form:
            entry["format"] = form
        if column.values:
            entry["enum"] = [*column.values, None] if column.nullable else list(column.values)
        if kind == "array":
            inner = getattr(column.dtype, "inner", pl.String)
            entry["items"] = {"type": next(k for base, k, _ in _JSON_TYPES if inner == base)}
        properties[name] = entry
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": table.name,
        "description": f"One record is {table.grain}.",
        "type": "object",
        "properties": properties,
        "required": [name for name, column in table.columns.items() if not column.nullable],
        "additionalProperties": True,
    }
