"""A result directory: written as a whole or not at all, and read back with its columns checked.

`draft_result` gives a directory beside the result's place (`.<name>.partial-<pid>`), in which
everything is written; when the run ends well it is flushed and renamed once. So a RESULT that
exists is complete, and results are never changed, but for the gateway's table, which `act` may
take a row out of. What a killed run has left is removed by the next one.

Reads and writes: the tables of `domain/results.py`. Absent: any judgement of what is in them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import polars as pl

from stillwatch.domain.errors import NotAResult, ResultError, ResultExists
from stillwatch.domain.results import (
    ACCOUNTS_OUT,
    CAMPAIGNS_OUT,
    DECISION,
    EVIDENCE,
    EXCHANGES_OUT,
    GROUPS_OUT,
    QUARANTINE,
)
from stillwatch.domain.schema import Table, check_frame
from stillwatch.store.durable import flush_to_disk, flush_tree, held_alone, is_free

RUN_FILE: Final = "run.json"
REPORT_FILE: Final = "report.html"
DECISIONS_FILE: Final = "decisions.jsonl"
PROMISED: Final = (ACCOUNTS_OUT, GROUPS_OUT, CAMPAIGNS_OUT, EXCHANGES_OUT, EVIDENCE, QUARANTINE)
"""Parquet tables that every result has (CONTRACT.md, section 2)."""
_COMPRESSION: Final = "zstd"


def file_of(table: Table) -> str:
    """Name the file of a result that holds a table."""
    return DECISIONS_FILE if table is DECISION else f"{table.name}.parquet"


@dataclass(frozen=True, slots=True)
class ResultDraft:
    """A result in the making; nobody sees it under its name before it is complete."""

    place: Path

    def write_table(self, table: Table, frame: pl.DataFrame) -> None:
        """Write a table as Parquet, with the contract's columns first."""
        names = dict.fromkeys((*table.columns, *frame.columns))
        check_frame(frame, table).select(n for n in names if n in frame.columns).write_parquet(
            self.place / file_of(table), compression=_COMPRESSION
        )

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write a file as it is."""
        (self.place / name).write_bytes(content)

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON object, keys in the given order, for people to read."""
        options = (
            orjson.OPT_INDENT_2
            | orjson.OPT_APPEND_NEWLINE
            | orjson.OPT_NON_STR_KEYS
            | orjson.OPT_SERIALIZE_NUMPY
        )
        self.write_bytes(name, orjson.dumps(content, option=options))


def check_free(out: Path) -> None:
    """Say early that a result is in the way.

    Raises:
        ResultExists: something other than an empty directory has the name.
    """
    if out.is_symlink() or out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise ResultExists(str(out))


@contextmanager
def draft_result(out: Path) -> Iterator[ResultDraft]:
    """Give a draft; make it the result if the block ends well, else leave nothing.

    Raises:
        ResultExists: something has the name, at the start or by the time that the run ends.
        ResultError: the place cannot be written.
    """
    out = Path(os.path.abspath(out))  # noqa: PTH100  resolve() would follow a link out of the folder
    check_free(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(out)
        partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
        partial.mkdir()
    except OSError as refused:
        message = f"cannot write {out}: {refused.strerror}"
        raise ResultError(message, hint="choose another --out") from refused
    try:
        with held_alone(partial):
            yield ResultDraft(partial)
            flush_tree(partial)
            _rename(partial, out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _rename(partial: Path, out: Path) -> None:
    try:
        partial.rename(out)
    except OSError as taken:
        raise ResultExists(str(out)) from taken
    flush_to_disk(out.parent)


def remove_leftovers(out: Path) -> list[Path]:
    """Remove what killed runs have left beside a result's place; what a live run writes stays."""
    prefix = f".{out.name}.partial-"
    dead = [
        path
        for path in out.parent.iterdir()
        if path.name.startswith(prefix) and path.is_dir() and _is_dead(path, prefix)
    ]
    for path in dead:
        shutil.rmtree(path)
    return dead


def _is_dead(partial: Path, prefix: str) -> bool:
    """A live run holds its draft alone; the pid alone would lie where numbers are used again."""
    writer = partial.name.removeprefix(prefix)
    if not writer.isdigit() or not is_free(partial):
        return False
    if int(writer) == os.getpid():
        return True
    try:
        os.kill(int(writer), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


@dataclass(frozen=True, slots=True)
class Result:
    """A complete result directory."""

    place: Path

    def table(self, table: Table) -> pl.DataFrame:
        """Read a table.

        Grain: as the table says. Order: as written.

        Raises:
            NotAResult: the file is absent, unreadable, or lacks a column or its type.
        """
        path = self.place / file_of(table)
        if not path.is_file():
            raise NotAResult(str(self.place), missing=path.name)
        try:
            frame = _read_lines(path, table) if table is DECISION else pl.read_parquet(path)
        except (pl.exceptions.PolarsError, OSError, ValueError, TypeError) as broken:
            raise NotAResult(str(self.place), missing=f"readable {path.name}") from broken
        for name, column in table.columns.items():
            if frame.schema.get(name, column.dtype if column.came_later else None) != column.dtype:
                missing = f"column {name} of type {column.dtype} in {path.name}"
                raise NotAResult(str(self.place), missing=missing)
        return frame

    def run(self) -> dict[str, Any]:
        """Read run.json.

        Raises:
            NotAResult: it is absent or no JSON object.
        """
        try:
            content = orjson.loads((self.place / RUN_FILE).read_bytes())
        except (OSError, orjson.JSONDecodeError) as broken:
            raise NotAResult(str(self.place), missing=f"readable {RUN_FILE}") from broken
        if not isinstance(content, dict):
            raise NotAResult(str(self.place), missing=f"JSON object in {RUN_FILE}")
        return content


def _read_lines(path: Path, table: Table) -> pl.DataFrame:
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    texts = pl.DataFrame(rows, schema=dict.fromkeys(table.columns, pl.String))
    times = [name for name, column in table.columns.items() if column.dtype == pl.Datetime]
    return texts.with_columns(
        pl.col(name).str.to_datetime(time_unit="us", time_zone="UTC") for name in times
    )


def read_result(place: Path) -> Result:
    """Open a result directory.

    Raises:
        NotAResult: a file that every result has is absent.
    """
    for name in (RUN_FILE, DECISIONS_FILE, *(file_of(table) for table in PROMISED)):
        if not (place / name).is_file():
            raise NotAResult(str(place), missing=name)
    return Result(place)
