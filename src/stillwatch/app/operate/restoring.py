"""Bringing a backup back: verified first, then written as a whole or not at all.

Every file is compared with its SHA-256, the audit log of the ledger with the anchor that was taken
with it (and with one that another party kept), the lake with its manifests. Nothing that runs is
overwritten: the place must be free, and what is in it is put to use by whoever restores.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from stillwatch.app.operate.backup_form import (
    ANCHOR_FILE,
    LAKE,
    SQLITE_COPY,
    BackupList,
    read_list,
)
from stillwatch.store.durable import flush_to_disk, flush_tree
from stillwatch.store.ledger import Anchor, AuditKey, AuditReport, open_ledger, read_anchor
from stillwatch.store.manifest import check_lake
from stillwatch.store.upkeep.copying import copy_file, find_damage
from stillwatch.store.upkeep.errors import BackupError

_SHOWN: Final = 5
"""Damaged files named in the message; more are counted."""
_LOG_HINT: Final = "try an older backup; --even-if-broken brings it back as it is, for a look"


@dataclass(frozen=True)
class Proof:
    """What a backup is compared with, beside itself."""

    digest: str | None = None
    """SHA-256 of its list, which was noted when it was made."""
    anchor: Anchor | None = None
    """An anchor that another party kept."""
    key: AuditKey | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Verified:
    """A backup that holds what it says."""

    place: Path
    told: BackupList
    audit: AuditReport | None
    """Of the ledger's copy; None where there is none, or it has to be brought back to be read."""


def verify_backup(place: Path, proof: Proof, *, accepts_broken: bool = False) -> Verified:
    """Compare a backup with its list, and its audit log with its anchors.

    Cost:    every byte is read.

    Raises:
        BackupError: something is missing or changed, or it is not the backup that was meant.
    """
    told, raw = read_list(place)
    if proof.digest is not None and sha256(raw).hexdigest() != proof.digest.lower():
        raise BackupError(str(place), says="its list has another digest than was noted")
    damaged = list(islice(find_damage(place, told.files), _SHOWN + 1))
    if damaged:
        more = ", and more" if len(damaged) > _SHOWN else ""
        raise BackupError(str(place), says="; ".join(damaged[:_SHOWN]) + more)
    report = None
    if told.ledger == SQLITE_COPY:
        report = _verify_log(place, proof)
        if not (report.is_whole or accepts_broken):
            says = f"the audit log of its ledger is not whole: {report.faults[0].says}"
            raise BackupError(str(place), says=says, hint=_LOG_HINT)
    return Verified(place, told, report)


def restore(verified: Verified, to: Path) -> None:
    """Write a verified backup into a place that is free, all of it or nothing.

    Raises:
        BackupError: the place is taken or can't be written, or a file changed since.
        LakeDamaged: the lake of the backup lacks a file that its manifests name.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        hint = "name a directory that is absent or empty: nothing is overwritten"
        raise BackupError(str(verified.place), says=f"{to} is not free", hint=hint)
    partial = to.with_name(f".{to.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True, mode=0o700)
        _write(verified, partial)
        flush_tree(partial)
        partial.rename(to)
        flush_to_disk(to.parent)
    except OSError as refused:
        says = f"cannot write {to}: {refused.strerror}"
        raise BackupError(str(verified.place), says=says, hint="name another --to") from refused
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write(verified: Verified, partial: Path) -> None:
    for one in verified.told.files:
        target = partial / one["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        if copy_file(verified.place / one["path"], target) != one["sha256"]:
            raise BackupError(str(verified.place), says=f"{one['path']} has changed meanwhile")
    if verified.told.lake_appends is not None:
        check_lake(partial / LAKE, key_check=None, may_be_older=True)


def _verify_log(place: Path, proof: Proof) -> AuditReport:
    """Verify the copy of a ledger on a copy of its own: opening one writes beside it."""
    own = read_anchor((place / ANCHOR_FILE).read_bytes())
    with TemporaryDirectory() as folder:
        copy_file(place / SQLITE_COPY, Path(folder, SQLITE_COPY))
        ledger = open_ledger(Path(folder, SQLITE_COPY), key=proof.key)
        try:
            report = ledger.verify(anchor=own)
            if report.is_whole and proof.anchor:
                report = ledger.verify(anchor=proof.anchor)
            return report
        finally:
            ledger.close()
