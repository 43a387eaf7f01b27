"""`kill -9` in the middle of a real scan: no result, no readable half; the next run succeeds."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from whole_runs import Command

_SCAN = (sys.executable, "-c", "from stillwatch.app.cli import main; main()", "scan")
_PATIENCE_S = 60
"""Seconds until a moment has to have come: a cold interpreter on a busy machine."""
_LOOK_S = 0.005
_HALF_BYTES = 40 * 2**20
"""Of the log's 85 MiB: more than one chunk, so that some of it is being sketched."""


def _wait_for(has_come: Callable[[], bool], scan: subprocess.Popen[bytes]) -> None:
    began = time.monotonic()
    while not has_come():
        assert scan.poll() is None, "the scan ended before the moment came"
        assert time.monotonic() - began < _PATIENCE_S, "the moment never came"
        time.sleep(_LOOK_S)


def _drafts(out: Path) -> list[Path]:
    return [path for path in out.parent.iterdir() if path != out]


def _own_draft(out: Path, scan: subprocess.Popen[bytes]) -> Path:
    return out.with_name(f".{out.name}.partial-{scan.pid}")


def _kill(scan: subprocess.Popen[bytes]) -> None:
    scan.send_signal(signal.SIGKILL)
    assert scan.wait(_PATIENCE_S) == -signal.SIGKILL


def _kill_while_reading(demo: Path, out: Path, environment: dict[str, str]) -> Path:
    """Half of the log has come through a pipe, and the scan waits for the rest."""
    with subprocess.Popen(
        [*_SCAN, "-", "--out", str(out)], stdin=subprocess.PIPE, env=environment
    ) as scan:
        assert scan.stdin is not None
        with (demo / "exchanges-0000.jsonl").open("rb") as log:
            scan.stdin.write(log.read(_HALF_BYTES))  # returns when all but a pipe's worth is read
        _wait_for(lambda: _own_draft(out, scan).exists(), scan)
        _kill(scan)
    return _own_draft(out, scan)


def _kill_when(
    name: str, demo: Path, *, out: Path, environment: dict[str, str], before: str
) -> Path:
    """A file of the draft is there, and a later one isn't yet."""
    with subprocess.Popen([*_SCAN, str(demo), "--out", str(out)], env=environment) as scan:
        draft = _own_draft(out, scan)
        _wait_for((draft / name).exists, scan)
        _kill(scan)
    assert not (draft / before).exists(), "the moment was missed"
    return draft


def _nothing_is_readable(command: Command, out: Path, draft: Path) -> None:
    assert not out.exists()
    assert _drafts(out) == [draft], "what earlier runs left is gone, this one's draft is hidden"
    for place in (out, draft):
        for asked in (("explain", "a"), ("revert", "d")):
            found = command(*asked, "--result", place, code=2)
            assert "no result directory" in found.output
        command("diff", place, place, code=2)


@pytest.mark.long
def test_kill_9_leaves_no_result_and_the_next_run_succeeds(
    demo: Path, scanned: Path, command: Command, environment: dict[str, str], tmp_path: Path
) -> None:
    """While reading, linking and writing: each next run clears what the last one left."""
    out = tmp_path / "out" / "run"
    out.parent.mkdir()
    draft = _kill_while_reading(demo, out, environment)
    assert not (draft / ".lake" / "manifest").exists()
    _nothing_is_readable(command, out, draft)
    for name, before in ((".lake/manifest", "accounts.parquet"), ("accounts.parquet", "run.json")):
        draft = _kill_when(name, demo, out=out, environment=environment, before=before)
        _nothing_is_readable(command, out, draft)
    command("scan", demo, "--out", out)
    assert list(out.parent.iterdir()) == [out]
    for table in ("accounts", "groups", "campaigns", "exchanges", "evidence"):
        assert_frame_equal(
            pl.read_parquet(out / f"{table}.parquet"),
            pl.read_parquet(scanned / f"{table}.parquet"),
            check_exact=True,
        )
