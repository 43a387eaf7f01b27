"""Cuts a stream of bytes into runs of whole lines, and says which lines can be none.

Memory is bounded by one run and one record: a line beyond the limit of a record is dropped while
it is read, and the broken end of a truncated stream is never handed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from stillwatch.domain import limits
from stillwatch.ingest.sources.scan import count_breaks
from stillwatch.ingest.sources.unpack import ByteStream

OVERSIZED: Final = f"over {limits.RECORD_BYTES_MAX // 2**20} MB"


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that is none: where it stands and why."""

    line: int
    reason: str
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Whole lines and the number of the first; or, without data, one line that was dropped."""

    first_line: int
    data: bytes = b""
    lines: int = 0
    rejects: tuple[Reject, ...] = ()


class LineCutter:
    """Cuts blocks, none larger than a record may be, into runs of whole lines.

    Order:   as they stand; a dropped line has its number and a run of its own.
    Cost:    one copy of the bytes; holds a run and a record.
    """

    def __init__(self, *, run_bytes: int) -> None:
        self._run_bytes = run_bytes
        self._line = 1
        self._whole: list[memoryview] = []
        self._whole_size = 0
        self._tail: list[memoryview] = []
        self._tail_size = 0

    def cut(self, blocks: Iterator[bytes], stream: ByteStream) -> Iterator[Run]:
        """Cut a stream to its end; a break-off in `stream.damage` becomes a dropped line."""
        for block in blocks:
            view, start = memoryview(block), 0
            while (end := self._line_end(block, start)) > 0:
                if self._tail_size + block.find(b"\n", start) - start > limits.RECORD_BYTES_MAX:
                    end = block.find(b"\n", start) + 1
                    yield from self._flush()
                    yield self._drop(OVERSIZED)
                else:
                    self._take(view[start:end])
                    if self._whole_size >= self._run_bytes:
                        yield from self._flush()
                start = end
            self._hold(view[start:])
        yield from self._finish(stream.damage)

    def _line_end(self, block: bytes, start: int) -> int:
        """Find where the whole lines to take next end: at the run's size, else before or after."""
        room = start + max(self._run_bytes - self._whole_size, 1)
        return block.rfind(b"\n", start, room) + 1 or block.find(b"\n", start) + 1

    def _take(self, lines: memoryview) -> None:
        self._whole += [*self._tail, lines]
        self._whole_size += self._tail_size + len(lines)
        self._tail, self._tail_size = [], 0

    def _hold(self, part: memoryview) -> None:
        self._tail_size += len(part)
        if self._tail_size > limits.RECORD_BYTES_MAX:
            self._tail = []
        elif part:
            self._tail.append(part)

    def _flush(self) -> Iterator[Run]:
        data = b"".join(self._whole)
        self._whole, self._whole_size = [], 0
        if data:
            lines = count_breaks(data) + (not data.endswith(b"\n"))
            yield Run(self._line, data, lines)
            self._line += lines

    def _drop(self, reason: str) -> Run:
        dropped = Run(self._line, rejects=(Reject(self._line, reason),))
        self._tail, self._tail_size = [], 0
        self._line += 1
        return dropped

    def _finish(self, damage: str | None) -> Iterator[Run]:
        oversized = self._tail_size > limits.RECORD_BYTES_MAX
        if not damage and not oversized:
            self._take(memoryview(b""))
        yield from self._flush()
        if damage or oversized:
            yield self._drop(damage or OVERSIZED)
