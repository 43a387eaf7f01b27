"""The lake: appends are whole, days are folders, anybody can read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from string import ascii_lowercase
from threading import Thread

import duckdb
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from stillwatch.domain.errors import InputError
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import ARRIVAL, OBSERVED
from stillwatch.observe import load_tactics, observe_arrivals
from stillwatch.store import appends as appends_module
from stillwatch.store.lake import Lake

_START = datetime(2026, 11, 20, 22, tzinfo=UTC)
_HASH_BYTES_MAX = 7.4
_ROW_BYTES_MAX = 124


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


def test_a_hash_of_content_takes_seven_bytes(tmp_path: Path) -> None:
    """In lists and alone, as plain numbers under Zstandard; one of 64 bits takes 8.

    So a row of a prompt of 30 words that nobody else says takes 117 bytes with its ten hashes; no
    names of addresses or cards are in it.
    """
    words = np.random.default_rng(7).integers(0, 26**3, (4_000, 30))
    letters = ["".join(three) for three in product(ascii_lowercase, repeat=3)]
    arrivals = ARRIVAL.conform(
        pl.DataFrame(
            {
                "exchange_id": [f"ex-{row:06d}" for row in range(len(words))],
                "account_id": [f"acct-{row % 50}" for row in range(len(words))],
                "time": [_START + timedelta(seconds=row) for row in range(len(words))],
                "record_hash": np.random.default_rng(8).integers(-(2**63), 2**63, len(words)),
                "source_file": 0,
                "source_line": range(len(words)),
                "prompt": [" ".join(letters[n] for n in row) for row in words],
            },
            schema_overrides={"time": pl.Datetime("us", "UTC")},
        )
    )
    rows = observe_arrivals(arrivals, key=PseudonymKey(1, 2), model=load_tactics())
    taken: dict[str, int] = {}
    for part in Lake(tmp_path).append("observed", rows):
        about = pq.ParquetFile(part).metadata
        for group in range(about.num_row_groups):
            for place in range(about.num_columns):
                column = about.row_group(group).column(place)
                name = column.path_in_schema.split(".")[0]
                taken[name] = taken.get(name, 0) + column.total_compressed_size
    assert taken["prompt_hash"] < _HASH_BYTES_MAX * len(rows)
    for name in ("sketch", "gist"):
        assert taken[name] < _HASH_BYTES_MAX * rows[name].list.len().sum()
    assert sum(taken.values()) < _ROW_BYTES_MAX * len(rows)
