"""A request's body as plain bytes: read in pieces, unpacked within bounds, held to be text.

Every byte that is held is counted against one budget for all requests; what would go over it is
refused, to come again later. Unpacking stops at its bound, however little there was to unpack.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

import zstandard
from fastapi import Request

from stillwatch.app.service.ingestion.refusals import RefusedError
from stillwatch.domain import service_limits
from stillwatch.store.segments.errors import Backlogged

PACKINGS: Final = ("gzip", "zstd")
_WINDOW_BYTES_MAX: Final = 8 * 2**20
"""Window of a zstd frame that is accepted: what every decoder must be able to (RFC 8878)."""
_GZIP: Final = 31
"""zlib's window argument for: 32 KB window, gzip header expected."""
_PIECE_BYTES: Final = 512
"""Packed zstd bytes unpacked between two looks at the bounds: at most 128 blocks of 128 KiB."""
_STEP_BYTES: Final = 2**20
"""Bytes unpacked between two looks at the bounds."""


class Budget:
    """How many bytes of bodies are in memory, of how many that may be."""

    def __init__(self, bound: int = service_limits.INGEST_MEMORY_BYTES_MAX) -> None:
        self.held = 0
        self._bound = bound
        self._lock = Lock()

    @contextmanager
    def share(self) -> Iterator[Share]:
        """Give one request its share; what it has taken is given back at the end."""
        share = Share(self)
        try:
            yield share
        finally:
            self.take(-share.held)

    def take(self, size: int) -> None:
        """Count bytes.

        Raises:
            Backlogged: there would be too many; they are not counted.
        """
        with self._lock:
            if size > 0 and self.held + size > self._bound:
                msg = "INGEST_MEMORY_BYTES_MAX"
                raise Backlogged(
                    msg,
                    bound=self._bound,
                    met=self.held + size,
                    retry_after_s=1,
                )
            self.held += size


class Share:
    """What one request has taken of a budget."""

    def __init__(self, budget: Budget) -> None:
        self.held = 0
        self._budget = budget

    def take(self, size: int) -> None:
        """Count bytes.

        Raises:
            Backlogged: there would be too many.
        """
        self._budget.take(size)
        self.held += size


async def read_packed(request: Request, share: Share) -> bytes:
    """Read a body as it comes.

    Raises:
        RefusedError: it is larger than service_limits.INGEST_PACKED_BYTES_MAX (413).
        Backlogged: too many bytes of bodies are in memory.
    """
    bound = service_limits.INGEST_PACKED_BYTES_MAX
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > bound:
        raise RefusedError(413, f"A body may have {bound:,} bytes as it comes.")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > bound:
            raise RefusedError(413, f"A body may have {bound:,} bytes as it comes.")
        share.take(len(part))
        parts.append(part)
    return b"".join(parts)


def unpack(packed: bytes, packing: str, share: Share) -> bytes:
    """Undo a content encoding.

    Raises:
        RefusedError: no such encoding (415), not of it (400), or larger than
            service_limits.INGEST_BODY_BYTES_MAX (413).
        Backlogged: too many bytes of bodies are in memory.
    """
    if packing in {"", "identity"}:
        return packed
    if packing not in PACKINGS:
        raise RefusedError(415, f"A content encoding may be {' or '.join(PACKINGS)}.")
    steps = _gunzip(packed) if packing == "gzip" else _unzstd(packed)
    parts: list[bytes] = []
    size = 0
    try:
        for part in steps:
            size += len(part)
            if size > service_limits.INGEST_BODY_BYTES_MAX:
                bound = f"{service_limits.INGEST_BODY_BYTES_MAX:,}"
                raise RefusedError(413, f"A body may have {bound} bytes unpacked.")
            share.take(len(part))
            parts.append(part)
    except (zlib.error, zstandard.ZstdError, EOFError) as damaged:
        raise RefusedError(400, f"The body is not {packing}, or is cut short.") from damaged
    return b"".join(parts)


def _gunzip(packed: bytes) -> Iterator[bytes]:
    while packed:
        member = zlib.decompressobj(_GZIP)
        while packed and not member.eof:
            yield member.decompress(packed, _STEP_BYTES)
            packed = member.unconsumed_tail
        while not member.eof and (rest := member.decompress(b"", _STEP_BYTES)):
            yield rest
        if not member.eof:
            raise EOFError
        packed = member.unused_data.lstrip(b"\0")


def _unzstd(packed: bytes) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES_MAX)
    frame = unpacker.decompressobj()
    is_open = False
    for at in range(0, len(packed), _PIECE_BYTES):
        piece = packed[at : at + _PIECE_BYTES]
        while piece:
            yield frame.decompress(piece)
            is_open, piece = not frame.eof, frame.unused_data
            if frame.eof:
                frame = unpacker.decompressobj()
    if is_open:
        raise EOFError


def require_text(body: bytes) -> None:
    """Refuse what is not even text; a line that is none is data, and quarantined later.

    Raises:
        RefusedError: there is a zero byte in it, or not one line is UTF-8 (400).
    """
    if b"\0" in body:
        raise RefusedError(400, "The body is no text: it has a zero byte.")
    try:
        body.decode()
    except UnicodeDecodeError:
        if not any(_is_text(line) for line in body.split(b"\n")):
            raise RefusedError(400, "The body is no text: no line of it is UTF-8.") from None


def _is_text(line: bytes) -> bool:
    try:
        return bool(line.decode().strip())
    except UnicodeDecodeError:
        return False
