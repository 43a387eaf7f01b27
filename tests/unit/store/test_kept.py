"""What was computed of a day: found again if it was made from just this, else made anew."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from stillwatch.store.kept import Kept

_FRAME = pl.DataFrame({"n": [1, 2]})


def test_a_frame_is_found_under_its_fingerprint_alone(tmp_path: Path) -> None:
    """Another name, day or fingerprint finds nothing."""
    kept = Kept(tmp_path)
    kept.keep("counts", _FRAME, day="2026-11-23", fingerprint="a")
    found = kept.find("counts", day="2026-11-23", fingerprint="a")
    assert found is not None
    assert found.equals(_FRAME)
    assert kept.find("counts", day="2026-11-23", fingerprint="b") is None
    assert kept.find("counts", day="2026-11-24", fingerprint="a") is None
    assert kept.find("others", day="2026-11-23", fingerprint="a") is None


def test_a_day_is_kept_once(tmp_path: Path) -> None:
    """What was made from something else goes when the new one is there."""
    kept = Kept(tmp_path)
    for fingerprint in "ab":
        kept.keep("counts", _FRAME, day="2026-11-23", fingerprint=fingerprint)
    assert [path.stem for path in tmp_path.rglob("*.parquet")] == ["b"]


def test_a_broken_file_is_as_good_as_none(tmp_path: Path) -> None:
    """It is a memory: what can't be read is made again."""
    kept = Kept(tmp_path)
    kept.keep("counts", _FRAME, day="2026-11-23", fingerprint="a")
    next(tmp_path.rglob("*.parquet")).write_bytes(b"torn")
    assert kept.find("counts", day="2026-11-23", fingerprint="a") is None
