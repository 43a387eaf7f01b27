"""Deleting what no reader of a lake can need: files and manifests that a checkpoint has replaced.

Whoever reads holds the `readers` folder together with others; this holds it alone. Killed in the
middle it leaves the rest for the next time, and what a killed writer has left goes too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stillwatch.store.appends import checkpoint_paths, manifest_paths, read_appends
from stillwatch.store.durable import held_alone, try_to_hold
from stillwatch.store.upkeep.rewriting import READERS, place_files

_DAYS: Final = "*/day=*/*.parquet"
"""Where data rests; what is kept beside, and can be made again, lies a folder deeper."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What was deleted."""

    files: int
    bytes: int


def sweep_lake(place: Path, *, waits: bool) -> Swept | None:
    """Delete what no manifest names any more; None where somebody reads, and that is not awaited.

    The lake must be held: nobody ingests or looks.

    Raises:
        LakeDamaged: a manifest can't be read; nothing was deleted.
        OSError: the disk refuses; the rest goes the next time.
    """
    readers = place / READERS
    readers.mkdir(exist_ok=True)
    if waits:
        with held_alone(readers):
            return _sweep(place)
    hold = try_to_hold(readers)
    if hold is None:
        return None
    try:
        return _sweep(place)
    finally:
        os.close(hold)


def _sweep(place: Path) -> Swept:
    files = size = 0
    for path in list(_unneeded(place)):
        size += path.stat().st_size
        path.unlink()
        files += 1
        if path.suffix == ".parquet" and not any(path.parent.iterdir()):
            path.parent.rmdir()
    return Swept(files, size)


def _unneeded(place: Path) -> Iterator[Path]:
    """List data first, then the manifests that named them, the last appends' first."""
    appends = read_appends(place)
    named = {one.entry["path"] for one in place_files(appends)}
    for path in place.glob(_DAYS):
        if str(path.relative_to(place)) not in named:
            yield path
    yield from reversed([p for p in manifest_paths(place) if int(p.stem) <= appends.covered])
    yield from checkpoint_paths(place)[:-1]
