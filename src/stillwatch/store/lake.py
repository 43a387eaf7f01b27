"""The lake: Parquet by day, in which an append is there as a whole or not at all.

Each append writes files that nobody reads yet, and then one manifest that names them; the
manifest's appearance is the append. A run that is killed before leaves files without a name in
any manifest, and readers pass them by. Appends are numbered, and two writers never take one
number. Any engine reads the files: `<table>/day=2026-11-23/<token>.parquet`; a table without a
`time` or a `day` rests in `day=all`.

Writes and reads: any table by name. Deliberately absent: updates, deletions, compaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Final, Literal, TypedDict
from uuid import uuid4

import orjson
import polars as pl

from stillwatch.domain import results, tables, templates
from stillwatch.domain.errors import InputError
from stillwatch.domain.schema import Table
from stillwatch.store.durable import create_file, flush_to_disk


class _Form(TypedDict, total=False):
    """How a Parquet file is written."""

    compression: Literal["zstd", "uncompressed"]
    statistics: bool


_KNOWN: Final = {
    table.name: table
    for module in (tables, results, templates)
    for table in vars(module).values()
    if isinstance(table, Table)
}
_MANIFESTS: Final = "manifest"
_UNDATED: Final = "all"
_DIGITS: Final = 8
"""Digits of an append's number: enough for one a second over three years."""
_LASTING: Final[_Form] = {"compression": "zstd"}
_PASSING: Final[_Form] = {"compression": "uncompressed", "statistics": False}
"""A lake of one run is read a few times and gone: time counts for more than space."""


class Lake:
    """A directory of tables, appended to and read.

    A lake that does not last (a run's own, gone with it) is spared the wait for the disk and the
    sorting by day: its appends are as whole, but a power cut may lose them, and `days` is empty.
    """

    def __init__(self, place: Path, *, lasts: bool = True) -> None:
        self.place = place
        self.lasts = lasts

    def append(self, table_name: str, frame: pl.DataFrame) -> list[Path]:
        """Add rows to a table, all of them or none.

        Grain:  as the frame. Order: rows keep theirs within a day.
        Cost:   one file a day that the frame touches; append large frames.
        Returns the files; in a lake that lasts they are on the disk before the manifest names them.
        """
        token = uuid4().hex
        parts = [
            self._write_part(table_name, day=day, rows=rows, token=token)
            for day, rows in (_split_by_day(frame) if self.lasts else _leave_whole(frame))
        ]
        if self.lasts:
            self._flush(parts)
        names = [str(part.relative_to(self.place)) for part in parts]
        self._commit({"table": table_name, "rows": frame.height, "files": names})
        return parts

    def _write_part(self, table_name: str, *, day: str, rows: pl.DataFrame, token: str) -> Path:
        folder = self.place / table_name / f"day={day}"
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{token}.parquet"
        rows.write_parquet(part, **(_LASTING if self.lasts else _PASSING))
        return part

    def _flush(self, parts: list[Path]) -> None:
        folders = {above for part in parts for above in (part.parent, part.parent.parent)}
        for path in [*parts, *sorted(folders, reverse=True), *([self.place] if parts else [])]:
            flush_to_disk(path)

    def _commit(self, manifest: dict[str, object]) -> None:
        folder = self.place / _MANIFESTS
        folder.mkdir(parents=True, exist_ok=True)
        number = 1 + max((int(path.stem) for path in self._manifest_files()), default=0)
        while True:
            with suppress(FileExistsError):
                path = folder / f"{number:0{_DIGITS}d}.json"
                create_file(path, orjson.dumps(manifest), lasts=self.lasts)
                return
            number += 1

    def _manifest_files(self) -> list[Path]:
        return sorted(
            path for path in (self.place / _MANIFESTS).glob("*.json") if path.stem.isdigit()
        )

    def _files(self, table_name: str) -> Iterator[Path]:
        for path in self._manifest_files():
            manifest = orjson.loads(path.read_bytes())
            if manifest["table"] == table_name:
                yield from (self.place / name for name in manifest["files"])

    def scan(self, table_name: str) -> pl.LazyFrame:
        """Read a table lazily, in the order in which it was appended.

        Raises:
            InputError: no such table was ever appended, and it is none of the house's own.
        """
        files = list(self._files(table_name))
        if files:
            return pl.scan_parquet(files, hive_partitioning=False, glob=False)
        if table_name in _KNOWN:
            return _KNOWN[table_name].empty().lazy()
        message = f"the lake {self.place} has no table {table_name}"
        raise InputError(message, hint=f"it knows {', '.join(sorted(_KNOWN))}")

    def days(self) -> list[date]:
        """List the UTC days of which the lake holds rows, in order."""
        folders = {
            Path(name).parent.name.removeprefix("day=")
            for path in self._manifest_files()
            for name in orjson.loads(path.read_bytes())["files"]
        }
        return sorted(date.fromisoformat(day) for day in folders - {_UNDATED})


def _leave_whole(frame: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    return [] if frame.is_empty() else [(_UNDATED, frame)]


def _split_by_day(frame: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    if frame.is_empty():
        return []
    if "time" in frame.columns:
        day = pl.col("time").dt.date()
    elif "day" in frame.columns:
        day = pl.col("day")
    else:
        return _leave_whole(frame)
    split = frame.with_columns(day.cast(pl.String).fill_null(_UNDATED).alias("_partition"))
    parts = split.partition_by("_partition", as_dict=True, include_key=False)
    return sorted((str(key[0]), rows) for key, rows in parts.items())
