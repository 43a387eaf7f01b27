"""Detectors never read the truth: a scan of traffic whose `truth` nobody can read is the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from whole_runs import Command


def test_a_scan_is_the_same_where_the_truth_cannot_be_read(
    demo: Path, scanned: Path, command: Command, tmp_path: Path
) -> None:
    """`truth` is a link to itself: whoever opens it, or anything in it, fails; the scan doesn't."""
    logs, result = tmp_path / "traffic", tmp_path / "run"
    shutil.copytree(demo, logs, ignore=shutil.ignore_patterns("truth"))
    (logs / "truth").symlink_to("truth")
    with pytest.raises(OSError, match="symbolic link"):
        (logs / "truth" / "accounts.csv").read_bytes()
    command("scan", logs, "--out", result)
    for name in ("accounts", "campaigns", "groups"):
        ours, theirs = (pl.read_parquet(place / f"{name}.parquet") for place in (result, scanned))
        assert_frame_equal(ours, theirs)
