"""What makes a lasting lake one: its format file, its manifests, and the checks at its door.

`lake.json` says the format and which pseudonym key the rows were made with (a keyed hash of a fixed
word: whoever lacks the key learns nothing). A manifest is one append: `entries` name the files of
each table with rows and bytes, `about` says what was appended. Manifests are numbered without a
gap, so that one that is lost is noticed; so is a file that is lost, cut or grown.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypedDict

import orjson

from stillwatch.domain.errors import LakeDamaged, LakeError
from stillwatch.store.durable import create_file, flush_to_disk

FORMAT: Final = 1
"""Version of the lake's format: layout, manifests and the columns of its tables (ADR 0007)."""
_FORMAT_FILE: Final = "lake.json"
FOLDER: Final = "manifest"
_DIGITS: Final = 8
"""Digits of an append's number: enough for one a second over three years."""

_OTHER_FORMAT: Final = "use the version that wrote it, or ingest the logs into a new lake"
_OTHER_KEY: Final = "give the key of that lake in STILLWATCH_KEY or STILLWATCH_KEY_FILE"


class FileEntry(TypedDict):
    """One Parquet file of an append."""

    path: str
    rows: int
    bytes: int


class TableEntry(TypedDict):
    """What an append adds to one table."""

    table: str
    files: list[FileEntry]


class Manifest(TypedDict):
    """One append: all of it, or none."""

    entries: list[TableEntry]
    about: dict[str, Any]


def manifest_paths(lake: Path) -> list[Path]:
    """List the manifests of a lake in the order of their numbers."""
    return sorted(p for p in (lake / FOLDER).glob("*.json") if p.stem.isdigit())


def read_manifests(lake: Path) -> Iterator[Manifest]:
    """Read every append of a lake, the oldest first.

    Raises:
        LakeDamaged: a manifest can't be read.
    """
    for path in manifest_paths(lake):
        try:
            manifest = orjson.loads(path.read_bytes())
        except (OSError, orjson.JSONDecodeError) as broken:
            raise LakeDamaged(str(lake), says=f"{path.name} cannot be read") from broken
        if not isinstance(manifest, dict) or not isinstance(manifest.get("entries"), list):
            raise LakeDamaged(str(lake), says=f"{path.name} is no manifest")
        yield Manifest(entries=manifest["entries"], about=manifest.get("about") or {})


def add_manifest(lake: Path, manifest: Manifest, *, lasts: bool = True) -> int:
    """Make an append appear, under the next free number, and give that.

    A lake that need not last past its run is spared the wait for the disk.
    """
    folder = lake / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    number = 1 + max((int(path.stem) for path in manifest_paths(lake)), default=0)
    while True:
        try:
            path = folder / f"{number:0{_DIGITS}d}.json"
            create_file(path, orjson.dumps(manifest), lasts=lasts)
        except FileExistsError:
            number += 1
        else:
            return number


def make_lake(place: Path, *, key_check: int) -> None:
    """Make an empty lasting lake, or leave the one that is there.

    Raises:
        LakeError: the place can't be written, or holds something else.
    """
    if (place / _FORMAT_FILE).exists():
        return
    try:
        place.mkdir(parents=True, exist_ok=True)
        if any(path.name != FOLDER for path in place.iterdir()) or manifest_paths(place):
            message = f"{place} holds something else than a lake"
            raise LakeError(message, hint="name a directory that is empty or absent")
        content = {"stillwatch_lake": FORMAT, "key_check": key_check}
        create_file(place / _FORMAT_FILE, orjson.dumps(content))
        flush_to_disk(place)
    except FileExistsError:
        return  # another process has made it in the meantime
    except OSError as refused:
        message = f"cannot write {place}: {refused.strerror}"
        raise LakeError(message, hint="choose another --lake") from refused


def is_lake(place: Path) -> bool:
    """Say whether there is a lasting lake."""
    return (place / _FORMAT_FILE).is_file()


def check_lake(place: Path, *, key_check: int | None) -> None:
    """Refuse what is no lake, one of another version or key, and one that is damaged.

    Cost:    one look at each file's size; contents are not read.

    Raises:
        LakeError: there is no lake, or it was made by another format or under another key.
        LakeDamaged: a manifest or a file is missing, or has another size than was written.
    """
    try:
        content = orjson.loads((place / _FORMAT_FILE).read_bytes())
        version, key = content["stillwatch_lake"], content["key_check"]
    except FileNotFoundError as absent:
        message = f"{place} is no lake: it has no {_FORMAT_FILE}"
        raise LakeError(
            message, hint="make one with `stillwatch ingest DIR --lake LAKE`"
        ) from absent
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise LakeDamaged(str(place), says=f"{_FORMAT_FILE} cannot be read") from broken
    if version != FORMAT:
        message = f"the lake {place} is of format {version!s:.20}, this version reads {FORMAT}"
        raise LakeError(message, hint=_OTHER_FORMAT)
    if key_check is not None and key != key_check:
        message = f"the lake {place} was made with another pseudonym key"
        raise LakeError(message, hint=_OTHER_KEY)
    numbers = [int(path.stem) for path in manifest_paths(place)]
    if numbers != list(range(1, len(numbers) + 1)):
        raise LakeDamaged(str(place), says="an append is missing among its manifests")
    for manifest in read_manifests(place):
        _check_files(place, manifest)


def _check_files(place: Path, manifest: Manifest) -> None:
    for entry in manifest["entries"]:
        for one in entry["files"]:
            path = place / one["path"]
            if not path.is_file():
                raise LakeDamaged(str(place), says=f"{one['path']} is missing")
            if (size := path.stat().st_size) != one["bytes"]:
                says = f"{one['path']} has {size:,} bytes, not {one['bytes']:,}"
                raise LakeDamaged(str(place), says=says)
