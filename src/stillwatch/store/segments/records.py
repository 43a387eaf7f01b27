"""What one frame holds: a kind, by which its reader is found, and a body, packed.

The store knows nothing of kinds. Packing (zstd) is the caller's work, on the caller's thread: the
writer of a journal only encrypts and waits for the disk.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import zstandard

_LEAD: Final = struct.Struct("<BI")
_LEVEL: Final = 1
"""zstd's fastest: the disk and the fsync are what is saved."""
KIND_CHARS_MAX: Final = 64
"""Characters of a kind: names of dialects and of register files have at most twenty."""


@dataclass(frozen=True, slots=True)
class Record:
    """One body that was acknowledged, and what it is."""

    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class PackedRecord:
    """A record as a frame holds it."""

    raw: bytes
    body_bytes: int
    """Bytes of the body, unpacked."""


def pack_record(kind: str, body: bytes) -> PackedRecord:
    """Pack a record.

    Cost:    one pass of zstd over the body, outside Python's lock.
    """
    name = kind.encode("ascii")
    assert len(name) <= KIND_CHARS_MAX  # noqa: S101  kinds are the house's own words
    packed = zstandard.ZstdCompressor(level=_LEVEL).compress(body)
    return PackedRecord(b"".join((_LEAD.pack(len(name), len(body)), name, packed)), len(body))


def unpack_record(raw: bytes) -> Record:
    """Give a record back; it was authenticated before."""
    kind_chars, body_bytes = _LEAD.unpack_from(raw)
    start = _LEAD.size + kind_chars
    body = zstandard.ZstdDecompressor().decompress(raw[start:], max_output_size=body_bytes)
    return Record(raw[_LEAD.size : start].decode("ascii"), body)
