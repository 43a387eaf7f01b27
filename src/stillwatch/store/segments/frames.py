"""The bytes of a segment: a head, then frames; each is numbered, checksummed and encrypted.

    head    magic 16 · segment id 16 (random) · key check 8
    frame   length u32 · number u64 · CRC-32 of both and of the text · text: AES-256-GCM, tag last

A frame that is cut short, or whose checksum is wrong, is torn or damaged; one whose checksum holds
and whose tag doesn't was changed by somebody. The key of a segment is derived (HKDF-SHA-256) from
the house's secret and the segment's random id; the nonce is the number of the frame. A segment is
created once, written by one process and never written again after that has ended, so no nonce comes
twice under one key. The last frame of a finished segment, the end mark, has its number of frames
with the top bit set, and no text: made twice, it is the same. A frame can't be moved to another
place or segment: its number is its nonce, and the head is authenticated with each.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC: Final = b"stillwatch wal 1"
ID_BYTES: Final = 16
"""Bytes of a segment's random id: no two of 2^60 segments share one."""
_CHECK_BYTES: Final = 8
_KEY_BYTES: Final = 32
HEAD_BYTES: Final = len(MAGIC) + ID_BYTES + _CHECK_BYTES
_LEAD: Final = struct.Struct("<IQ")
_CHECKSUM: Final = struct.Struct("<I")
FRAME_BYTES: Final = _LEAD.size + _CHECKSUM.size
"""Bytes of a frame before its text."""
TAG_BYTES: Final = 16
"""Bytes of an AES-GCM tag: the shortest text."""
_END: Final = 1 << 63
_NONCE: Final = struct.Struct("<IQ")


@dataclass(frozen=True, slots=True)
class FrameLead:
    """What stands before a frame's text."""

    length: int
    number: int
    checksum: int

    @property
    def is_end(self) -> bool:
        """Whether it is the end mark, whose number is how many frames there are."""
        return bool(self.number & _END)

    @property
    def count(self) -> int:
        """Number of frames, of an end mark."""
        return self.number & ~_END


def read_lead(raw: bytes) -> FrameLead:
    """Read what stands before a frame's text."""
    length, number = _LEAD.unpack_from(raw)
    (checksum,) = _CHECKSUM.unpack_from(raw, _LEAD.size)
    return FrameLead(length, number, checksum)


def holds(lead: FrameLead, text: bytes) -> bool:
    """Say whether a frame is as it was written, as far as its checksum tells."""
    return lead.checksum == _checksum(lead.length, lead.number, text)


@dataclass(frozen=True, slots=True)
class SegmentCipher:
    """Seals and opens the frames of one segment; its `repr` shows no key."""

    segment_id: bytes
    head: bytes
    _aead: AESGCM = field(repr=False)

    @classmethod
    def of(cls, secret: bytes, segment_id: bytes) -> SegmentCipher:
        """Derive the key of a segment."""
        derived = HKDF(SHA256(), _KEY_BYTES + _CHECK_BYTES, salt=segment_id, info=MAGIC)
        key = derived.derive(secret)
        head = MAGIC + segment_id + key[_KEY_BYTES:]
        return cls(segment_id, head, AESGCM(key[:_KEY_BYTES]))

    def seal(self, number: int, record: bytes) -> bytes:
        """Make a frame of a record."""
        return self._frame(number, self._aead.encrypt(_nonce(number), record, self.head))

    def seal_end(self, count: int) -> bytes:
        """Make the end mark of a segment of so many frames."""
        return self.seal(count | _END, b"")

    def unseal(self, lead: FrameLead, text: bytes) -> bytes | None:
        """Give the record of a frame; None where it is not what was written."""
        try:
            return self._aead.decrypt(_nonce(lead.number), text, self.head)
        except InvalidTag:
            return None

    @staticmethod
    def _frame(number: int, text: bytes) -> bytes:
        lead = _LEAD.pack(len(text), number)
        return b"".join((lead, _CHECKSUM.pack(_checksum(len(text), number, text)), text))


def _nonce(number: int) -> bytes:
    return _NONCE.pack(0, number)


def _checksum(length: int, number: int, text: bytes) -> int:
    return zlib.crc32(text, zlib.crc32(_LEAD.pack(length, number)))
