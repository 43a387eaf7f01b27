"""Reads inputs as chunks of whole records: `TrafficFiles` in, `RawChunk` out, in order.

The one sequential step of ingest, so it does as little as it can: read, hash, find the last line
break, hand on. The dialect of a file is told from its head; a file whose head says nothing takes
the dialect of the others, so that a bad file is quarantined rather than the run stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.errors import UnknownDialect
from stillwatch.ingest.readers import MAPPED, NATIVE, dialects
from stillwatch.ingest.readers.mapping import check_mapping
from stillwatch.ingest.sources.cut import LineCutter, Reject
from stillwatch.ingest.sources.documents import one_document_a_line
from stillwatch.ingest.sources.files import STANDARD_INPUT, IngestSettings, TrafficFiles
from stillwatch.ingest.sources.parquet import first_rows, is_parquet, read_batches
from stillwatch.ingest.sources.sniff import Sniffed, sniff, take_head, tally
from stillwatch.ingest.sources.unpack import BLOCK_BYTES, ByteStream, InputFile


@dataclass(frozen=True, slots=True)
class RawChunk:
    """Whole records of one file, in order: lines as bytes, or rows as a frame."""

    file: int
    """Index into the names of the files."""
    name: str
    dialect: str
    first_line: int
    """Line or row of the first record, from 1."""
    data: bytes | pl.DataFrame
    lines: int
    """Lines or rows, blank ones too."""
    rejects: tuple[Reject, ...] = ()


class Chunks(Protocol):
    """Chunks in order, and what they came from."""

    @property
    def inputs(self) -> Sequence[InputFile]:
        """One entry per `file` of the chunks, once all have been given."""

    def __iter__(self) -> Iterator[RawChunk]:
        """Give the chunks."""


class ChunkReader(Iterator[RawChunk]):
    """Yields chunks; `inputs` holds size and hash of every file that was read to its end."""

    def __init__(self, paths: tuple[Path, ...], *, dialect: str | None, chunk_bytes: int) -> None:
        self.inputs: list[InputFile] = []
        self._chunk_bytes = chunk_bytes
        self._block_bytes = min(BLOCK_BYTES, chunk_bytes, limits.RECORD_BYTES_MAX)
        self._dialects = [dialect] * len(paths) if dialect else tell_dialects(paths)
        self._chunks = self._read(paths)

    def __next__(self) -> RawChunk:
        return next(self._chunks)

    def _read(self, paths: tuple[Path, ...]) -> Iterator[RawChunk]:
        for file, path in enumerate(paths):
            stream = ByteStream(path, block_bytes=self._block_bytes)
            yield from (
                self._rows(file, path, stream)
                if is_parquet(path)
                else self._lines(file, path, stream)
            )
            self.inputs.append(stream.facts)

    def _lines(self, file: int, path: Path, stream: ByteStream) -> Iterator[RawChunk]:
        head, blocks = take_head(stream.blocks())
        told = sniff(head)
        dialect = self._dialects[file] or _choose([told], path)
        if told.spread:
            blocks = one_document_a_line(blocks)
        for run in LineCutter(run_bytes=self._chunk_bytes).cut(blocks, stream):
            yield RawChunk(
                file, stream.name, dialect, run.first_line, run.data, run.lines, run.rejects
            )

    def _rows(self, file: int, path: Path, stream: ByteStream) -> Iterator[RawChunk]:
        dialect, row = self._dialects[file] or NATIVE, 1
        for batch in read_batches(stream, path):
            yield RawChunk(file, stream.name, dialect, row, batch, batch.height)
            row += batch.height
        if stream.damage:
            rejects = (Reject(row, stream.damage),)
            yield RawChunk(file, stream.name, dialect, row, b"", 0, rejects)


def read_chunks(
    files: TrafficFiles, *, settings: IngestSettings, chunk_bytes: int = limits.CHUNK_BYTES
) -> ChunkReader:
    """Read the exchanges of a traffic directory, chunk by chunk.

    Order:   files by name, records as they stand.
    Cost:    every byte is read once (a Parquet file twice); holds one chunk and one record.

    Raises:
        UnknownDialect: no reader knows the first records of any file, or `settings.format`.
        BadMapping: the mapping can't be applied.
        InputError: a file can't be read.
    """
    named = MAPPED if settings.mapping is not None else settings.format
    if named == MAPPED:
        check_mapping(settings.mapping or {})
    if named is not None and named not in dialects():
        asked = f"--format {named}"
        raise UnknownDialect(asked, known=dialects())
    return ChunkReader(files.exchanges, dialect=named, chunk_bytes=chunk_bytes)


def tell_dialects(paths: tuple[Path, ...]) -> list[str | None]:
    """Tell the dialect of each file; None only for standard input, whose head comes by once."""
    if any(str(path) == STANDARD_INPUT for path in paths):
        return [None] * len(paths)
    told = [_look(path) for path in paths]
    common = _choose(told, paths[0]) if paths else NATIVE
    return [each.dialect or common for each in told]


def _look(path: Path) -> Sniffed:
    if is_parquet(path):
        return tally(first_rows(path), spread=False)
    return sniff(take_head(ByteStream(path).blocks())[0])


def _choose(told: list[Sniffed], path: Path) -> str:
    known = Counter(each.dialect for each in told if each.dialect)
    if known:
        return max(sorted(known), key=lambda name: known[name])
    if any(each.objects for each in told):
        raise UnknownDialect(path.name or str(path), known=dialects())
    return NATIVE
