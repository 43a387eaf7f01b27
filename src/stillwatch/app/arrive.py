"""From files to the lake: reading, normalising and observing, chunk by chunk, on two threads.

The rim's part of *ingest* and *observe*: reads a traffic directory, appends `OBSERVED` to a lake
(in a thread of its own, so that nobody waits for the disk), and settles which rows stay. Where text
is retained, the start of each prompt goes into the lake too, for the exemplars of a report, and
leaves with it. How chunks run through the pool is in `pool.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import polars as pl

from stillwatch.app.ledger_of_run import describe_input
from stillwatch.app.pool import ObservedChunk, Reading, observe_chunks
from stillwatch.app.progress import Stage
from stillwatch.domain import limits
from stillwatch.domain.errors import NothingToRead
from stillwatch.domain.results import QUARANTINE
from stillwatch.domain.tables import SYSTEM
from stillwatch.ingest import read_chunks, settle
from stillwatch.ingest.parse import ReadCounts
from stillwatch.ingest.settle import settle_nothing
from stillwatch.ingest.sources.chunks import Chunks, RawChunk
from stillwatch.ingest.sources.files import TrafficFiles
from stillwatch.store.lake import Lake

OBSERVED: Final = "observed"
TEXTS: Final = "texts"
"""Side table of retained prompt starts, only under --retain-text."""
Centre = Callable[[pl.Series], datetime]
"""Gives the time from which none of these times may be far."""
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
    days: tuple[str, ...] | None = None
    """The days of the lake that this is about; None = all of it."""

    def observed(self) -> pl.LazyFrame:
        """Scan the exchanges that stay, numbered by `row`."""
        rows = self.lake.scan(OBSERVED, days=self.days).with_row_index("row")
        return (
            rows.filter(~pl.col("row").is_in(self.dropped.implode())) if len(self.dropped) else rows
        )

    def systems(self) -> pl.DataFrame:
        """Give the system texts that were met, once each."""
        return self.lake.scan(SYSTEM.name).collect().unique("system_hash")


@dataclass
class _Tally:
    """What has come back from the pool so far."""

    counts: list[tuple[RawChunk, ReadCounts]] = field(default_factory=list)
    quarantine: list[pl.DataFrame] = field(default_factory=list)
    waiting: list[pl.DataFrame] = field(default_factory=list)
    systems: list[pl.DataFrame] = field(default_factory=list)
    texts: list[pl.DataFrame] = field(default_factory=list)

    def add(self, chunk: ObservedChunk) -> None:
        self.counts.append((chunk.raw, chunk.counts))
        self.quarantine.append(chunk.quarantine)
        self.waiting.append(chunk.observed)
        self.systems.append(chunk.systems)
        self.texts.append(chunk.text)

    def hand_over(self) -> dict[str, list[pl.DataFrame]]:
        """Give what waits for the lake, by table, and wait for more."""
        given = {OBSERVED: self.waiting, SYSTEM.name: self.systems, TEXTS: self.texts}
        self.waiting, self.systems, self.texts = [], [], []
        return given


def take_in(files: TrafficFiles, *, reading: Reading, lake: Lake, stage: Stage) -> Arrived:
    """Read, observe and settle the exchanges of a traffic directory.

    Grain:   the lake gets one OBSERVED row per accepted record; `dropped` marks what doesn't stay.
    Order:   chunks go to the lake in the order of the files: two runs give one lake.
    Cost:    every byte once; memory is chunks in flight and one append.

    Raises:
        NothingToRead: not one record could be read.
    """
    chunks = read_chunks(files, settings=reading.settings)
    tally = _gather(chunks, reading, lake, stage)
    if not any(counts.accepted for _, counts in tally.counts):
        raise _explain_nothing(tally, files)
    return _settle(lake, tally, chunks, None)


def take_in_chunks(
    chunks: Chunks, *, reading: Reading, lake: Lake, stage: Stage, centre: Centre
) -> Arrived:
    """Do the same for what came otherwise; where no record can be read, all are quarantined."""
    return _settle(lake, _gather(chunks, reading, lake, stage), chunks, centre)


def _gather(chunks: Chunks, reading: Reading, lake: Lake, stage: Stage) -> _Tally:
    tally = _Tally()
    with ThreadPoolExecutor(1) as writer:
        appending = writer.submit(_append, lake, {})
        for chunk in observe_chunks(chunks, reading):
            tally.add(chunk)
            stage.advance(chunk.counts.read)
            if sum(len(frame) for frame in tally.waiting) >= _APPEND_ROWS:
                appending.result()  # one append under way bounds what is held
                appending = writer.submit(_append, lake, tally.hand_over())
        appending.result()
        _append(lake, tally.hand_over())
    return tally


def _explain_nothing(tally: _Tally, files: TrafficFiles) -> NothingToRead:
    where = ", ".join(files.names)
    outside = sum(counts.outside for _, counts in tally.counts)
    if outside:
        seen = f"all {outside:,} records lie outside the window"
        return NothingToRead(where, looked_for=seen, hint="--since and --until leave them out")
    refused = pl.concat([QUARANTINE.empty(), *tally.quarantine]).sort("file", "line")
    if refused.is_empty():
        return NothingToRead(where, looked_for="there is not one record in it")
    total = sum(counts.quarantined for _, counts in tally.counts)
    first = refused.row(0, named=True)
    seen = f"not one record can be read, {total:,} quarantined"
    place = f"{first['file']} line {first['line']}: {first['reason']}"
    hint = f"{place}; mend it, or say what the log is with --format or --mapping"
    return NothingToRead(where, looked_for=seen, hint=hint)


def _append(lake: Lake, tables: dict[str, list[pl.DataFrame]]) -> None:
    for name, frames in tables.items():
        filled = [frame for frame in frames if len(frame)]
        if filled:
            lake.append(name, pl.concat(filled))


def _settle(lake: Lake, tally: _Tally, chunks: Chunks, centre: Centre | None) -> Arrived:
    keys = (
        lake.scan(OBSERVED)
        .select("exchange_id", "time", "record_hash", "source_file", "source_line")
        .collect()
    )
    names = [facts.name for facts in chunks.inputs]
    median = centre(keys["time"]) if centre and len(keys) else None
    settled = settle(keys, names=names, median=median) if len(keys) else settle_nothing()
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


def _describe_inputs(tally: _Tally, chunks: Chunks) -> list[dict[str, Any]]:
    """One entry a file: name, bytes, sha256, dialect, records, and why it broke off."""
    records: Counter[int] = Counter()
    dialect: dict[int, str] = {}
    for raw, counts in tally.counts:
        records[raw.file] += counts.read
        dialect[raw.file] = raw.dialect
    return [
        describe_input(facts, dialect=dialect.get(k, ""), records=records[k])
        for k, facts in enumerate(chunks.inputs)
    ]
