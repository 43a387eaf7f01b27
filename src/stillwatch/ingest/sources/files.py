"""Which files of a directory are traffic, and what was asked of the reading.

First step of ingest. The contract's rule: the directory's own files, never its folders, told apart
by how their names begin; what has another ending is named in `ignored`, so that `check` can say
it. Files are sorted by name, so that a directory is read in one order on every system.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from stillwatch.domain.errors import InputError, NothingToRead

STANDARD_INPUT: Final = "-"
KINDS: Final = ("exchanges", "accounts", "releases", "permissions")
_FORMS: Final = (".jsonl", ".ndjson", ".json", ".parquet")
_PACKED: Final = (".gz", ".zst")


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """What was asked of the reading; all of it goes to run.json."""

    format: str | None = None
    """Dialect by name; None = told from the first records of each file."""
    mapping: Mapping[str, object] | None = None
    """Our field = dotted path into their record (a parsed TOML file)."""
    account_field: str | None = None
    """Dotted path to the account in the record as it came in; None = the dialect's default."""
    since: datetime | None = None
    """Exchanges before this instant are left out and counted apart."""
    until: datetime | None = None
    """Exchanges at or after this instant are left out and counted apart."""
    retain_text: bool = False
    """Keep the start of rejected records."""


@dataclass(frozen=True, slots=True)
class TrafficFiles:
    """The files of one traffic directory, each kind sorted by name."""

    exchanges: tuple[Path, ...] = ()
    accounts: tuple[Path, ...] = ()
    releases: tuple[Path, ...] = ()
    permissions: tuple[Path, ...] = ()
    ignored: tuple[str, ...] = ()
    """Names that begin like traffic and end like nothing we read."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the exchange files; `source_file` is an index into them."""
        return tuple(path.name or str(path) for path in self.exchanges)


def find_traffic(where: Path) -> TrafficFiles:
    """Find the traffic in a directory, in one file, or on standard input (`-`).

    Order:   by name; the order in which the file system lists them is irrelevant.

    Raises:
        InputError: the directory can't be listed.
        NothingToRead: there is no exchanges file.
    """
    if str(where) == STANDARD_INPUT or where.is_file():
        return TrafficFiles(exchanges=(where,))
    try:
        files = sorted((p for p in where.iterdir() if p.is_file()), key=lambda p: p.name)
    except OSError as error:
        message = f"cannot read {where}: {error.strerror or 'not a directory'}"
        raise InputError(message, hint="give a directory that holds exchanges*.jsonl") from error
    by_kind = {kind: [p for p in files if p.name.startswith(kind)] for kind in KINDS}
    readable = {kind: tuple(p for p in ps if _is_readable(p)) for kind, ps in by_kind.items()}
    ignored = tuple(p.name for ps in by_kind.values() for p in ps if not _is_readable(p))
    if not readable["exchanges"]:
        raise NothingToRead(str(where), looked_for="no file is named exchanges*")
    return TrafficFiles(**readable, ignored=ignored)


def _is_readable(path: Path) -> bool:
    name = path.name
    for packed in _PACKED:
        name = name.removesuffix(packed)
    return name.endswith(_FORMS)
