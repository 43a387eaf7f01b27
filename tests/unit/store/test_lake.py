"""The lake: appends are whole, days are folders, anybody can read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread

import duckdb
import polars as pl
import pytest

from stillwatch.domain.errors import InputError
from stillwatch.domain.tables import OBSERVED
from stillwatch.store import appends as appends_module
from stillwatch.store.lake import Lake

_START = datetime(2026, 11, 20, 22, tzinfo=UTC)


def _hours(count: int, *, first: int = 0) -> pl.DataFrame:
    hours = range(first, first + count)
    return pl.DataFrame(
        {"time": [_START + timedelta(hours=hour) for hour in hours], "n": list(hours)},
        schema_overrides={"time": pl.Datetime("us", "UTC")},
    )


@pytest.mark.parametrize("lasts", [True, False])
def test_what_is_appended_is_read_back(tmp_path: Path, *, lasts: bool) -> None:
    """Rows of all appends come back once each, with their values and types."""
    lake = Lake(tmp_path, lasts=lasts)
    lake.append("ours", _hours(5))
    lake.append("ours", _hours(3, first=5))
    back = lake.scan("ours").collect().sort("n")
    assert back.equals(_hours(8))


def test_days_are_utc_folders(tmp_path: Path) -> None:
    """Rows rest in the folder of their UTC day, and `days` lists those days."""
    lake = Lake(tmp_path)
    lake.append("ours", _hours(5))
    lake.append("undated", pl.DataFrame({"n": [1]}))
    assert lake.days() == [date(2026, 11, 20), date(2026, 11, 21)]
    folders = {path.parent.name for path in (tmp_path / "ours").rglob("*.parquet")}
    assert folders == {"day=2026-11-20", "day=2026-11-21"}
    assert lake.scan("undated").collect()["n"].to_list() == [1]


def test_an_append_that_dies_before_its_manifest_is_invisible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that no manifest names are passed by, and the next append goes through."""
    lake = Lake(tmp_path)
    lake.append("ours", _hours(2))

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(appends_module, "create_file", die)
        with pytest.raises(KeyboardInterrupt):
            lake.append("ours", _hours(90, first=2))
    assert lake.scan("ours").collect().height == 2
    assert lake.days() == [date(2026, 11, 20)]
    lake.append("ours", _hours(1, first=2))
    assert lake.scan("ours").collect().height == 3


def test_two_writers_never_take_one_number(tmp_path: Path) -> None:
    """Appends from several threads are all there."""
    writers = [
        Thread(target=Lake(tmp_path).append, args=("ours", _hours(1, first=n))) for n in range(8)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(Lake(tmp_path).scan("ours").collect()["n"]) == list(range(8))


def test_another_engine_reads_the_days(tmp_path: Path) -> None:
    """DuckDB counts the same rows by day from the files alone."""
    Lake(tmp_path).append("ours", _hours(5))
    files = f"{tmp_path}/ours/*/*.parquet"
    query = "SELECT day::VARCHAR, count(*) FROM read_parquet(?, hive_partitioning=true) GROUP BY 1"
    found = duckdb.execute(query, [files]).fetchall()
    assert sorted(found) == [("2026-11-20", 2), ("2026-11-21", 3)]


def test_a_table_of_the_house_is_empty_before_its_first_append(tmp_path: Path) -> None:
    """Known tables have their columns from the start; an unknown name is an error."""
    assert Lake(tmp_path).scan("observed").collect_schema() == OBSERVED.schema
    with pytest.raises(InputError, match="no table nonsense"):
        Lake(tmp_path).scan("nonsense")
