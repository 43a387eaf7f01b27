"""A table whose address is its state: order, search, page, and what makes no sense there."""

from __future__ import annotations

import polars as pl
import pytest

from stillwatch.app.console.frame.exports import export_sheet
from stillwatch.app.console.frame.sheets import Column, Sheet, view_sheet

ROWS = pl.DataFrame(
    {
        "name": ["b", "a", "c", None],
        "size": [2, 30, None, 4],
        "tags": [["x", "y"], [], ["Z"], None],
        "hidden": ["p", "q", "r", "s"],
    }
)
SHEET = Sheet(
    "t",
    "Things",
    columns=(
        Column("name", "Name"),
        Column("size", "Size", "count"),
        Column("tags", "Tags", "words"),
    ),
    rows=ROWS,
    page_rows=3,
)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["b", "a", "c", None]),
        ({"t.sort": "name"}, ["a", "b", "c", None]),
        ({"t.sort": "-size"}, ["a", None, "b", "c"]),
        ({"t.sort": "hidden"}, ["b", "a", "c", None]),
        ({"t.find": "z"}, ["c"]),
        ({"t.find": "nothing"}, []),
        ({"u.find": "z"}, ["b", "a", "c", None]),
    ],
)
def test_the_address_orders_and_finds(query: dict[str, str], names: list[str | None]) -> None:
    """By columns that are shown; what is missing comes last."""
    assert view_sheet(SHEET, query).chosen["name"].to_list() == names


@pytest.mark.parametrize(
    ("asked", "page"), [("2", 2), ("9", 2), ("0", 1), ("x", 1), ("9" * 400, 1)]
)
def test_a_page_that_is_not_there_is_the_nearest(asked: str, page: int) -> None:
    """Nonsense is the first page, too far is the last."""
    view = view_sheet(SHEET, {"t.page": asked})
    assert (view.page, view.pages) == (page, 2)


def test_a_heading_turns_its_order_round() -> None:
    """Figures begin with the largest, words with the first; a second click turns either."""
    name, size, _ = SHEET.columns
    assert view_sheet(SHEET, {}).next_sort(size) == "-size"
    assert view_sheet(SHEET, {"t.sort": "-size"}).next_sort(size) == "size"
    assert view_sheet(SHEET, {}).next_sort(name) == "name"
    assert view_sheet(SHEET, {"t.sort": "name"}).direction("name") == "ascending"


def test_an_export_has_all_rows_that_were_found_and_every_column() -> None:
    """Not the page alone; in the order of the address."""
    sent = export_sheet(view_sheet(SHEET, {"t.sort": "name"}), form="csv", about="../x y")
    assert sent is not None
    assert sent.file_name == "..-x-y-t.csv"
    lines = sent.content.decode().splitlines()
    assert (len(lines), lines[0]) == (5, '"name","size","tags","hidden"')
    assert lines[2] == '"b","2","x | y","p"'
    assert export_sheet(view_sheet(SHEET, {}), form="exe") is None
