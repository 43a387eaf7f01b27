"""Segments as *ingest* reads them: chunks of whole lines, by dialect, and the register's apart.

Between the journal and `ingest`: gives the chunks that `take_in_chunks` observes, and what
`register` reads. A body is brought to one document a line by itself, as a file is, so that a torn
body never takes the next one with it. Text is in memory only, one chunk at a time; nothing is
written. A segment is one input a dialect, `<segment>.<dialect>`, in which lines are counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from stillwatch.domain import limits
from stillwatch.ingest.readers import NATIVE
from stillwatch.ingest.register import RegisterChunks
from stillwatch.ingest.sources.chunks import RawChunk
from stillwatch.ingest.sources.cut import Reject
from stillwatch.ingest.sources.documents import one_document_a_line
from stillwatch.ingest.sources.files import KINDS, TrafficFiles
from stillwatch.ingest.sources.scan import count_breaks
from stillwatch.ingest.sources.sniff import sniff, take_head
from stillwatch.ingest.sources.unpack import InputFile
from stillwatch.store.segments import Record, Segment
from stillwatch.store.segments.reading import read_sealed

REGISTER_KINDS: Final = KINDS[1:]
"""Kinds of records that say what is known beside the traffic."""
_DAMAGED: Final = "damaged in its segment"


@dataclass(frozen=True, slots=True)
class Given:
    """Chunks that are in memory already."""

    inputs: Sequence[InputFile]
    chunks: Sequence[RawChunk]

    def __iter__(self) -> Iterator[RawChunk]:
        return iter(self.chunks)


@dataclass(slots=True)
class _Lines:
    """Lines of one dialect of one segment, gathered up to a chunk."""

    file: int
    name: str
    dialect: str
    first_line: int = 1
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, lines: bytes) -> Iterator[RawChunk]:
        self.parts.append(lines)
        self.size += len(lines)
        if self.size >= limits.CHUNK_BYTES:
            yield from self.flush()

    def flush(self, rejects: Sequence[Reject] = ()) -> Iterator[RawChunk]:
        data = b"".join(self.parts)
        self.parts, self.size = [], 0
        for piece in _pieces(data):
            lines = count_breaks(piece)
            yield RawChunk(self.file, self.name, self.dialect, self.first_line, piece, lines)
            self.first_line += lines
        if rejects:
            yield RawChunk(self.file, self.name, self.dialect, self.first_line, b"", 0, (*rejects,))


class SegmentBatch:
    """Some segments, read once: the chunks of exchanges; then what else was in them."""

    def __init__(self, segments: Sequence[Segment], *, secret: bytes) -> None:
        self.inputs: list[InputFile] = []
        self.damaged: list[Segment] = []
        """Segments of which something could not be read; known when all have been."""
        self._segments = segments
        self._secret = secret
        self._known: dict[str, list[tuple[str, bytes]]] = {kind: [] for kind in REGISTER_KINDS}

    def __iter__(self) -> Iterator[RawChunk]:
        for segment in self._segments:
            yield from self._read(segment)

    def register(self) -> RegisterChunks:
        """Give what was said of accounts, releases and permissions, once all has been read.

        Permissions are a snapshot: the last body of them replaces those before.
        """
        accounts, releases, permissions = (self._known[kind] for kind in REGISTER_KINDS)
        return RegisterChunks(_given(accounts), _given(releases), _given(permissions[-1:]))

    def files(self) -> TrafficFiles:
        """Say what came, as a directory would: whether there were permissions."""
        given = [Path(name) for name, _ in self._known[REGISTER_KINDS[2]]]
        return TrafficFiles(permissions=tuple(given))

    def digests(self) -> dict[str, str]:
        """Name each segment with its id, by which the lake knows it again."""
        return {one.name: one.id for one in self._segments}

    def _read(self, segment: Segment) -> Iterator[RawChunk]:
        reading = read_sealed(segment.path, secret=self._secret)
        open_lines: dict[str, _Lines] = {}
        stored = InputFile(segment.name, segment.size, _hash_of(segment.path))
        for record in reading.records():
            lines = lines_of(record.body)
            if record.kind in self._known:
                self._known[record.kind].append((segment.name, lines))
            elif lines:
                into = open_lines.get(record.kind) or self._begin(record, segment, stored)
                open_lines[record.kind] = into
                yield from into.add(lines)
        if reading.damage:
            self.damaged.append(segment)
            into = open_lines.get(NATIVE) or self._begin(Record(NATIVE, b""), segment, stored)
            open_lines[NATIVE] = into
        for into in open_lines.values():
            is_told = into.dialect == NATIVE and bool(reading.damage)
            rejects = [Reject(0, _DAMAGED)] * len(reading.damage) if is_told else []
            yield from into.flush(rejects)

    def _begin(self, record: Record, segment: Segment, stored: InputFile) -> _Lines:
        name = f"{segment.name}.{record.kind}"
        self.inputs.append(InputFile(name, stored.size, stored.sha256))
        return _Lines(len(self.inputs) - 1, name, record.kind)


def lines_of(body: bytes) -> bytes:
    """Bring a body to one document a line, each ended; as a file of it would be read."""
    head, _ = take_head(iter((body,)))
    if sniff(head).spread:
        head = b"".join(one_document_a_line(iter((head,))))
    return head if head.endswith(b"\n") or not head else head + b"\n"


def _given(bodies: Sequence[tuple[str, bytes]]) -> Given:
    chunks = [
        RawChunk(file, name, NATIVE, 1, lines, count_breaks(lines))
        for file, (name, lines) in enumerate(bodies)
        if lines
    ]
    return Given([], chunks)


def _pieces(data: bytes) -> Iterator[bytes]:
    """Cut lines into chunks; a line is never cut."""
    start = 0
    while start < len(data):
        room = start + limits.CHUNK_BYTES
        end = data.rfind(b"\n", start, room) + 1 or data.find(b"\n", room) + 1 or len(data)
        yield data[start:end]
        start = end


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
