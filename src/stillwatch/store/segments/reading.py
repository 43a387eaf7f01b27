"""Reading a segment: its records in order, what of it is damaged, and where a torn end begins.

A writer that was killed leaves a frame cut short: that end was never acknowledged, and is cut.
Anything else that is not as it was written (a frame whose checksum or tag is wrong, with sound ones
after it; a number that is missing; a finished segment without its end mark) is damage: it is told,
and the sound records are given all the same, for they were acknowledged.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from stillwatch.domain import service_limits
from stillwatch.store.segments.errors import SegmentError
from stillwatch.store.segments.frames import (
    FRAME_BYTES,
    HEAD_BYTES,
    ID_BYTES,
    MAGIC,
    TAG_BYTES,
    FrameLead,
    SegmentCipher,
    holds,
    read_lead,
)
from stillwatch.store.segments.records import Record, unpack_record

_TEXT_BYTES_MAX: Final = service_limits.INGEST_BODY_BYTES_MAX + 2**20
"""Bytes of a frame's text: a body that can't be packed, and what zstd and the tag add."""
_OTHER_KEY: Final = "give the key of these segments in STILLWATCH_KEY or STILLWATCH_KEY_FILE"


@dataclass(frozen=True, slots=True)
class Damage:
    """Something of a segment that is not as it was written."""

    at: int
    """Byte of the file."""
    says: str


class SegmentReading:
    """The records of one segment; `damage` and `sound_bytes` are known after the last."""

    def __init__(self, path: Path, *, secret: bytes) -> None:
        self.damage: list[Damage] = []
        self.sound_bytes = 0
        """Bytes up to the end of the last sound frame; what comes after was never acknowledged."""
        self.count = 0
        """Frames up to there: the number that the next one would have."""
        self.is_ended = False
        self._path = path
        self._secret = secret

    def records(self) -> Iterator[Record]:
        """Give the sound records, in order.

        Cost:    one record in memory at a time.

        Raises:
            SegmentError: the file can't be read, or was written with another key.
        """
        try:
            with self._path.open("rb") as file:
                yield from self._read(file)
        except OSError as refused:
            says = f"{self._path.name}: {refused.strerror}"
            raise SegmentError(str(self._path.parent), says=says) from refused

    def _read(self, file: BinaryIO) -> Iterator[Record]:
        size = os.fstat(file.fileno()).st_size
        cipher = self._open(file.read(HEAD_BYTES))
        if cipher is None:
            return
        self.sound_bytes = at = HEAD_BYTES
        suspected: list[Damage] = []
        while not self.is_ended and (found := _next_frame(file, at, size)):
            lead, text = found
            end = at + FRAME_BYTES + lead.length
            if not holds(lead, text):
                suspected.append(Damage(at, "a checksum is wrong"))
            elif (record := cipher.unseal(lead, text)) is None:
                self.damage += [*suspected, Damage(at, "somebody has changed it")]
                suspected, self.sound_bytes = [], end
            else:
                self.damage += suspected  # sound frames after it: this is no torn end
                suspected = []
                self._follow(lead, at)
                self.sound_bytes = end
                if not self.is_ended:
                    yield unpack_record(record)
            at = end

    def _follow(self, lead: FrameLead, at: int) -> None:
        """Hold a sound frame to the number that it should have."""
        number = lead.count if lead.is_end else lead.number
        if number != self.count and not self.damage:
            self.damage.append(Damage(at, f"frame {self.count} is missing"))
        self.is_ended = lead.is_end
        self.count = number if lead.is_end else number + 1

    def _open(self, head: bytes) -> SegmentCipher | None:
        """Check the head; one that is cut short is no damage: nothing followed it."""
        if len(head) < HEAD_BYTES:
            return None
        segment_id = head[len(MAGIC) : len(MAGIC) + ID_BYTES]
        cipher = SegmentCipher.of(self._secret, segment_id)
        if head != cipher.head or segment_id.hex() not in self._path.name:
            says = f"{self._path.name} was written with another key, or its head is damaged"
            raise SegmentError(str(self._path.parent), says=says, hint=_OTHER_KEY)
        return cipher


def _next_frame(file: BinaryIO, at: int, size: int) -> tuple[FrameLead, bytes] | None:
    """Read the frame at a place; None where no whole frame can stand there."""
    if at + FRAME_BYTES + TAG_BYTES > size:
        return None
    file.seek(at)
    lead = read_lead(file.read(FRAME_BYTES))
    if not TAG_BYTES <= lead.length <= min(_TEXT_BYTES_MAX, size - at - FRAME_BYTES):
        return None
    return lead, file.read(lead.length)


def read_sealed(path: Path, *, secret: bytes) -> SegmentReading:
    """Give the reading of a finished segment, which has an end mark or was cut."""
    return _SealedReading(path, secret=secret)


class _SealedReading(SegmentReading):
    def records(self) -> Iterator[Record]:
        yield from super().records()
        if not self.is_ended:
            self.damage.append(Damage(self.sound_bytes, "its end is missing"))
