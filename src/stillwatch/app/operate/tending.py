"""Compaction as a round: what the last one has replaced goes, then what has come since is merged.

So a file is there for at least the grace after it was replaced, and twice the lake's size is never
needed for longer than from one round to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from stillwatch.app.steps.opening import lake_to_rewrite
from stillwatch.store.appends import read_appends
from stillwatch.store.lake import Lake
from stillwatch.store.upkeep import compact_lake, sweep_lake
from stillwatch.store.upkeep.compacting import Compaction


@dataclass(frozen=True, slots=True)
class Tended:
    """What a round has done."""

    compaction: Compaction
    swept_files: int
    swept_bytes: int


def tend_lake(place: Path, *, before: str, grace: timedelta, now: datetime) -> Tended:
    """Compact the days of a lake before one, and delete what was replaced longer ago than a grace.

    Raises:
        LakeError: there is no lake, or it is damaged or of another version.
        OSError: the disk refuses; readers see what they saw.
    """
    with lake_to_rewrite(place):
        files = size = 0
        if _is_past_grace(place, grace, now):
            files, size = _sweep(place)
        done = compact_lake(Lake(place), before=before, at=now.isoformat())
        if not grace:
            more_files, more_size = _sweep(place)
            files, size = files + more_files, size + more_size
    return Tended(done, files, size)


def _sweep(place: Path) -> tuple[int, int]:
    swept = sweep_lake(place, waits=False)
    return (swept.files, swept.bytes) if swept else (0, 0)


def _is_past_grace(place: Path, grace: timedelta, now: datetime) -> bool:
    """Say whether the newest checkpoint is old enough; without one nothing was replaced."""
    at = read_appends(place).checked_at
    return at is not None and now - datetime.fromisoformat(at) >= grace
