"""Many small files of a day into few, and many manifests into one checkpoint.

A service appends every half minute: 2,880 manifests a day, and as many files a table and day. Rows
keep their order, and each file says which rows came with which append, so that nothing that reads a
lake finds anything else than before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from uuid import uuid4

import polars as pl

from stillwatch.domain import limits
from stillwatch.store.appends import FileEntry, read_appends
from stillwatch.store.lake import Lake
from stillwatch.store.manifest import read_borders
from stillwatch.store.partition import UNDATED
from stillwatch.store.upkeep.rewriting import PlacedFile, join_spans, place_files, publish


@dataclass(frozen=True, slots=True)
class Compaction:
    """What was merged."""

    appends: int
    """Appends that the checkpoint holds."""
    files_before: int
    files_after: int

    @property
    def is_news(self) -> bool:
        """Whether there was anything to merge."""
        return bool(self.appends)


def compact_lake(lake: Lake, *, before: str, at: str) -> Compaction:
    """Merge the files of each day before one (`2026-11-23`), and of what has no day.

    Grain:   files of at most LAKE_FILE_ROWS_MAX rows, each of one table, day and pseudonym key.
    Order:   rows as they were appended. at: now, RFC 3339.
    Cost:    the bytes of what is merged are read and written once; one new file in memory.

    Raises:
        LakeDamaged: a manifest can't be read.
        OSError: the disk refuses; nothing was changed.
    """
    appends = read_appends(lake.place)
    files = list(place_files(appends))
    groups: dict[tuple[str, str, int], list[PlacedFile]] = defaultdict(list)
    borders = read_borders(lake.place)
    for one in files:
        if one.day < before or one.day == UNDATED:
            groups[one.table, one.day, bisect_left(borders, one.append)].append(one)
    merged: dict[str, PlacedFile | None] = {}
    for group in chain.from_iterable(map(_cut, groups.values())):
        merged.update(dict.fromkeys((one.entry["path"] for one in group), None))
        merged[group[0].entry["path"]] = _merge(lake, group)
    after = [merged.get(one.entry["path"], one) for one in files]
    left = [one for one in after if one is not None]
    if not merged and appends.covered == len(appends.manifests):
        return Compaction(0, len(files), len(files))
    lake.flush(lake.place / one.entry["path"] for one in merged.values() if one)
    publish(lake.place, appends, left, at=at)
    return Compaction(len(appends.manifests), len(files), len(left))


def _cut(group: list[PlacedFile]) -> list[list[PlacedFile]]:
    """Cut the files of a day where they would become too many rows; one alone is left as it is."""
    cut: list[list[PlacedFile]] = []
    rows = 0
    for one in group:
        rows += one.entry["rows"]
        if not cut or rows > limits.LAKE_FILE_ROWS_MAX:
            cut.append([])
            rows = one.entry["rows"]
        cut[-1].append(one)
    return [part for part in cut if len(part) > 1]


def _merge(lake: Lake, group: list[PlacedFile]) -> PlacedFile:
    first = group[0]
    paths = [lake.place / one.entry["path"] for one in group]
    rows = pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths])
    part = lake.write_part(first.table, first.day, rows, uuid4().hex)
    spans = join_spans(chain.from_iterable(one.spans for one in group))
    entry = FileEntry(path=part["path"], rows=part["rows"], bytes=part["bytes"], spans=spans)
    return PlacedFile(first.append, first.table, entry)
