"""How rows and files of a lake are told apart: by day, and by whether they are of one append.

Pure: frames and entries in, frames and entries out. A table without a `time` or a `day` is of no
day, and rests in `day=all`.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

import polars as pl

from stillwatch.store.appends import FileEntry

UNDATED: Final = "all"
"""The day of what has none."""


def is_merged(entry: FileEntry) -> bool:
    """Say whether a file holds rows of several appends, in their order."""
    return "spans" in entry


def group_whole(entries: list[FileEntry]) -> list[list[FileEntry]]:
    """Put files together that are read whole; a merged one, which may be cut, stands alone."""
    runs: list[list[FileEntry]] = []
    for one in entries:
        if runs and not is_merged(one) and not is_merged(runs[-1][0]):
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def day_of(entry: FileEntry) -> str:
    """Name the day whose rows a file holds: `2026-11-23`, or `all`."""
    return Path(entry["path"]).parent.name.removeprefix("day=")


def is_of_days(entry: FileEntry, days: Collection[str] | None) -> bool:
    """Say whether a file holds rows of one of some days; None = of any."""
    return days is None or day_of(entry) in days


def leave_whole(frame: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """Give a frame as the rows of no day.

    Grain: one part, or none of no rows.
    """
    return [] if frame.is_empty() else [(UNDATED, frame)]


def split_by_day(frame: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """Give the rows of each UTC day, by `time` or `day`.

    Grain: one part per day. Order: by day; rows keep theirs.
    """
    if frame.is_empty():
        return []
    if "time" in frame.columns:
        day = pl.col("time").dt.date()
    elif "day" in frame.columns:
        day = pl.col("day")
    else:
        return leave_whole(frame)
    split = frame.with_columns(day.cast(pl.String).fill_null(UNDATED).alias("_partition"))
    parts = split.partition_by("_partition", as_dict=True, include_key=False)
    return sorted((str(key[0]), rows) for key, rows in parts.items())
