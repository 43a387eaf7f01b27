"""However the same records are laid out, in whatever order and pieces, findings are the same."""

from __future__ import annotations

import gzip
import hashlib
import random
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from stillwatch.app import arrive
from stillwatch.app.pipeline import run_scan
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import ScanRequest
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.ingest import read_chunks
from stillwatch_lab.simulate import Output, simulate

KEY = PseudonymKey.from_bytes(bytes(range(16)))
NOW = datetime(2026, 1, 31, tzinfo=UTC)
TABLES = ("accounts", "groups", "campaigns", "exchanges", "evidence", "harvest", "templates")
_CHUNK_MIN, _CHUNK_MAX = 2 * 2**20, 16 * 2**20
"""Bytes of a chunk: from a thousand records to a fifth of the log."""

Lines = list[bytes]
Packed = dict[str, bytes]


@dataclass(frozen=True)
class Layout:
    """One way to lay out the log: order, pieces, packing, and how it is read."""

    seed: int
    files: int
    packing: str
    chunk_bytes: int
    append_rows: int


LAYOUTS = st.builds(
    Layout,
    seed=st.integers(0, 2**16),
    files=st.integers(1, 4),
    packing=st.sampled_from(["jsonl", "jsonl.gz", "jsonl.zst", "parquet"]),
    chunk_bytes=st.integers(_CHUNK_MIN, _CHUNK_MAX),
    append_rows=st.integers(1_000, 50_000),
)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a demo of 600 accounts, three campaigns among them."""
    folder = tmp_path_factory.mktemp("demo") / "traffic"
    simulate("demo", out=folder, scale=0.05, seed=3, output=Output("jsonl"))
    return folder


@pytest.fixture(scope="module")
def tables(log: Path) -> Packed:
    """Give the tables of the log as the lab wrote it."""
    return scan(log)


def scan(traffic: Path) -> Packed:
    """Scan a directory, and give the hash of each table's bytes."""
    with tempfile.TemporaryDirectory() as place:
        request = ScanRequest(traffic=traffic, out=Path(place, "run"))
        run_scan(request, settings=Settings(), key=KEY, now=NOW, progress=QuietProgress())
        assert len(pl.read_parquet(request.out / "campaigns.parquet")) >= 2
        return {
            name: hashlib.sha256((request.out / f"{name}.parquet").read_bytes()).digest()
            for name in TABLES
        }


def lay_out(log: Path, folder: Path, layout: Layout) -> None:
    """Write the log's records into a directory as a layout says."""
    for kind in ("accounts", "permissions", "releases"):
        (folder / f"{kind}.jsonl").symlink_to(log / f"{kind}.jsonl")
    lines = (log / "exchanges-0000.jsonl").read_bytes().splitlines(keepends=True)
    random.Random(layout.seed).shuffle(lines)
    for k in range(layout.files):
        name = folder / f"exchanges-{k}.{layout.packing}"
        name.write_bytes(pack(lines[k :: layout.files], layout.packing))


def pack(lines: Lines, packing: str) -> bytes:
    """Write lines as a file of one kind."""
    if packing.endswith(".gz"):
        return gzip.compress(b"".join(lines), compresslevel=1)
    if packing.endswith(".zst"):
        return zstandard.compress(b"".join(lines), 1)
    if packing == "parquet":
        rows = pl.DataFrame([orjson.loads(line) for line in lines], infer_schema_length=None)
        return write_parquet(rows)
    return b"".join(lines)


def write_parquet(rows: pl.DataFrame) -> bytes:
    """Give a frame as the bytes of a Parquet file."""
    with tempfile.TemporaryFile() as file:
        rows.write_parquet(file)
        file.seek(0)
        return file.read()


@settings(
    max_examples=2,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@example(layout=Layout(7, 3, "jsonl.gz", _CHUNK_MIN, 5_000))
@given(layout=LAYOUTS)
def test_layout_changes_nothing(log: Path, tables: Packed, layout: Layout) -> None:
    """Shuffled, split, packed and read in other pieces: every table is the same, byte for byte."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as place:
        other: Any = partial(read_chunks, chunk_bytes=layout.chunk_bytes)
        patch.setattr(arrive, "read_chunks", other)
        patch.setattr(arrive, "_APPEND_ROWS", layout.append_rows)
        lay_out(log, Path(place), layout)
        assert scan(Path(place)) == tables


def test_two_runs_with_one_key_give_the_same_bytes(log: Path, tables: Packed) -> None:
    """Nothing of the clock, the process or the threads gets into a table."""
    assert scan(log) == tables
