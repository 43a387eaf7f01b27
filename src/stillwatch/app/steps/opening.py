"""Opening a lasting lake: made on first use, checked at the door, held by one at a time.

The rim's part of the store: whoever ingests holds the lake's `manifest` folder alone, whoever looks
holds its `looks` folder, so that a long look doesn't keep the next day's logs out. Readers hold
`readers` together: what they read is not deleted meanwhile. In that order, where it is several.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa

from stillwatch.domain.errors import LakeError
from stillwatch.domain.keyed import PseudonymKey, hash_strings
from stillwatch.store.appends import FOLDER, count_appends
from stillwatch.store.durable import held_alone, held_together
from stillwatch.store.lake import Lake
from stillwatch.store.manifest import check_lake, is_lake, make_lake, read_borders
from stillwatch.store.upkeep.rewriting import READERS

_CHECKED_WORD: Final = "the key of a lake"
_KEY_DOMAIN: Final = 113
"""Keeps the check of a key apart from all pseudonyms (as `ingest.pseudonymise.Name` does)."""
_LOOKS: Final = "looks"
_ARRIVING: Final = ".arriving"
"""The ingest's own lake, inside the lasting one; a killed ingest leaves it, the next clears it."""


def check_of_key(key: PseudonymKey) -> int:
    """Give what tells one key from another without telling the key.

    Units:   64 keyed bits of a fixed word.
    """
    (check,) = hash_strings(pa.array([_CHECKED_WORD]), key=key, domain=_KEY_DOMAIN).to_pylist()
    return int(check)


@contextmanager
def lake_to_fill(place: Path, *, key: PseudonymKey) -> Iterator[tuple[Lake, Lake]]:
    """Give a lasting lake (made if there is none) and a passing one for what arrives.

    Raises:
        LakeError: it can't be made, or is damaged, of another version or another key.
    """
    make_lake(place, key_check=check_of_key(key))
    with _held(place / FOLDER):
        check_lake(place, key_check=check_of_key(key))
        arriving = place / _ARRIVING
        shutil.rmtree(arriving, ignore_errors=True)
        try:
            yield Lake(place, since=_since(place)), Lake(arriving, lasts=False)
        finally:
            shutil.rmtree(arriving, ignore_errors=True)


@contextmanager
def lake_to_watch(place: Path, *, key: PseudonymKey) -> Iterator[Lake]:
    """Give a lasting lake to look at, as it is now; one look at a time.

    Raises:
        LakeError: there is none, or it is damaged, of another version or another key.
    """
    check = check_of_key(key)
    if not is_lake(place):
        check_lake(place, key_check=check)
    with _held(place / _LOOKS), lake_to_read(place, key_check=check) as lake:
        yield lake


@contextmanager
def lake_to_read(place: Path, *, key_check: int | None = None) -> Iterator[Lake]:
    """Give a lasting lake as it is now; nothing of it is deleted while it is read.

    Raises:
        LakeError: there is none, or it is damaged, of another version or another key.
    """
    if not is_lake(place):
        check_lake(place, key_check=key_check)
    with held_together(_make(place / READERS)):
        check_lake(place, key_check=key_check)
        yield Lake(place, up_to=count_appends(place), since=_since(place))


@contextmanager
def lake_to_rewrite(place: Path) -> Iterator[None]:
    """Hold a lake so that nobody ingests or looks: other files may take the place of its own.

    Raises:
        LakeError: there is none, or it is damaged or of another version.
    """
    check_lake(place, key_check=None)
    with _held(place / _LOOKS), _held(place / FOLDER):
        yield


@contextmanager
def lake_to_migrate(place: Path) -> Iterator[Lake]:
    """Hold a lake that may be of an older version as `lake_to_rewrite` holds one of this.

    Raises:
        LakeError: there is none, or it is damaged or of a newer version.
    """
    check_lake(place, key_check=None, may_be_older=True)
    with _held(place / _LOOKS), _held(place / FOLDER):
        yield Lake(place)


def _since(place: Path) -> int:
    """Give the last append under another key than today's."""
    return max(read_borders(place), default=0)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    with held_alone(_make(folder)):
        yield


def _make(folder: Path) -> Path:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as refused:
        message = f"cannot write {folder.parent}: {refused.strerror}"
        raise LakeError(message, hint="its owner's rights are needed") from refused
    return folder
