"""A lake in DuckDB: what manifests name, and nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from stillwatch.store.lake import Lake
from stillwatch.store.views import open_views


def test_a_table_is_a_view_of_all_its_appends_with_its_day(tmp_path: Path) -> None:
    """A column that came later is null before; files that no manifest names are not seen."""
    lake = Lake(tmp_path)
    lake.append("ours", pl.DataFrame({"day": [date(2026, 11, 22)], "n": [1]}))
    lake.append("ours", pl.DataFrame({"day": [date(2026, 11, 23)], "n": [2], "later": ["x"]}))
    lake.write("ours", pl.DataFrame({"day": [date(2026, 11, 23)], "n": [3]}))
    with open_views(tmp_path) as connection:
        rows = connection.execute("SELECT n, later FROM ours ORDER BY n").fetchall()
        listed = connection.execute('SELECT "table", "rows", files FROM tables').fetchall()
    assert rows == [(1, None), (2, "x")]
    assert listed == [("ours", 2, 2)]


def test_an_empty_lake_has_an_empty_list(tmp_path: Path) -> None:
    """No append, no view."""
    with open_views(tmp_path) as connection:
        assert connection.execute("SELECT * FROM tables").fetchall() == []
