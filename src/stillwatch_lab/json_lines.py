"""Plain JSON lines, written past the system's cache of the disk.

Takes a frame from `write`. The one idea: two kilobytes a line are much to write and nothing to keep
at hand; to copy them into the system's cache, and to wait until it has been emptied, cost more than
to make them. So lines go to the disk block by block from one aligned buffer (O_DIRECT), where the
file system has that, and as usual where it hasn't. The bytes are the same.

Absent: packing, and any promise that the bytes survive a power cut: a seed makes them anew.
"""

from __future__ import annotations

import fcntl
import io
import mmap
import os
from pathlib import Path
from typing import Final

import polars as pl

_SLICE_ROWS: Final = 4096
"""Rows spelt at once: eight megabytes of lines, in memory that the next slice uses again."""
_BLOCK_BYTES: Final = 8 * 2**20
"""Bytes written at once, whole pages."""
_PAGE_BYTES: Final = 4096
"""What the disk takes: a multiple of its own 512 or 4,096."""
_STRAIGHT: Final = getattr(os, "O_DIRECT", 0)
"""No such flag on some systems: then everything goes through the cache."""


def write_lines(rows: pl.DataFrame, path: Path) -> None:
    """Write a frame as JSON lines.

    Order:   as the rows stand. Cost: linear in bytes; memory is a slice and a block.
    """
    sink = _Blocks(path)
    spelt = io.BytesIO()
    try:
        for part in rows.iter_slices(_SLICE_ROWS):
            spelt.seek(0)
            spelt.truncate(0)
            part.write_ndjson(spelt)
            with spelt.getbuffer() as lines:
                sink.add(lines)
        sink.finish()
    finally:
        sink.close()


class _Blocks:
    """A file that is written in whole blocks from one buffer, and cut to its size at the end."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        try:
            self._file = os.open(path, flags | _STRAIGHT, 0o644)
        except OSError:
            self._file = os.open(path, flags, 0o644)  # a file system without it; or a true fault
        self._block = mmap.mmap(-1, _BLOCK_BYTES)
        self._filled = 0
        self._size = 0

    def add(self, lines: memoryview) -> None:
        """Take bytes; what fills a block is written."""
        self._size += len(lines)
        while lines:
            taken = min(_BLOCK_BYTES - self._filled, len(lines))
            self._block[self._filled : self._filled + taken] = lines[:taken]
            self._filled += taken
            lines = lines[taken:]
            if self._filled == _BLOCK_BYTES:
                self._write(_BLOCK_BYTES)

    def finish(self) -> None:
        """Write what is left, up to a whole page, and cut the file to its size."""
        self._write(-(-self._filled // _PAGE_BYTES) * _PAGE_BYTES)
        os.ftruncate(self._file, self._size)

    def close(self) -> None:
        """Let go of the file and the buffer."""
        os.close(self._file)
        self._block.close()

    def _write(self, size: int) -> None:
        with memoryview(self._block) as block:
            written = 0
            while written < size:
                with block[written:size] as rest:
                    written += self._try(rest)
        self._filled = 0

    def _try(self, rest: memoryview) -> int:
        try:
            return os.write(self._file, rest)
        except OSError:
            flags = fcntl.fcntl(self._file, fcntl.F_GETFL)
            if not flags & _STRAIGHT:
                raise
            fcntl.fcntl(self._file, fcntl.F_SETFL, flags & ~_STRAIGHT)
            return os.write(self._file, rest)
