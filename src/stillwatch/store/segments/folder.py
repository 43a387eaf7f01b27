"""The folder of a journal: segments that are written, that wait, or that are damaged.

    00000007-<id>.open      written now; after a kill, mended by the next writer
    00000007-<id>.sealed    finished: the committer's
    00000007-<id>.damaged   committed as far as it could be read; kept for a person to look at

A segment goes only after its exchanges are in the lake. Its id is in its name, so that the lake's
manifest can say which segments it holds.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stillwatch.store.durable import flush_to_disk
from stillwatch.store.segments.errors import SegmentError

OPEN: Final = ".open"
SEALED: Final = ".sealed"
DAMAGED: Final = ".damaged"
_RIGHTS: Final = 0o700
"""Rights of the folder: its owner's alone."""
_DIGITS: Final = 8
"""Digits of a segment's number: one every ten seconds for thirty years."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One finished segment."""

    path: Path
    size: int

    @property
    def name(self) -> str:
        """Its name without its state."""
        return self.path.stem

    @property
    def id(self) -> str:
        """Its random id, which no other segment has."""
        return self.name.partition("-")[2]


@dataclass(frozen=True, slots=True)
class SegmentFolder:
    """A folder of segments."""

    place: Path

    def make(self) -> None:
        """Make the folder, if there is none.

        Raises:
            SegmentError: the place can't be written.
        """
        try:
            if not self.place.is_dir():
                self.place.mkdir(mode=_RIGHTS, parents=True, exist_ok=True)
                flush_to_disk(self.place.parent)
        except OSError as refused:
            says = refused.strerror or "it cannot be made"
            raise SegmentError(
                str(self.place), says=says, hint="choose another folder"
            ) from refused

    def name_next(self, segment_id: bytes) -> Path:
        """Name the segment to be written next."""
        numbers = (int(path.name[:_DIGITS]) for path in self._paths(OPEN, SEALED, DAMAGED))
        return self.place / f"{1 + max(numbers, default=0):0{_DIGITS}d}-{segment_id.hex()}{OPEN}"

    def unfinished(self) -> list[Path]:
        """List segments that somebody writes, or was writing when it ended."""
        return self._paths(OPEN)

    def sealed(self) -> list[Segment]:
        """List the segments that wait for the committer, the oldest first."""
        return self._listed(SEALED)

    def damaged(self) -> list[Segment]:
        """List the segments of which something could not be read."""
        return self._listed(DAMAGED)

    def waiting_bytes(self) -> int:
        """Give the bytes of all segments that are written or wait."""
        return sum(_size(path) for path in self._paths(OPEN, SEALED))

    def remove(self, segments: list[Segment]) -> None:
        """Delete segments whose exchanges are in the lake."""
        for one in segments:
            one.path.unlink(missing_ok=True)
        if segments:
            flush_to_disk(self.place)

    def set_aside(self, segment: Segment) -> None:
        """Keep a damaged segment for a person, out of the committer's way."""
        os.replace(segment.path, segment.path.with_suffix(DAMAGED))  # noqa: PTH105  one step, as in durable
        flush_to_disk(self.place)

    def _listed(self, state: str) -> list[Segment]:
        return [Segment(path, _size(path)) for path in self._paths(state)]

    def _paths(self, *states: str) -> list[Path]:
        return sorted(path for path in self.place.iterdir() if path.suffix in states)


def _size(path: Path) -> int:
    """A file that is gone in the meantime has no bytes."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
