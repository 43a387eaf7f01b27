"""From files to the lake: reading, normalising and observing, chunk by chunk, on two threads.

The rim's part of *ingest* and *observe*: reads a traffic directory, appends `OBSERVED` to a lake,
and settles which rows stay. Text lives from the parse of a chunk to its sketch, both in one task
of the pool; at most `limits.CHUNKS_IN_FLIGHT` chunks are alive at once. Where text is retained,
the start of each prompt goes into the lake too, for the exemplars of a report, and leaves with it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from stillwatch.app.progress import Stage
from stillwatch.domain import limits
from stillwatch.domain.errors import NothingToRead
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.results import QUARANTINE
from stillwatch.ingest import IngestSettings, parse_chunk, read_chunks, settle
from stillwatch.ingest.parse import ReadCounts
from stillwatch.ingest.sources.chunks import ChunkReader, RawChunk
from stillwatch.ingest.sources.files import TrafficFiles
from stillwatch.observe import TacticsModel, observe_arrivals
from stillwatch.store.lake import Lake

OBSERVED: Final = "observed"
TEXTS: Final = "texts"
"""Side table of retained prompt starts, only under --retain-text."""
_UNREADABLE: Final = "not one record can be read"
_THREADS: Final = 2
_APPEND_ROWS: Final = 400_000
"""Observed rows gathered before they go to the lake: one file a day and append."""


@dataclass
class Arrived:
    """What came in: which rows of the lake stay, and what became of the others."""

    lake: Lake
    counts: dict[str, int]
    nulled: dict[str, int]
    inputs: list[dict[str, Any]]
    quarantine: pl.DataFrame
    """Listed one by one up to limits.QUARANTINE_ROWS_MAX; `counts` has all of them."""
    duplicates: pl.DataFrame
    dropped: pl.Series
    """Row numbers of the lake's `observed`, as scanned, that don't stay."""

    def observed(self) -> pl.LazyFrame:
        """Scan the exchanges that stay, numbered by `row`."""
        rows = self.lake.scan(OBSERVED).with_row_index("row")
        return (
            rows.filter(~pl.col("row").is_in(self.dropped.implode())) if len(self.dropped) else rows
        )


@dataclass
class _Tally:
    """What has come back from the pool so far."""

    counts: list[tuple[RawChunk, ReadCounts]] = field(default_factory=list)
    quarantine: list[pl.DataFrame] = field(default_factory=list)
    waiting: list[pl.DataFrame] = field(default_factory=list)
    texts: list[pl.DataFrame] = field(default_factory=list)


@dataclass(frozen=True)
class Reading:
    """How to read and observe."""

    settings: IngestSettings
    key: PseudonymKey
    model: TacticsModel


def take_in(files: TrafficFiles, *, reading: Reading, lake: Lake, stage: Stage) -> Arrived:
    """Read, observe and settle the exchanges of a traffic directory.

    Grain:   the lake gets one OBSERVED row per accepted record; `dropped` marks what doesn't stay.
    Order:   chunks go to the lake in the order of the files: two runs give one lake.
    Cost:    every byte once; memory is chunks in flight and one append.

    Raises:
        NothingToRead: not one record could be read.
    """
    chunks = read_chunks(files, settings=reading.settings)
    tally = _Tally()
    for raw, observed, text, quarantine, counts in _observe_all(chunks, reading):
        tally.counts.append((raw, counts))
        tally.quarantine.append(quarantine)
        tally.waiting.append(observed)
        tally.texts.append(text)
        stage.advance(counts.read)
        if sum(len(frame) for frame in tally.waiting) >= _APPEND_ROWS:
            _append(lake, tally)
    _append(lake, tally)
    if not any(counts.accepted for _, counts in tally.counts):
        outside = sum(counts.outside for _, counts in tally.counts)
        seen = f"all {outside:,} records lie outside the window" if outside else _UNREADABLE
        raise NothingToRead(", ".join(files.names), looked_for=seen)
    return _settle(lake, tally, chunks, files)


def _observe_all(
    chunks: ChunkReader, reading: Reading
) -> Iterator[tuple[RawChunk, pl.DataFrame, pl.DataFrame, pl.DataFrame, ReadCounts]]:
    """Run the pool over the chunks, in order, with a bound on how many are alive."""

    def work(
        raw: RawChunk,
    ) -> tuple[RawChunk, pl.DataFrame, pl.DataFrame, pl.DataFrame, ReadCounts]:
        parsed = parse_chunk(raw, settings=reading.settings, key=reading.key)
        observed = observe_arrivals(parsed.arrivals, key=reading.key, model=reading.model)
        text = (
            parsed.arrivals.select(
                "exchange_id", pl.col("prompt").str.slice(0, limits.EXEMPLAR_CHARS)
            )
            if reading.settings.retain_text
            else parsed.arrivals.select("exchange_id").head(0)
        )
        empty = RawChunk(raw.file, raw.name, raw.dialect, raw.first_line, b"", 0)
        return empty, observed, text, parsed.quarantine, parsed.counts

    under_way: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(_THREADS) as pool:
        for raw in chunks:
            under_way.append(pool.submit(work, raw))
            if len(under_way) >= limits.CHUNKS_IN_FLIGHT:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _append(lake: Lake, tally: _Tally) -> None:
    if any(len(frame) for frame in tally.waiting):
        lake.append(OBSERVED, pl.concat(tally.waiting))
    texts = [frame for frame in tally.texts if len(frame)]
    if texts:
        lake.append(TEXTS, pl.concat(texts))
    tally.waiting.clear()
    tally.texts.clear()


def _settle(lake: Lake, tally: _Tally, chunks: ChunkReader, files: TrafficFiles) -> Arrived:
    keys = (
        lake.scan(OBSERVED)
        .select("exchange_id", "time", "record_hash", "source_file", "source_line")
        .collect()
    )
    settled = settle(keys, names=files.names)
    dropped = (~settled.kept).arg_true()
    quarantine = pl.concat([QUARANTINE.empty(), *tally.quarantine, settled.quarantine])
    nulled: Counter[str] = Counter()
    for _, counts in tally.counts:
        nulled.update(counts.nulled)
    return Arrived(
        lake,
        {
            "read": sum(c.read + c.outside for _, c in tally.counts),
            "exchanges": len(keys) - len(dropped),
            "quarantined": len(quarantine),
            "duplicates": len(settled.duplicates),
            "outside_window": sum(c.outside for _, c in tally.counts),
        },
        dict(sorted(nulled.items())),
        _describe_inputs(tally, chunks),
        quarantine.head(limits.QUARANTINE_ROWS_MAX),
        settled.duplicates,
        dropped.cast(pl.UInt32),
    )


def _describe_inputs(tally: _Tally, chunks: ChunkReader) -> list[dict[str, Any]]:
    """One entry a file: name, bytes, sha256, dialect and records."""
    records: Counter[int] = Counter()
    dialect: dict[int, str] = {}
    for raw, counts in tally.counts:
        records[raw.file] += counts.read
        dialect[raw.file] = raw.dialect
    return [
        {
            "file": facts.name,
            "bytes": facts.size,
            "sha256": facts.sha256,
            "dialect": dialect.get(k, ""),
            "records": records[k],
        }
        for k, facts in enumerate(chunks.inputs)
    ]
