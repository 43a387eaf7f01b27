"""How much may wait in a journal, and what it has done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stillwatch.domain import service_limits


@dataclass(frozen=True, slots=True)
class JournalBounds:
    """How much may wait, and when a segment is handed on; the defaults are `limits`."""

    pending_bytes: int = service_limits.JOURNAL_PENDING_BYTES_MAX
    disk_bytes: int = service_limits.JOURNAL_DISK_BYTES_MAX
    segment_bytes: int = service_limits.SEGMENT_BYTES_MAX
    segment_age_s: float = service_limits.SEGMENT_AGE_S_MAX


@dataclass(slots=True)
class JournalCounts:
    """What a journal has done since it was opened."""

    records: int = 0
    fsyncs: int = 0
    written_bytes: int = 0
    segments: int = 0
    refused: int = 0


DEFAULT_BOUNDS: Final = JournalBounds()
