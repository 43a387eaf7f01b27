"""Rows that leave a lake for good: which ones is the caller's to say.

Reads every file that may hold such rows, writes those that do again without them, and says in the
checkpoint what is gone, as an append of its own: counts of ingests still add up. What was there
rests on the disk until `sweep_lake`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import numpy as np
import polars as pl

from stillwatch.domain.errors import LakeDamaged
from stillwatch.store.appends import FileEntry, read_appends
from stillwatch.store.lake import Lake
from stillwatch.store.upkeep.rewriting import PlacedFile, join_spans, place_files, publish

GONE = "gone"
"""What an append is about that says which rows have left."""


@dataclass(frozen=True)
class FileRows:
    """A file of a lake, as whoever chooses rows sees it."""

    table: str
    day: str
    rows: pl.LazyFrame
    appends: pl.Series
    """Of each row, the append that it came with."""


Choice = Callable[[FileRows], pl.Series | None]
"""Gives which rows of a file go, as booleans; None where all stay. It may look at few columns."""


@dataclass
class Thinned:
    """What is gone."""

    rows: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    """Table → day → rows."""
    files: int = 0

    def sums(self) -> dict[str, int]:
        """Give the rows by table."""
        return {table: sum(days.values()) for table, days in sorted(self.rows.items())}


def thin_lake(
    lake: Lake, choose: Choice, *, at: str, about: dict[str, Any] | None = None
) -> Thinned:
    """Take rows out of a lake, all of them at once.

    about: what the append that tells of it says beside the figures; None = only say what would go.
    Cost:    what `choose` reads of every file, and the files that lose rows once more.

    Raises:
        LakeDamaged: a file can't be read.
        OSError: the disk refuses; nothing was changed.
    """
    appends = read_appends(lake.place)
    thinned, left, written = Thinned(), [], []
    for one in place_files(appends):
        goes = _ask(lake, one, choose)
        if goes is None or not goes.any():
            left.append(one)
            continue
        count = int(goes.sum())
        thinned.files += 1
        thinned.rows[one.table][one.day] = thinned.rows[one.table].get(one.day, 0) + count
        if about is not None and count < one.entry["rows"]:
            left.append(_rewrite(lake, one, ~goes))
            written.append(lake.place / left[-1].entry["path"])
    if about is not None and thinned.files:
        lake.flush(written)
        told = {**about, "at": at, "rows": {table: dict(d) for table, d in thinned.rows.items()}}
        publish(lake.place, appends, left, at=at, about={GONE: told})
    return thinned


def _ask(lake: Lake, one: PlacedFile, choose: Choice) -> pl.Series | None:
    rows = pl.scan_parquet(lake.place / one.entry["path"], hive_partitioning=False, glob=False)
    numbers, counts = zip(*one.spans, strict=True)
    came = pl.Series(np.repeat(numbers, counts))
    try:
        return choose(FileRows(one.table, one.day, rows, came))
    except (pl.exceptions.PolarsError, OSError) as broken:
        raise LakeDamaged(str(lake.place), says=f"{one.entry['path']} cannot be read") from broken


def _rewrite(lake: Lake, one: PlacedFile, stays: pl.Series) -> PlacedFile:
    path = lake.place / one.entry["path"]
    rows = pl.read_parquet(path, hive_partitioning=False).filter(stays)
    part = lake.write_part(one.table, one.day, rows, uuid4().hex)
    if "spans" not in one.entry:
        return PlacedFile(one.append, one.table, part)
    ends = np.cumsum([count for _, count in one.spans])
    kept = [int(piece.sum()) for piece in np.split(stays.to_numpy(), ends[:-1])]
    spans = join_spans((n, k) for (n, _), k in zip(one.spans, kept, strict=True))
    entry = FileEntry(path=part["path"], rows=part["rows"], bytes=part["bytes"], spans=spans)
    return PlacedFile(spans[0][0], one.table, entry)
