"""Copying files into a backup: each with its SHA-256, and those that are there already linked.

A file that the backup before holds under the same name, and that never changes or has not changed,
is one file on the disk with two names: a second backup costs what is new. Nothing shares a name
with what is backed up: a fault on that disk is not also one of its copy.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypedDict

from stillwatch.store.durable import OWNER_ONLY

_PIECE: Final = 2**20
"""Bytes copied at once."""


class CopiedFile(TypedDict):
    """One file of a backup."""

    path: str
    bytes: int
    sha256: str


@dataclass
class Copying:
    """A backup in the making."""

    place: Path
    before: Path | None = None
    """The backup before."""
    known: Mapping[str, CopiedFile] = field(default_factory=dict)
    """Path → what it holds there."""
    files: list[CopiedFile] = field(default_factory=list)
    linked: int = 0
    copied_bytes: int = 0

    def add(self, source: Path, name: str, *, never_changes: bool = False) -> None:
        """Copy a file under a name, or link it from the backup before.

        Cost:    of one that never changes and is there already: a name.

        Raises:
            OSError: the disk refuses, or the source is gone.
        """
        there = self.known.get(name)
        size = source.stat().st_size
        if there and there["bytes"] == size:
            sha256 = there["sha256"] if never_changes else hash_file(source)
            if sha256 == there["sha256"] and self._link(name):
                self.files.append(there)
                self.linked += 1
                return
        target = self.place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        self._note(name, copy_file(source, target))

    def add_made(self, name: str) -> None:
        """Take in a file that was written in place."""
        self._note(name, hash_file(self.place / name))

    def add_secret(self, content: bytes, name: str) -> None:
        """Write a secret that its owner alone can read."""
        target = self.place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(handle, "wb") as sink:
            sink.write(content)
        self.add_made(name)

    def _note(self, name: str, sha256: str) -> None:
        size = (self.place / name).stat().st_size
        self.files.append(CopiedFile(path=name, bytes=size, sha256=sha256))
        self.copied_bytes += size

    def _link(self, name: str) -> bool:
        if self.before is None:
            return False
        target = self.place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(self.before / name)
        except OSError:  # another file system, or one without links
            return False
        return True


def copy_file(source: Path, target: Path) -> str:
    """Copy a file with its rights, and give the SHA-256 of what was read."""
    digest = hashlib.sha256()
    with source.open("rb") as taken, target.open("xb") as sink:
        while piece := taken.read(_PIECE):
            digest.update(piece)
            sink.write(piece)
    shutil.copymode(source, target)
    return digest.hexdigest()


def hash_file(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_damage(place: Path, files: list[CopiedFile]) -> Iterator[str]:
    """Say which files of a backup are missing, or are not what was copied.

    Cost:    every byte is read.
    """
    for one in files:
        path = place / one["path"]
        if not path.is_file():
            yield f"{one['path']} is missing"
        elif path.stat().st_size != one["bytes"] or hash_file(path) != one["sha256"]:
            yield f"{one['path']} is not what was copied"
