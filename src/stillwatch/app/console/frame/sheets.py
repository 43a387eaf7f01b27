"""A table on a page: its columns, its rows, and what the address says of order, search and page.

The one idea: the address is the state. `members.sort=-probability&members.find=acct&members.page=2`
sorts, searches and pages the sheet `members` with or without scripts, can be sent to a colleague,
and gives the same rows as a file with `export=members.csv` or `members.json` behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl

Kind = Literal[
    "text",
    "code",
    "words",
    "chip",
    "count",
    "share",
    "figure",
    "bits",
    "probability",
    "chance",
    "when",
    "day",
]
NUMBERS: Final = frozenset({"count", "share", "figure", "bits", "probability", "chance"})
PAGE_ROWS: Final = 50
"""Rows of a page of a sheet: two screens; the rest is a click or a scroll away."""
_FIND_CHARS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet."""

    name: str
    heading: str
    kind: Kind = "text"
    link: str = ""
    """Address of a page to which the cell leads, with `{}` for its value: `/account?id={}`."""
    note: str = ""
    """Column whose text stands below the value, small."""

    @property
    def is_number(self) -> bool:
        """Say whether it is set to the right."""
        return self.kind in NUMBERS


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: `rows` has at least the named columns; what else it has goes into exports alone."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: pl.DataFrame
    empty: str = "There is none."
    """What stands there without a row: say what to do."""
    sort: str = ""
    """Order where the address says none: a column, `-` before it for the largest first."""
    page_rows: int = PAGE_ROWS


@dataclass(frozen=True, slots=True)
class SheetView:
    """A sheet as the address wants it."""

    sheet: Sheet
    find: str
    sort: str
    page: int
    chosen: pl.DataFrame
    """All rows that were looked for, in their order: what is exported."""

    @property
    def pages(self) -> int:
        """Count its pages; without a row it has one."""
        return max(-(-self.chosen.height // self.sheet.page_rows), 1)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Give the rows of this page."""
        start = (self.page - 1) * self.sheet.page_rows
        return self.chosen.slice(start, self.sheet.page_rows).to_dicts()

    def key(self, name: str) -> str:
        """Name a part of its state in the address."""
        return f"{self.sheet.name}.{name}"

    def direction(self, column: str) -> str:
        """Say how a column is sorted, in the words of `aria-sort`."""
        return {column: "ascending", f"-{column}": "descending"}.get(self.sort, "none")

    def next_sort(self, column: Column) -> str:
        """Give the order that a click on a heading asks for: figures begin with the largest."""
        down, up = f"-{column.name}", column.name
        first, second = (down, up) if column.is_number or column.kind == "when" else (up, down)
        return second if self.sort == first else first


def view_sheet(sheet: Sheet, query: Mapping[str, str]) -> SheetView:
    """Read a sheet's state from the address; what makes no sense there is left out.

    Cost:    linear in its rows, and a sort.
    """
    names = {column.name for column in sheet.columns}
    sort = query.get(f"{sheet.name}.sort", "")
    if sort.removeprefix("-") not in names:
        sort = sheet.sort
    find = query.get(f"{sheet.name}.find", "").strip()[:_FIND_CHARS_MAX]
    chosen = _sorted(_found(sheet, find), sort)
    asked = query.get(f"{sheet.name}.page", "1")
    last = max(-(-chosen.height // sheet.page_rows), 1)
    page = min(max(int(asked), 1), last) if asked.isdecimal() and len(asked) < len("1000000") else 1
    return SheetView(sheet, find, sort, page, chosen)


def _found(sheet: Sheet, find: str) -> pl.DataFrame:
    """Keep rows that hold the text in some column of text, whatever the case of its letters."""
    if not find:
        return sheet.rows
    shown = {name for column in sheet.columns for name in (column.name, column.note) if name}
    texts = [
        pl.col(name).list.join(" ") if dtype == pl.List(pl.String) else pl.col(name)
        for name, dtype in sheet.rows.schema.items()
        if name in shown and dtype in (pl.String, pl.List(pl.String))
    ]
    low = find.lower()
    hits = [text.str.to_lowercase().str.contains(low, literal=True) for text in texts]
    return sheet.rows.filter(pl.any_horizontal(hits).fill_null(False)) if hits else sheet.rows


def _sorted(rows: pl.DataFrame, sort: str) -> pl.DataFrame:
    name = sort.removeprefix("-")
    if name not in rows.columns:
        return rows
    key = pl.col(name)
    if rows.schema[name] == pl.List(pl.String):
        key = key.list.join(" ")
    return rows.sort(key, descending=sort.startswith("-"), nulls_last=True, maintain_order=True)
