"""What makes a lasting lake one: its format file, and the checks at its door.

`lake.json` says the format and which pseudonym key the rows were made with (a keyed hash of a fixed
word: whoever lacks the key learns nothing). An append that is lost is noticed (`appends`); so is a
file that is lost, cut or grown. A lake of an older format is refused until `upkeep.migrate_lake`
has been at it, so that rows of two formats are never read together, and a program that knows
nothing of checkpoints never opens a lake that has some.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import orjson

from stillwatch.domain.errors import LakeDamaged, LakeError
from stillwatch.store.appends import FOLDER, Manifest, count_appends, manifest_paths, read_appends
from stillwatch.store.durable import create_file, flush_to_disk, replace_file

FORMAT: Final = 5
"""Version of the lake's format: layout, manifests, and the columns of its tables and what they
mean. 1 had no checkpoints (ADR 0007), 2 has (ADR 0017), 3 has hashes of content of 48 bits, where
these had 64 (ADR 0027), 4 has a hash of two numbers of each prompt (ADR 0030), 5 has issuers and
batches of payments and shapes of e-mail names in its register (ADR 0032)."""
FORMAT_WITH_CHECKPOINTS: Final = 2
_OLDER: Final = frozenset({1, 2, 3, 4})
"""Formats that `upkeep.migrate_lake` brings to this one."""
_FORMAT_FILE: Final = "lake.json"

_OTHER_FORMAT: Final = "use the version that wrote it, or ingest the logs into a new lake"
_OLDER_FORMAT: Final = "`stillwatch lake migrate LAKE` brings it to this one"
_OTHER_KEY: Final = "give the key of that lake in STILLWATCH_KEY or STILLWATCH_KEY_FILE"


def make_lake(place: Path, *, key_check: int) -> None:
    """Make an empty lasting lake, or leave the one that is there.

    Raises:
        LakeError: the place can't be written, or holds something else.
    """
    if (place / _FORMAT_FILE).exists():
        return
    try:
        place.mkdir(parents=True, exist_ok=True)
        if any(not _is_begun(path) for path in place.iterdir()) or manifest_paths(place):
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


def _is_begun(path: Path) -> bool:
    """Say whether a path is what a lake begins with: its maker may have been killed at it."""
    return path.name == FOLDER or path.match(f".{_FORMAT_FILE}.*.part")


def is_lake(place: Path) -> bool:
    """Say whether there is a lasting lake."""
    return (place / _FORMAT_FILE).is_file()


def check_lake(place: Path, *, key_check: int | None, may_be_older: bool = False) -> None:
    """Refuse what is no lake, one of another version or key, and one that is damaged.

    may_be_older: whether one that has yet to be migrated is let in: it can be kept, not read.
    Cost:    one look at each file's size; contents are not read.

    Raises:
        LakeError: there is no lake, or it was made by another format or under another key.
        LakeDamaged: a manifest or a file is missing, or has another size than was written.
    """
    version, key = _read_format(place)
    if version != FORMAT and not (may_be_older and version in _OLDER):
        message = f"the lake {place} is of format {version!s:.20}, this version reads {FORMAT}"
        raise LakeError(message, hint=_OLDER_FORMAT if version in _OLDER else _OTHER_FORMAT)
    if key_check is not None and key != key_check:
        message = f"the lake {place} was made with another pseudonym key"
        raise LakeError(message, hint=_OTHER_KEY)
    for manifest in read_appends(place).manifests:
        _check_files(place, manifest)


def is_of_this_format(place: Path) -> bool:
    """Say whether a lake is of this format, or of an older one that can be brought to it.

    Raises:
        LakeError: there is no lake, or it is of a newer format.
        LakeDamaged: its format file can't be read.
    """
    version, _ = _read_format(place)
    if version != FORMAT and version not in _OLDER:
        message = f"the lake {place} is of format {version!s:.20}, this version knows {FORMAT}"
        raise LakeError(message, hint=_OTHER_FORMAT)
    return bool(version == FORMAT)


def write_format(place: Path, version: int) -> None:
    """Say of which format a lake is from now on; killed, it is of this one or the one before."""
    content = {**_read_content(place), "stillwatch_lake": version}
    replace_file(place / _FORMAT_FILE, orjson.dumps(content))


def read_borders(place: Path) -> list[int]:
    """List the last append under each pseudonym key that was replaced, in order.

    Raises:
        LakeDamaged: the format file can't be read.
    """
    return [int(one["up_to"]) for one in _read_content(place).get("keys_before", ())]


def turn_key(place: Path, *, key_check: int, new_check: int) -> bool:
    """Let a new pseudonym key rule what is appended from now on; say whether that was news.

    The lake must be held: nobody ingests or looks. Killed, it was done or it wasn't.

    Raises:
        LakeError: the lake was made with neither key.
    """
    content = _read_content(place)
    if content.get("key_check") == new_check:
        return False
    check_lake(place, key_check=key_check)
    before = [*content.get("keys_before", ()), {"check": key_check, "up_to": count_appends(place)}]
    fresh = {**content, "key_check": new_check, "keys_before": before}
    replace_file(place / _FORMAT_FILE, orjson.dumps(fresh))
    return True


def _read_format(place: Path) -> tuple[Any, Any]:
    """Read which format a lake is of, and the check of its key."""
    content = _read_content(place)
    try:
        return content["stillwatch_lake"], content["key_check"]
    except KeyError as broken:
        raise LakeDamaged(str(place), says=f"{_FORMAT_FILE} cannot be read") from broken


def _read_content(place: Path) -> dict[str, Any]:
    try:
        content = orjson.loads((place / _FORMAT_FILE).read_bytes())
    except FileNotFoundError as absent:
        message = f"{place} is no lake: it has no {_FORMAT_FILE}"
        raise LakeError(
            message, hint="make one with `stillwatch ingest DIR --lake LAKE`"
        ) from absent
    except (OSError, ValueError) as broken:
        raise LakeDamaged(str(place), says=f"{_FORMAT_FILE} cannot be read") from broken
    if not isinstance(content, dict):
        raise LakeDamaged(str(place), says=f"{_FORMAT_FILE} cannot be read")
    return content


def _check_files(place: Path, manifest: Manifest) -> None:
    for entry in manifest["entries"]:
        for one in entry["files"]:
            path = place / one["path"]
            if not path.is_file():
                raise LakeDamaged(str(place), says=f"{one['path']} is missing")
            if (size := path.stat().st_size) != one["bytes"]:
                says = f"{one['path']} has {size:,} bytes, not {one['bytes']:,}"
                raise LakeDamaged(str(place), says=says)
