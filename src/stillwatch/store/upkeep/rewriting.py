"""The appends of a lake taken apart into files, and put together again as a checkpoint.

A file keeps its place: it stands with the append that its first row came with. A merged file says
how many of its rows came with which append (`spans`), so that whoever looks at the lake as of an
earlier append still can.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stillwatch.store.appends import (
    Appends,
    FileEntry,
    Manifest,
    TableEntry,
    add_checkpoint,
)

READERS: Final = "readers"
"""Folder of a lake that readers hold together, and whoever deletes what they read alone."""


@dataclass(frozen=True)
class PlacedFile:
    """A file, its table, and the append that its first row came with."""

    append: int
    table: str
    entry: FileEntry

    @property
    def day(self) -> str:
        """The day whose rows it holds, or `all`."""
        return Path(self.entry["path"]).parent.name.removeprefix("day=")

    @property
    def spans(self) -> list[list[int]]:
        """How many of its rows came with which append."""
        return self.entry.get("spans") or [[self.append, self.entry["rows"]]]


def place_files(appends: Appends) -> Iterator[PlacedFile]:
    """Give every file of a lake, in the order in which its tables are read."""
    for number, manifest in enumerate(appends.manifests, start=1):
        for entry in manifest["entries"]:
            for one in entry["files"]:
                yield PlacedFile(number, entry["table"], one)


def join_spans(spans: Iterable[Sequence[int]]) -> list[list[int]]:
    """Put neighbouring spans of one append together, and leave empty ones out."""
    joined: list[list[int]] = []
    for number, rows in spans:
        if joined and joined[-1][0] == number:
            joined[-1][1] += rows
        elif rows:
            joined.append([number, rows])
    return joined


def publish(
    lake: Path,
    before: Appends,
    files: Iterable[PlacedFile],
    *,
    at: str,
    about: dict[str, Any] | None = None,
) -> None:
    """Put files in the place of a lake's own, in one step.

    about: what was done, as an append of its own after all that there are; None = nothing to tell.

    Raises:
        FileExistsError: another checkpoint has come meanwhile; nothing was changed.
    """
    manifests = [Manifest(entries=[], about=one["about"]) for one in before.manifests]
    for one in files:
        entries = manifests[one.append - 1]["entries"]
        if not entries or entries[-1]["table"] != one.table:
            entries.append(TableEntry(table=one.table, files=[]))
        entries[-1]["files"].append(one.entry)
    if about is not None:
        manifests.append(Manifest(entries=[], about=about))
    add_checkpoint(lake, manifests, generation=before.generation + 1, at=at)
