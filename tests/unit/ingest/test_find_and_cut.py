"""From a directory to chunks: which files, in which order, hashed, cut at line breaks."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import sys
from pathlib import Path

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.ingest import IngestSettings, find_traffic, read_chunks
from stillwatch.ingest.sources.cut import LineCutter
from stillwatch.ingest.sources.documents import one_document_a_line
from stillwatch.ingest.sources.scan import count_breaks, may_hide_surrogate
from stillwatch.ingest.sources.sniff import sniff
from stillwatch.ingest.sources.unpack import ByteStream

NATIVE = IngestSettings(format="native")


def test_the_directory_s_own_files_are_found_in_the_order_of_names(tmp_path: Path) -> None:
    """Folders are never entered, other endings are named and left, kinds are told by name."""
    for name in (
        "exchanges-b.jsonl.gz",
        "exchanges-a.parquet",
        "exchanges.json.zst",
        "exchanges.csv",
        "accounts.ndjson",
        "releases.json",
        "permissions.jsonl",
        "notes.jsonl",
    ):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "exchanges.jsonl").write_bytes(b"")
    (tmp_path / "exchanges-folder.jsonl").mkdir()
    found = find_traffic(tmp_path)
    assert found.names == ("exchanges-a.parquet", "exchanges-b.jsonl.gz", "exchanges.json.zst")
    assert [p.name for p in (*found.accounts, *found.releases, *found.permissions)] == [
        "accounts.ndjson",
        "releases.json",
        "permissions.jsonl",
    ]
    assert found.ignored == ("exchanges.csv",)


def test_standard_input_is_read_as_exchanges(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` is one file of that name, packed or not, its dialect told from its head."""
    line = b'{"time": 1767225600, "account_id": "a"}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(line))))
    files = find_traffic(Path("-"))
    reader = read_chunks(files, settings=IngestSettings())
    chunks = list(reader)
    assert [(c.name, c.dialect, c.data) for c in chunks] == [("-", "native", line)]
    assert [each.name for each in reader.inputs] == ["-"]


def test_every_input_is_hashed_as_it_is_stored(tmp_path: Path) -> None:
    """Size and SHA-256 are those of the file, packed or not, once the chunks are read."""
    lines = b'{"time": 1, "account_id": "a"}\n' * 5
    contents = {
        "exchanges-1.jsonl": lines,
        "exchanges-2.jsonl.gz": gzip.compress(lines) + gzip.compress(lines),
        "exchanges-3.jsonl.zst": zstandard.compress(lines) + zstandard.compress(lines),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    reader = read_chunks(find_traffic(tmp_path), settings=NATIVE)
    chunks = list(reader)
    assert [c.data for c in chunks] == [lines, lines * 2, lines * 2]
    assert [(i.name, i.size, i.sha256) for i in reader.inputs] == [
        (name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    ]


@given(
    lines=st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")), max_size=12),
    block=st.integers(1, 40),
    run_bytes=st.integers(1, 60),
    ends=st.booleans(),
)
def test_runs_are_whole_lines_and_lose_nothing(
    lines: list[bytes], block: int, run_bytes: int, *, ends: bool
) -> None:
    """Joined, the runs are the stream; each begins at the line that it says."""
    data = b"\n".join(lines) + (b"\n" if ends else b"")
    blocks = (data[at : at + block] for at in range(0, len(data), block))
    runs = list(LineCutter(run_bytes=run_bytes).cut(blocks, ByteStream(Path("unused"))))
    assert b"".join(run.data for run in runs) == data
    for run in runs:
        before = sum(len(each.data) for each in runs[: runs.index(run)])
        assert run.first_line == data[:before].count(b"\n") + 1
        assert run.lines == run.data.count(b"\n") + (not run.data.endswith(b"\n"))
    assert all(run.data.endswith(b"\n") for run in runs[:-1])


def test_breaks_are_counted_over_all_parts_of_a_run() -> None:
    """A run of many parts, and a last one that is not full."""
    data = b"ab\n" * 300_001 + b"c"
    assert count_breaks(data) == data.count(b"\n")


@given(st.lists(st.sampled_from([b"\n", b"x", b"\\", b"u", b"0", b"d", b"D", b"8"])).map(b"".join))
def test_a_scan_counts_breaks_and_misses_no_surrogate(data: bytes) -> None:
    """Line breaks are counted as Python counts them; no half of a pair goes by unseen."""
    assert count_breaks(data) == data.count(b"\n")
    if re.search(rb"\\u(?:[dD][89a-fA-F]..|0000)", data):
        assert may_hide_surrogate(data)
    if b"\\u" not in data:
        assert not may_hide_surrogate(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(max_size=4), json_values)), st.integers(1, 50))
def test_an_array_becomes_one_document_a_line(documents: list[object], block: int) -> None:
    """Whatever is in the documents, and wherever blocks are cut, each comes out on its line."""
    for indent in (None, 2):
        data = json.dumps(documents, indent=indent).encode()
        blocks = (data[at : at + block] for at in range(0, len(data), block))
        out = b"".join(one_document_a_line(blocks))
        lines = [line for line in out.split(b"\n") if line.strip()]
        assert [json.loads(line) for line in lines] == documents


@pytest.mark.parametrize(
    ("head", "spread"),
    [
        (b'{"time": 1}\n{"time": 2}\n', False),
        (b'[{"time": 1}, {"time": 2}]', True),
        (b'[\n  {"time": 1},\n  {"time": 2}\n]\n', True),
        (b'[\n{"time": 1}\n]\n', True),
        (b'{\n  "time": 1\n}\n', True),
        (b'{\n{"time": 2}\n', False),
        (b'[\n{"time": 2}\n{"time": 3}\n', False),
        (b'[1, 2]\n{"time": 2}\n', False),
        (b'[{"time": 1}]\n[{"time": 2}]\n', False),
        (b'{"time": \n{"time": 2}\n', False),
        (b"", False),
    ],
)
def test_the_layout_is_told_from_the_first_lines(head: bytes, *, spread: bool) -> None:
    """One broken line never makes a document out of the sound ones after it."""
    assert sniff(head).spread is spread


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """Some exporters write one; it is no part of the first record."""
    (tmp_path / "exchanges.jsonl").write_bytes(b"\xef\xbb\xbf" + orjson.dumps({"time": 1}))
    chunks = list(read_chunks(find_traffic(tmp_path), settings=NATIVE))
    assert [c.data for c in chunks] == [b'{"time":1}']
