"""Counts of each day of a window: taken from what was kept, made anew where the day has changed.

The rim's part of *observe* that makes a new day cost that day: `count_exchanges` runs once over a
day's rows, its counts are kept in the lake, and the window's are merged. A day's fingerprint is of
its files, of the rows that don't stay, and of the columns and channels that are counted.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import narwhals as nw
import polars as pl

from stillwatch.app.arrive import OBSERVED, Arrived
from stillwatch.domain.lake_tables import FIRST_USE, VALUE_COUNT
from stillwatch.domain.results import PROFILE
from stillwatch.observe.day_counts import (
    COUNT_COLUMNS,
    DayCounts,
    count_exchanges,
    merge_counts,
    read_counts,
)
from stillwatch.observe.traits import EXCHANGE_CHANNELS
from stillwatch.store.appends import FileEntry
from stillwatch.store.kept import Kept
from stillwatch.store.partition import day_of, is_merged

_SCHEME: Final = 1
"""Raised when counts are made in another way from the same columns."""
_TABLES: Final = (VALUE_COUNT.name, FIRST_USE.name, PROFILE.name)


@dataclass(frozen=True)
class CountedWindow:
    """The counts of a window, and how many of its days had to be counted for it."""

    counts: DayCounts
    days_counted: int
    days_kept: int


@dataclass(frozen=True)
class _Part:
    """One file of a day, and which of its rows don't stay."""

    entry: FileEntry
    dropped: tuple[int, ...]

    def tell(self) -> tuple[object, ...]:
        """Tell it from another: a merged file that is seen up to an append by its rows too."""
        cut = (self.entry["rows"],) if is_merged(self.entry) else ()
        return (self.entry["path"], self.dropped, *cut)


def count_window(arrived: Arrived) -> CountedWindow:
    """Give what linking counts of a window.

    Grain:   as `count_exchanges` gives it for the whole window.
    Cost:    the exchanges of days that are new or have changed, and the counts of the others.
    """
    kept = Kept(arrived.lake.place)
    counts, fresh = [], 0
    for day, parts in _parts_by_day(arrived).items():
        found = _find(kept, day, parts)
        if found is None:
            found, fresh = _count(arrived, kept, day, parts), fresh + 1
        counts.append(found)
    return CountedWindow(merge_counts(counts), fresh, len(counts) - fresh)


def _parts_by_day(arrived: Arrived) -> dict[str, list[_Part]]:
    """List the files of each day, with the rows of each that are dropped, counted in the file."""
    days: dict[str, list[_Part]] = defaultdict(list)
    dropped, at = arrived.dropped.to_numpy(), 0
    for one in arrived.lake.files(OBSERVED):
        day = day_of(one)
        if arrived.days is not None and day not in arrived.days:
            continue
        end = at + one["rows"]
        inside = dropped[(dropped >= at) & (dropped < end)] - at
        days[day].append(_Part(one, tuple(int(row) for row in inside)))
        at = end
    return dict(sorted(days.items()))


def _fingerprint(parts: list[_Part]) -> str:
    made_of = [_SCHEME, COUNT_COLUMNS, sorted(EXCHANGE_CHANNELS.items()), list(PROFILE.columns)]
    made_of.append(sorted(part.tell() for part in parts))
    return hashlib.blake2b(repr(made_of).encode(), digest_size=12).hexdigest()


def _find(kept: Kept, day: str, parts: list[_Part]) -> DayCounts | None:
    values, first_use, profiles = (
        kept.find(name, day=day, fingerprint=_fingerprint(parts)) for name in _TABLES
    )
    if values is None or first_use is None or profiles is None:
        return None
    return read_counts(values, first_use=first_use, profiles=profiles)


def _count(arrived: Arrived, kept: Kept, day: str, parts: list[_Part]) -> DayCounts:
    """Count a day, and keep the counts."""
    rows = pl.concat([_rows_of(arrived, part) for part in parts])
    counts = count_exchanges(nw.from_native(rows))
    fingerprint = _fingerprint(parts)
    for name, frame in zip(
        _TABLES,
        (counts.tabulate(), FIRST_USE.conform(counts.first_use), counts.profiles),
        strict=True,
    ):
        kept.keep(name, frame, day=day, fingerprint=fingerprint)
    return counts


def _rows_of(arrived: Arrived, part: _Part) -> pl.LazyFrame:
    rows = arrived.lake.scan_file(part.entry)
    if not part.dropped:
        return rows
    numbered = rows.with_row_index("row")
    left_out = pl.Series(part.dropped, dtype=pl.UInt32)
    return numbered.filter(~pl.col("row").is_in(left_out.implode())).drop("row")
