"""From a file or standard input to plain bytes, hashed on the way.

The form is told by the first bytes, not by the name: gzip (any number of members), zstd (any
number of frames), else plain. A stream that breaks off or is damaged gives what came before, and
says so in `damage`; whoever cuts lines turns that into one quarantine row. Nothing is held but one
block.
"""

from __future__ import annotations

import hashlib
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import zstandard

from stillwatch.domain.errors import InputError
from stillwatch.ingest.sources.files import STANDARD_INPUT

BLOCK_BYTES: Final = 4 * 2**20
"""Bytes read at once: large enough that the system call costs nothing."""
PACKED_BYTES: Final = 64 * 2**10
"""Packed bytes unpacked at once, which bounds what one step may yield."""
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_ANY_GZIP_HEADER: Final = 31
"""zlib's window argument for: 32 KB window, gzip header expected."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input file as run.json names it: its size and hash as stored, packed or not."""

    name: str
    size: int
    sha256: str
    damage: str | None = None
    """Why it broke off: what comes after it is in no count."""


class ByteStream:
    """The plain bytes of one input; `damage` says after the last block why it broke off."""

    def __init__(self, path: Path, *, block_bytes: int = BLOCK_BYTES) -> None:
        self.name = path.name or str(path)
        self._path = path
        self._block_bytes = block_bytes
        self._digest = hashlib.sha256()
        self._size = 0
        self.damage: str | None = None

    @property
    def facts(self) -> InputFile:
        """Size and hash of what has been read so far, and why it broke off."""
        return InputFile(self.name, self._size, self._digest.hexdigest(), self.damage)

    def blocks(self) -> Iterator[bytes]:
        """Give the plain bytes, block by block.

        Raises:
            InputError: the file can't be read at all.
        """
        if str(self._path) == STANDARD_INPUT:
            yield from self._unpack(sys.stdin.buffer)
            return
        try:
            with self._path.open("rb") as file:
                yield from self._unpack(file)
        except OSError as error:
            message = f"cannot read {self.name}: {error.strerror or 'input error'}"
            raise InputError(message) from error

    def _unpack(self, file: BinaryIO) -> Iterator[bytes]:
        raw = self._read(file)
        first = next(raw, b"")
        if first.startswith(_GZIP):
            yield from self._gunzip(first, raw)
        elif first.startswith(_ZSTD):
            yield from self._unzstd(first, raw)
        else:
            if first:
                yield first
            yield from raw

    def _read(self, file: BinaryIO) -> Iterator[bytes]:
        while block := file.read(self._block_bytes):
            self._digest.update(block)
            self._size += len(block)
            yield block

    def _gunzip(self, first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
        member, open_member = zlib.decompressobj(_ANY_GZIP_HEADER), False
        for block in _joined(first, rest):
            data = block
            while data:
                try:
                    plain = member.decompress(data, BLOCK_BYTES)
                except zlib.error:
                    self.damage = "damaged gzip"
                    return
                open_member = not member.eof
                if plain:
                    yield plain
                data = member.unconsumed_tail
                if member.eof:
                    data = member.unused_data.lstrip(b"\0")
                    member = zlib.decompressobj(_ANY_GZIP_HEADER)
        if open_member:
            self.damage = "truncated gzip"

    def _unzstd(self, first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
        unpacker = zstandard.ZstdDecompressor()
        frame, open_frame = unpacker.decompressobj(), False
        for block in _joined(first, rest):
            for at in range(0, len(block), PACKED_BYTES):
                data = block[at : at + PACKED_BYTES]
                while data:
                    try:
                        plain = frame.decompress(data)
                    except zstandard.ZstdError:
                        self.damage = "damaged zstd"
                        return
                    if plain:
                        yield plain
                    open_frame, data = not frame.eof, b""
                    if frame.eof:
                        data = frame.unused_data
                        frame = unpacker.decompressobj()
        if open_frame:
            self.damage = "truncated zstd"


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
