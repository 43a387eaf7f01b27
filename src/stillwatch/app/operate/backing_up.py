"""A backup of ledger, results and lake that fit together, while a service runs.

In this order, and on purpose: a look is remembered by the lake before its result appears, and
decisions rest on results. So whatever a copied ledger or result names is in the lake that is copied
after it; the lake may know more, and the next look tells the ledger of that again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from stillwatch import __version__
from stillwatch.app.operate.backup_form import (
    ANCHOR_FILE,
    KEYS,
    LAKE,
    LIST_FILE,
    POSTGRES_COPY,
    RESULTS,
    SQLITE_COPY,
    BackupList,
    list_backups,
    name_backup,
    read_list,
)
from stillwatch.app.steps.opening import lake_to_read
from stillwatch.store.appends import checkpoint_paths, manifest_paths
from stillwatch.store.durable import flush_to_disk, flush_tree, held_alone, is_free
from stillwatch.store.ledger.copying import copy_ledger
from stillwatch.store.upkeep.copying import Copying
from stillwatch.store.upkeep.errors import BackupError

_PARTIAL: Final = ".partial-"


@dataclass(frozen=True)
class BackupRequest:
    """What to back up, and where to."""

    to: Path
    """A folder of backups."""
    lake: Path | None = None
    ledger: str | None = None
    results: Path | None = None


@dataclass(frozen=True)
class BackupDone:
    """One backup."""

    place: Path
    files: int
    linked: int
    """Files that the backup before holds too, and that took no room."""
    copied_bytes: int
    digest: str
    """SHA-256 of its list: whoever keeps it elsewhere can tell this backup from another."""
    kept_apart: list[str]


def back_up(
    request: BackupRequest, *, keys: Mapping[str, bytes | None], now: datetime
) -> BackupDone:
    """Make a backup: all of it, or none.

    keys:    secrets by name; None where one rests apart and must be kept apart.
    Cost:    what the backup before doesn't hold is copied; each result is read.

    Raises:
        BackupError: nothing is named, or the place can't be written.
        StillwatchError: the lake or the ledger can't be read.
    """
    if not (request.lake or request.ledger or request.results):
        raise BackupError(str(request.to), says="nothing was named", hint="name --lake or --ledger")
    place = request.to / name_backup(now)
    try:
        request.to.mkdir(parents=True, exist_ok=True)
        _clear(request.to)
        partial = request.to / f"{_PARTIAL}{place.name}"
        partial.mkdir(mode=0o700)
    except OSError as refused:
        raise BackupError(str(request.to), says=refused.strerror or "it refuses") from refused
    try:
        with held_alone(partial):
            done = _fill(request, partial, place, keys=keys, now=now)
            flush_tree(partial)
            partial.rename(place)
            flush_to_disk(request.to)
            return done
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _clear(folder: Path) -> None:
    """Remove what killed backups have left; one that is being written is held."""
    for path in folder.glob(f"{_PARTIAL}*"):
        if is_free(path):
            shutil.rmtree(path, ignore_errors=True)


def _fill(
    request: BackupRequest,
    partial: Path,
    place: Path,
    *,
    keys: Mapping[str, bytes | None],
    now: datetime,
) -> BackupDone:
    copying = _begin(request.to, partial)
    ledger = _add_ledger(request.ledger, copying, now) if request.ledger else None
    if request.results:
        _add_results(request.results, copying)
    appends = _add_lake(request.lake, copying) if request.lake else None
    for name, secret in keys.items():
        if secret is not None:
            copying.add_secret(secret, f"{KEYS}/{name}")
    apart = [name for name, secret in keys.items() if secret is None]
    told = BackupList(now.isoformat(), __version__, copying.files, appends, ledger, apart)
    raw = told.to_json()
    (partial / LIST_FILE).write_bytes(raw)
    sums = (len(copying.files), copying.linked, copying.copied_bytes)
    return BackupDone(place, *sums, sha256(raw).hexdigest(), apart)


def _begin(folder: Path, partial: Path) -> Copying:
    for before in reversed(list_backups(folder)):
        try:
            known = read_list(before)[0]
        except BackupError:
            continue
        return Copying(partial, before, {one["path"]: one for one in known.files})
    return Copying(partial)


def _add_ledger(where: str, copying: Copying, now: datetime) -> str:
    names = (SQLITE_COPY, POSTGRES_COPY)
    name, anchor = copy_ledger(where, copying.place, names=names, now=now, environment=os.environ)
    (copying.place / ANCHOR_FILE).write_bytes(anchor.to_json())
    copying.add_made(name)
    copying.add_made(ANCHOR_FILE)
    return name


def _add_results(results: Path, copying: Copying) -> None:
    """Copy a result, or a folder of them; drafts of runs under way are passed by."""
    if not results.is_dir():
        raise BackupError(str(results), says="there are no results", hint="name another --results")
    for folder, names, files in os.walk(results):
        names[:] = sorted(one for one in names if not one.startswith("."))
        for name in sorted(one for one in files if not one.startswith(".")):
            path = Path(folder, name)
            try:
                copying.add(path, f"{RESULTS}/{path.relative_to(results)}")
            except FileNotFoundError:  # an old result, which the loop has just removed
                continue


def _add_lake(place: Path, copying: Copying) -> int:
    """Copy what one reader sees: files never change, so that only their names are new."""
    with lake_to_read(place) as lake:
        appends = sum(1 for _ in lake.appends())
        checkpoints = checkpoint_paths(place)[-1:]
        manifests = [p for p in manifest_paths(place) if int(p.stem) <= appends]
        for path in (place / "lake.json", *checkpoints, *manifests):
            copying.add(path, f"{LAKE}/{path.relative_to(place)}")
        for entry in lake.files():
            copying.add(place / entry["path"], f"{LAKE}/{entry['path']}", never_changes=True)
    return appends
