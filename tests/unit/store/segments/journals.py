"""Journals for tests: a secret, a clock that stands still, and what a folder holds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from stillwatch.store.segments import (
    Damage,
    Journal,
    JournalBounds,
    Record,
    SegmentFolder,
    pack_record,
)
from stillwatch.store.segments.bounds import DEFAULT_BOUNDS
from stillwatch.store.segments.reading import read_sealed

SECRET: Final = bytes(range(16))
_PATIENCE_S: Final = 30


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now_s


def open_journal(
    place: Path, *, bounds: JournalBounds = DEFAULT_BOUNDS, clock: Clock | None = None
) -> Journal:
    """Open a journal in a folder."""
    return Journal(SegmentFolder(place), secret=SECRET, clock_s=clock or Clock(), bounds=bounds)


def append_all(journal: Journal, bodies: list[bytes], *, kind: str = "native") -> None:
    """Append bodies, and wait until all are on the disk."""
    waiting = [journal.append(pack_record(kind, body)) for body in bodies]
    for one in waiting:
        one.result(_PATIENCE_S)


def read_folder(place: Path) -> tuple[list[Record], list[Damage]]:
    """Give the records of all finished segments, and what is damaged."""
    records: list[Record] = []
    damage: list[Damage] = []
    for segment in SegmentFolder(place).sealed():
        reading = read_sealed(segment.path, secret=SECRET)
        records += reading.records()
        damage += reading.damage
    return records, damage
