"""The lake: Parquet by day, in which an append is there as a whole or not at all.

Each append writes files that nobody reads yet, and then one manifest that names them; the
manifest's appearance is the append. A run that is killed before leaves files without a name in
any manifest, and readers pass them by. Appends are numbered, and two writers never take one
number. Any engine reads the files: `<table>/day=2026-11-23/<token>.parquet`; a table without a
`time` or a `day` rests in `day=all`. What makes a lake last is in `manifest`.

Writes and reads: any table by name. Absent here: what puts other files in the place of those that
there are (compaction, retention, erasure), which is in `upkeep/`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, TypedDict
from uuid import uuid4

import polars as pl

from stillwatch.domain import lake_tables, observations, results, tables
from stillwatch.domain.errors import InputError, LakeDamaged
from stillwatch.domain.schema import Table
from stillwatch.store.appends import FileEntry, Manifest, TableEntry, add_manifest, read_appends
from stillwatch.store.durable import flush_to_disk
from stillwatch.store.partition import (
    UNDATED,
    day_of,
    group_whole,
    is_merged,
    is_of_days,
    leave_whole,
    split_by_day,
)


class _Form(TypedDict, total=False):
    """How a Parquet file is written."""

    compression: Literal["zstd", "uncompressed"]
    statistics: bool


_KNOWN: Final = {
    table.name: table
    for module in (tables, results, observations, lake_tables)
    for table in vars(module).values()
    if isinstance(table, Table)
}
_LASTING: Final[_Form] = {"compression": "zstd"}
_PASSING: Final[_Form] = {"compression": "uncompressed", "statistics": False}
"""A lake of one run is read a few times and gone: time counts for more than space."""


class Lake:
    """A directory of tables, appended to and read.

    A lake that does not last (a run's own, gone with it) is spared the wait for the disk and the
    sorting by day: its appends are as whole, but a power cut may lose them, and `days` is empty.
    One that is read up to an append doesn't see what is appended, or put in the place of what there
    was, while it is looked at: its appends are read once. One that is read since an append doesn't
    see rows of before in tables that were made with another pseudonym key (`KEYED`).
    """

    def __init__(
        self, place: Path, *, lasts: bool = True, up_to: int | None = None, since: int = 0
    ) -> None:
        self.place = place
        self.lasts = lasts
        self.up_to = up_to
        self.since = since
        self._pinned: list[Manifest] | None = None

    def append(self, table_name: str, frame: pl.DataFrame) -> list[Path]:
        """Add rows to a table, all of them or none.

        Grain:  as the frame. Order: rows keep theirs within a day.
        Cost:   one file a day that the frame touches; append large frames.
        Returns the files; in a lake that lasts they are on the disk before the manifest names them.
        """
        entry = self.write(table_name, frame)
        self.commit([entry])
        return [self.place / one["path"] for one in entry["files"]]

    def write(self, table_name: str, frame: pl.DataFrame) -> TableEntry:
        """Write rows that nobody reads before `commit` names them.

        Grain:  one file a day that the frame touches. Order: rows keep theirs within a day.
        """
        token = uuid4().hex
        split = split_by_day(frame) if self.lasts else leave_whole(frame)
        written = [self.write_part(table_name, day, rows, token) for day, rows in split]
        return TableEntry(table=table_name, files=written)

    def commit(self, entries: Collection[TableEntry], about: Mapping[str, Any] = {}) -> int:
        """Make everything that was written appear at once, and give the append's number.

        Raises:
            OSError: the disk refuses; nothing has appeared.
        """
        if self.lasts:
            self.flush(self.place / one["path"] for e in entries for one in e["files"])
        manifest = Manifest(entries=list(entries), about=dict(about))
        return add_manifest(self.place, manifest, lasts=self.lasts)

    def write_part(self, table: str, day: str, rows: pl.DataFrame, token: str) -> FileEntry:
        """Write one file of a day, which nobody reads before a manifest names it."""
        folder = self.place / table / f"day={day}"
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{token}.parquet"
        rows.write_parquet(part, **(_LASTING if self.lasts else _PASSING))
        name = str(part.relative_to(self.place))
        return FileEntry(path=name, rows=rows.height, bytes=part.stat().st_size)

    def flush(self, written: Iterable[Path]) -> None:
        """Make files that were written survive a power cut, with the folders that name them."""
        parts = list(written)
        folders = {above for part in parts for above in (part.parent, part.parent.parent)}
        for path in [*parts, *sorted(folders, reverse=True), *([self.place] if parts else [])]:
            flush_to_disk(path)

    def _manifests(self) -> list[Manifest]:
        if self.up_to is None:
            return read_appends(self.place).manifests
        if self._pinned is None:
            self._pinned = read_appends(self.place).cut_at(self.up_to)
        return self._pinned

    def files(self, table_name: str | None = None) -> Iterator[FileEntry]:
        """Name the files of a table, or of all, in the order in which they were appended."""
        hidden = self.since if table_name in lake_tables.KEYED else 0
        for manifest in self._manifests()[hidden:]:
            for entry in manifest["entries"]:
                if table_name in {None, entry["table"]}:
                    yield from entry["files"]

    def appends(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Say what each append was about, with its number."""
        for number, manifest in enumerate(self._manifests(), start=1):
            yield number, manifest["about"]

    def scan(self, table_name: str, *, days: Collection[str] | None = None) -> pl.LazyFrame:
        """Read a table lazily, in the order in which it was appended; of some days, or of all.

        Raises:
            InputError: no such table was ever appended, and it is none of the house's own.
        """
        files = [f for f in self.files(table_name) if is_of_days(f, days)]
        if files:
            return pl.concat([self._scan_run(run) for run in group_whole(files)])
        if table_name in _KNOWN:
            return _KNOWN[table_name].empty().lazy()
        message = f"the lake {self.place} has no table {table_name}"
        raise InputError(message, hint=f"it knows {', '.join(sorted(_KNOWN))}")

    def scan_file(self, entry: FileEntry) -> pl.LazyFrame:
        """Read one file lazily: of a merged one, the rows up to the last append that is seen."""
        return self._scan_run([entry])

    def _scan_run(self, entries: list[FileEntry]) -> pl.LazyFrame:
        paths = [self.place / one["path"] for one in entries]
        rows = entries[0]["rows"] if is_merged(entries[0]) else None
        return pl.scan_parquet(paths, hive_partitioning=False, glob=False, n_rows=rows)

    def read(self, table_name: str, *, days: Collection[str] | None = None) -> pl.DataFrame:
        """Read a table, or some days of it, into memory.

        Grain:  as the table. Order: as it was appended.

        Raises:
            LakeDamaged: a file is there and can't be read.
        """
        try:
            return self.scan(table_name, days=days).collect()
        except (pl.exceptions.PolarsError, OSError) as broken:
            says = f"a file of {table_name} cannot be read"
            raise LakeDamaged(str(self.place), says=says) from broken

    def days(self, table_name: str | None = None) -> list[date]:
        """List the UTC days of which the lake (or one table of it) holds rows, in order."""
        folders = {
            day_of(one)
            for manifest in self._manifests()
            for entry in manifest["entries"]
            for one in entry["files"]
            if table_name in {None, entry["table"]}
        }
        return sorted(date.fromisoformat(day) for day in folders - {UNDATED})
