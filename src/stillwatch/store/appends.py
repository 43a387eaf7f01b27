"""The appends of a lake: manifests, numbered, and the checkpoint that takes the place of the first.

A manifest is one append: `entries` name the files of each table with rows and bytes, `about` says
what was appended. Manifests are numbered without a gap, so that one that is lost is noticed. A
checkpoint says the same of the appends 1 to N over other files: merged ones, or ones from which
rows are gone. The newest checkpoint rules, manifests after N follow, and what stands before is only
kept for readers who began earlier. Its appearance, one file, is the whole change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict

import orjson

from stillwatch.domain.errors import LakeDamaged
from stillwatch.store.durable import create_file

FOLDER: Final = "manifest"
_NAME: Final = re.compile(r"checkpoint-(\d{8})-(\d{8})")
"""Of a checkpoint: its generation, and how many appends it holds."""
_DIGITS: Final = 8
"""Digits of an append's number: enough for one a second over three years."""
_TRIES: Final = 3
"""Readings of a folder in which a checkpoint has just taken the place of what was listed."""


class FileEntry(TypedDict):
    """One Parquet file."""

    path: str
    rows: int
    bytes: int
    spans: NotRequired[list[list[int]]]
    """Of a merged file: (append, rows) in the order of its rows; absent: all of one append."""


class TableEntry(TypedDict):
    """What an append adds to one table."""

    table: str
    files: list[FileEntry]


class Manifest(TypedDict):
    """One append: all of it, or none."""

    entries: list[TableEntry]
    about: dict[str, Any]


@dataclass(frozen=True)
class Appends:
    """Every append of a lake at one moment, the oldest first."""

    manifests: list[Manifest]
    generation: int = 0
    """How often a checkpoint was written."""
    checked_at: str | None = None
    """When the newest checkpoint was written, RFC 3339."""
    covered: int = 0
    """Appends that the newest checkpoint holds."""

    def cut_at(self, up_to: int | None) -> list[Manifest]:
        """Give the appends up to one, with merged files cut at their rows."""
        if up_to is None or up_to >= len(self.manifests):
            return self.manifests
        return [_cut(one, up_to) for one in self.manifests[:up_to]]


def manifest_paths(lake: Path) -> list[Path]:
    """List the manifests of a lake in the order of their numbers; superseded ones are there too."""
    return sorted(p for p in (lake / FOLDER).glob("*.json") if p.stem.isdigit())


def checkpoint_paths(lake: Path) -> list[Path]:
    """List the checkpoints of a lake, the newest last."""
    return sorted(p for p in (lake / FOLDER).glob("checkpoint-*.json") if _NAME.fullmatch(p.stem))


def read_appends(lake: Path) -> Appends:
    """Read every append of a lake.

    Cost:    one file, and one more for each append since the newest checkpoint.

    Raises:
        LakeDamaged: a manifest can't be read, or one is missing.
    """
    for last in range(_TRIES):
        try:
            return _read(lake)
        except FileNotFoundError as gone:  # a checkpoint has come, and what it replaces has gone
            if last == _TRIES - 1:
                raise LakeDamaged(str(lake), says=f"{gone.filename} is missing") from gone
    raise AssertionError


def count_appends(lake: Path) -> int:
    """Say how many appends a lake has."""
    return len(read_appends(lake).manifests)


def _read(lake: Path) -> Appends:
    newest = next(reversed(checkpoint_paths(lake)), None)
    covered: list[Manifest] = []
    generation, checked_at = 0, None
    if newest is not None:
        content = _load(lake, newest)
        if not isinstance(content.get("appends"), list):
            raise LakeDamaged(str(lake), says=f"{newest.name} is no checkpoint")
        covered = [_as_manifest(lake, newest, one) for one in content["appends"]]
        generation = _figures(newest)[0]
        checked_at = content.get("at")
    later = [p for p in manifest_paths(lake) if int(p.stem) > len(covered)]
    numbers = [int(path.stem) for path in later]
    if numbers != list(range(len(covered) + 1, len(covered) + 1 + len(numbers))):
        raise LakeDamaged(str(lake), says="an append is missing among its manifests")
    manifests = [_as_manifest(lake, path, _load(lake, path)) for path in later]
    return Appends([*covered, *manifests], generation, checked_at, len(covered))


def _figures(checkpoint: Path) -> tuple[int, int]:
    found = _NAME.fullmatch(checkpoint.stem)
    assert found  # noqa: S101  it was listed by that name
    return int(found[1]), int(found[2])


def _load(lake: Path, path: Path) -> dict[str, Any]:
    try:
        content = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, orjson.JSONDecodeError) as broken:
        raise LakeDamaged(str(lake), says=f"{path.name} cannot be read") from broken
    if not isinstance(content, dict):
        raise LakeDamaged(str(lake), says=f"{path.name} is no manifest")
    return content


def _as_manifest(lake: Path, path: Path, content: dict[str, Any]) -> Manifest:
    if not isinstance(content, dict) or not isinstance(content.get("entries"), list):
        raise LakeDamaged(str(lake), says=f"{path.name} is no manifest")
    return Manifest(entries=content["entries"], about=content.get("about") or {})


def _cut(manifest: Manifest, up_to: int) -> Manifest:
    entries = [
        TableEntry(table=entry["table"], files=[_cut_file(one, up_to) for one in entry["files"]])
        for entry in manifest["entries"]
    ]
    return Manifest(entries=entries, about=manifest["about"])


def _cut_file(entry: FileEntry, up_to: int) -> FileEntry:
    if "spans" not in entry:
        return entry
    spans = [one for one in entry["spans"] if one[0] <= up_to]
    rows = sum(rows for _, rows in spans)
    return FileEntry(path=entry["path"], rows=rows, bytes=entry["bytes"], spans=spans)


def add_manifest(lake: Path, manifest: Manifest, *, lasts: bool = True) -> int:
    """Make an append appear, under the next free number, and give that.

    A lake that need not last past its run is spared the wait for the disk.
    """
    folder = lake / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    known = max((int(path.stem) for path in manifest_paths(lake)), default=0)
    number = 1 + max([known, *(_figures(path)[1] for path in checkpoint_paths(lake))])
    while True:
        try:
            path = folder / f"{number:0{_DIGITS}d}.json"
            create_file(path, orjson.dumps(manifest), lasts=lasts)
        except FileExistsError:
            number += 1
        else:
            return number


def add_checkpoint(lake: Path, manifests: Sequence[Manifest], *, generation: int, at: str) -> Path:
    """Put other appends in the place of the first ones, in one step.

    Raises:
        FileExistsError: somebody else has written a checkpoint meanwhile; nothing was changed.
    """
    name = f"checkpoint-{generation:0{_DIGITS}d}-{len(manifests):0{_DIGITS}d}.json"
    path = lake / FOLDER / name
    create_file(path, orjson.dumps({"at": at, "appends": list(manifests)}))
    return path
