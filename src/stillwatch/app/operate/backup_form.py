"""What a backup is: a directory that is complete, or absent, and `backup.json`, which lists it.

    BACKUPS/2026-11-30T190000.000000Z/backup.json      every other file with its size and SHA-256
                                      ledger.db        or ledger.dump, of PostgreSQL
                                      ledger.anchor    the end of its audit log
                                      results/, lake/  as they stood
                                      keys/            only where that was asked for

A backup is written beside its place and renamed, so that half of one never has the name of one.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

from stillwatch.store.upkeep.copying import CopiedFile
from stillwatch.store.upkeep.errors import BackupError

FORM: Final = 1
"""Version of this form."""
LIST_FILE: Final = "backup.json"
ANCHOR_FILE: Final = "ledger.anchor"
POSTGRES_COPY: Final = "ledger.dump"
SQLITE_COPY: Final = "ledger.db"
LAKE: Final = "lake"
RESULTS: Final = "results"
KEYS: Final = "keys"
_NAME: Final = "%Y-%m-%dT%H%M%S.%fZ"
_NAMED: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}\.\d{6}Z")


@dataclass(frozen=True)
class BackupList:
    """What `backup.json` says."""

    at: str
    stillwatch: str
    files: list[CopiedFile]
    lake_appends: int | None = None
    """Appends of the lake, where it is in the backup."""
    ledger: str | None = None
    """The file of the ledger's copy."""
    kept_apart: list[str] = field(default_factory=list)
    """Secrets that are not in it, and without which it is worth less."""

    def to_json(self) -> bytes:
        """Write it as a file's content."""
        content = {"stillwatch_backup": FORM, **asdict(self)}
        return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def name_backup(now: datetime) -> str:
    """Name a backup after its instant; names sort as they were made."""
    return now.strftime(_NAME)


def list_backups(folder: Path) -> list[Path]:
    """List the backups of a folder, the oldest first; half of one is none."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAMED.fullmatch(path.name))


def read_list(place: Path) -> tuple[BackupList, bytes]:
    """Read what a backup holds, with the bytes that say it.

    Raises:
        BackupError: it is no backup, half of one, or one of another form.
    """
    try:
        raw = (place / LIST_FILE).read_bytes()
        content: dict[str, Any] = orjson.loads(raw)
        form = content.pop("stillwatch_backup")
        if form != FORM:
            hint = "use the version that wrote it"
            raise BackupError(str(place), says=f"it is of form {form!s:.20}, not {FORM}", hint=hint)
        found = BackupList(**content)
    except FileNotFoundError as absent:
        says = f"it has no {LIST_FILE}: it is none, or was never finished"
        raise BackupError(str(place), says=says) from absent
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise BackupError(str(place), says=f"{LIST_FILE} cannot be read") from broken
    if any(Path(one["path"]).is_absolute() or ".." in one["path"] for one in found.files):
        raise BackupError(str(place), says=f"{LIST_FILE} names files outside of it")
    return found, raw
