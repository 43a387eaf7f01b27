"""Plain JSON lines: the bytes are Polars' own, whatever the file system can do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import polars as pl
import pytest

from stillwatch_lab import json_lines


def frame_of(rows: int) -> pl.DataFrame:
    """Make rows of unequal length, with nulls and marks that JSON escapes."""
    texts = [None if i % 7 == 0 else f'"{i}"\n\\ é ' * (i % 5) for i in range(rows)]
    return pl.DataFrame(
        {"i": range(rows), "text": texts}, schema={"i": pl.Int64, "text": pl.String}
    )


@pytest.mark.parametrize("rows", [0, 1, 4096, 4097, 30_000])
@pytest.mark.parametrize("block", [4096, 2**20])
def test_lines_are_those_that_polars_writes(
    rows: int, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slices, blocks and the cut at the end leave no trace, nor does a file that was longer."""
    monkeypatch.setattr(json_lines, "_BLOCK_BYTES", block)
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"x" * 10_000)
    frame = frame_of(rows)
    json_lines.write_lines(frame, path)
    assert path.read_bytes() == frame.write_ndjson().encode()


@pytest.mark.parametrize("refused", ["open", "write"])
def test_a_file_system_that_knows_no_straight_way_gets_the_same_bytes(
    refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some refuse the flag when the file is opened, some when it is written."""
    straight = getattr(os, "O_DIRECT", 0)
    real_open, real_write, first = os.open, os.write, [True]

    def picky_open(path: Path, flags: int, mode: int = 0o777) -> int:
        if refused == "open" and flags & straight:
            raise OSError(errno.EINVAL, "no such way")
        return real_open(path, flags, mode)

    def picky_write(file: int, data: memoryview) -> int:
        if refused == "write" and first.pop() if first else False:
            raise OSError(errno.EINVAL, "no such way")
        return real_write(file, data)

    monkeypatch.setattr(json_lines.os, "open", picky_open)
    monkeypatch.setattr(json_lines.os, "write", picky_write)
    frame = frame_of(5_000)
    json_lines.write_lines(frame, tmp_path / "lines.jsonl")
    monkeypatch.undo()
    assert (tmp_path / "lines.jsonl").read_bytes() == frame.write_ndjson().encode()


def test_a_true_fault_is_no_secret(tmp_path: Path) -> None:
    """A folder that isn't there stays a fault."""
    with pytest.raises(FileNotFoundError):
        json_lines.write_lines(frame_of(3), tmp_path / "nowhere" / "lines.jsonl")
