"""Opening a lasting lake: made on first use, checked at the door, held by one at a time.

The rim's part of the store: whoever ingests holds the lake's `manifest` folder alone, whoever looks
holds its `looks` folder, so that a long look doesn't keep the next day's logs out.
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
from stillwatch.store.durable import held_alone
from stillwatch.store.lake import Lake
from stillwatch.store.manifest import FOLDER, check_lake, make_lake, manifest_paths

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
            yield Lake(place), Lake(arriving, lasts=False)
        finally:
            shutil.rmtree(arriving, ignore_errors=True)


@contextmanager
def lake_to_watch(place: Path, *, key: PseudonymKey) -> Iterator[Lake]:
    """Give a lasting lake to look at, as it is now; one look at a time.

    Raises:
        LakeError: there is none, or it is damaged, of another version or another key.
    """
    check_lake(place, key_check=check_of_key(key))
    with _held(place / _LOOKS):
        yield Lake(place, up_to=len(manifest_paths(place)))


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as refused:
        message = f"cannot write {folder.parent}: {refused.strerror}"
        raise LakeError(message, hint="its owner's rights are needed") from refused
    with held_alone(folder):
        yield
