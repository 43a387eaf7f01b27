"""Rows of the ledger as tables of a page; columns say the types, so that an empty one has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, TypeVar

import polars as pl

from stillwatch.app.console.frame.sheets import Column, Sheet
from stillwatch.store.ledger.nouns import Row
from stillwatch.store.ledger.views import View

RowT = TypeVar("RowT", bound=Row)
LISTED_MAX: Final = 5_000
"""Rows of one kind that a page lists: the newest; a person looks at some screens of them."""
_KINDS: Final[Mapping[str, Any]] = {
    "when": pl.Datetime("us", "UTC"),
    "words": pl.List(pl.String),
    "count": pl.Int64,
    "share": pl.Float64,
    "probability": pl.Float64,
    "chance": pl.Float64,
    "figure": pl.Float64,
    "bits": pl.Float64,
}


def sheet_of(
    name: str,
    caption: str,
    *,
    columns: tuple[Column, ...],
    rows: Iterable[Mapping[str, Any]],
    **more: Any,  # noqa: ANN401  what a Sheet takes besides
) -> Sheet:
    """Make a table; what its columns don't name is left out, of exports too."""
    schema = {one.name: _KINDS.get(one.kind, pl.String) for one in columns}
    schema |= {one.note: pl.String for one in columns if one.note}
    data = [{key: _plain(row.get(key)) for key in schema} for row in rows]
    return Sheet(name, caption, columns, pl.DataFrame(data, schema=schema, orient="row"), **more)


def plain_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Give rows as mappings."""
    return [asdict(row) for row in rows]


def list_newest(view: View, row: type[RowT], **equal: str) -> list[RowT]:
    """List the newest rows of a kind, LISTED_MAX at most, that have some values."""
    return list(view.list(row, limit=LISTED_MAX, **equal).rows)


def list_with(view: View, row: type[RowT], field: str, values: Iterable[str]) -> list[RowT]:
    """List the newest rows of a kind whose field has one of some values."""
    found = [one for value in values for one in list_newest(view, row, **{field: value})]
    return found[:LISTED_MAX]


def _plain(value: Any) -> Any:  # noqa: ANN401  a field of a row
    return list(value) if isinstance(value, tuple) else value
