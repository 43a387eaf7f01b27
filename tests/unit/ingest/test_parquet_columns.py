"""Parquet gives the same arrivals as lines, whatever types its columns have."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import orjson
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import EXCHANGE
from stillwatch.ingest import IngestSettings, find_traffic, parse_chunk, read_chunks
from stillwatch.ingest.columns import parse_columns
from stillwatch.ingest.parse import ArrivalChunk

KEY = PseudonymKey.from_bytes(bytes(range(16)))
ROWS = [
    {"exchange_id": "e1", "time": "2026-03-01T00:00:00Z", "account_id": "a", "max_tokens": 5},
    {"exchange_id": "e2", "time": "2026-03-02T00:00:00Z", "account_id": "b", "max_tokens": None},
]


def ingest(where: Path) -> ArrivalChunk:
    """Ingest a directory of one chunk."""
    chunks = list(read_chunks(find_traffic(where), settings=IngestSettings()))
    assert len(chunks) == 1
    return parse_chunk(chunks[0], settings=IngestSettings(), key=KEY)


@pytest.mark.parametrize("packed", [False, True])
def test_parquet_and_lines_give_the_same_arrivals(*, packed: bool, tmp_path: Path) -> None:
    """Also where the file is packed again."""
    lines, columns = tmp_path / "lines", tmp_path / "columns"
    lines.mkdir()
    columns.mkdir()
    (lines / "exchanges.jsonl").write_bytes(b"\n".join(orjson.dumps(row) for row in ROWS))
    pl.DataFrame(ROWS).write_parquet(columns / "exchanges.parquet")
    if packed:
        plain = columns / "exchanges.parquet"
        (columns / "exchanges.parquet.gz").write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    assert_frame_equal(ingest(lines).arrivals, ingest(columns).arrivals)


def test_another_dialect_may_come_as_parquet(tmp_path: Path) -> None:
    """Rows are then read as records, their nested columns as they are."""
    row = {
        "request_id": "r",
        "call_type": "acompletion",
        "startTime": datetime(2026, 3, 1, tzinfo=UTC),
        "team_id": "t",
        "messages": [{"role": "user", "content": "hi"}],
    }
    pl.DataFrame([row]).write_parquet(tmp_path / "exchanges.parquet")
    arrived = ingest(tmp_path).arrivals.row(0, named=True)
    assert (arrived["account_id"], arrived["prompt"]) == ("t", "hi")
    assert arrived["time"] == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "column", "values", "nulled"),
    [
        ("max_tokens", pl.Series([1.0, 1.5, None]), [1, None, None], 1),
        ("max_tokens", pl.Series([1, 2, 3], dtype=pl.UInt8), [1, 2, 3], 0),
        ("max_tokens", pl.Series(["1", None, "x"]), [None, None, None], 2),
        ("temperature", pl.Series([1, 2, None]), [1.0, 2.0, None], 0),
        ("temperature", pl.Series([1.0, float("nan"), None]), [1.0, None, None], 1),
        ("thinking", pl.Series([1, 0, None]), [True, False, None], 0),
        ("tools", pl.Series([[1, 2], [], None]), [2, 0, None], 0),
        ("tools", pl.Series([True, False, None]), [1, 0, None], 0),
        ("account_id", pl.Series([1, 2, 3]), ["1", "2", "3"], 0),
        ("model", pl.Series([1, 2, None]), [None, None, None], 2),
        ("model", pl.Series(["m", "n", None], dtype=pl.Categorical), ["m", "n", None], 0),
        ("time", pl.Series([5, 6, 7]), ["5", "6", "7"], 0),
    ],
)
def test_a_column_is_brought_to_its_type(
    name: str, column: pl.Series, values: list[object], nulled: int
) -> None:
    """By the rules for JSON; what is lost is counted."""
    parsed = parse_columns(column.alias(name).to_frame(), EXCHANGE, first_line=1)
    assert parsed.frame[name].to_list() == values
    assert parsed.frame[name].dtype == EXCHANGE.columns[name].dtype
    assert parsed.nulled[name] == nulled


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 3, 1, 12, 30, 0, 250000),  # noqa: DTZ001  a naive column is UTC
        datetime(2026, 3, 1, 12, 30, 0, 250000, tzinfo=UTC),
    ],
)
def test_an_instant_may_be_parquet_s_own(instant: datetime, tmp_path: Path) -> None:
    """With a zone or without; without one it is UTC."""
    row = {"time": instant, "account_id": "a"}
    for unit in ("ms", "us", "ns"):
        frame = pl.DataFrame([row]).with_columns(pl.col("time").dt.cast_time_unit(unit))
        frame.write_parquet(tmp_path / "exchanges.parquet")
        arrived = ingest(tmp_path).arrivals["time"][0]
        assert arrived == instant.replace(tzinfo=UTC)
