"""What was computed of a day, kept beside the lake's tables: it can be lost and made again.

A frame is kept under the day and a fingerprint of what it was made from; when a late record
changes the day, the fingerprint changes, the frame is made anew and the old one goes. Nothing here
is named by a manifest: this is a memory, not a record.
"""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import Final

import polars as pl

from stillwatch.store.durable import replace_file

_FOLDER: Final = "kept"


class Kept:
    """Frames by name and day, each as of one fingerprint."""

    def __init__(self, lake: Path) -> None:
        self._place = lake / _FOLDER

    def find(self, name: str, *, day: str, fingerprint: str) -> pl.DataFrame | None:
        """Give what was kept of a day, if it was made from just this.

        Grain:   as it was kept. Nulls: None where nothing was kept, or it can't be read.
        """
        try:
            content = self._path(name, day, fingerprint).read_bytes()
            return pl.read_parquet(io.BytesIO(content))
        except (OSError, pl.exceptions.PolarsError):
            return None

    def keep(self, name: str, frame: pl.DataFrame, *, day: str, fingerprint: str) -> None:
        """Keep a frame of a day, in place of any that was made from something else.

        Grain:   as the frame.

        Raises:
            OSError: the disk refuses.
        """
        path = self._path(name, day, fingerprint)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        frame.write_parquet(content, compression="zstd")
        replace_file(path, content.getvalue())
        for old in path.parent.glob("*.parquet"):
            if old != path:
                with suppress(OSError):
                    old.unlink()

    def _path(self, name: str, day: str, fingerprint: str) -> Path:
        return self._place / name / f"day={day}" / f"{fingerprint}.parquet"
