"""Chunks in a pool of threads: parsed, then observed, in order, with a bound on how many are alive.

The rim's part of *ingest* and *observe* that has to do with time. Text lives from the parse of a
chunk to its sketch. At most `limits.CHUNKS_IN_FLIGHT` chunks are alive at once, and
`limits.CHUNKS_AHEAD` in the first seconds, in which chunks are parsed while the kernels that sketch
them are compiled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import polars as pl

from stillwatch.app.late import compile_ahead
from stillwatch.domain import limits
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.ingest import IngestSettings, parse_chunk
from stillwatch.ingest.parse import ArrivalChunk, ReadCounts
from stillwatch.ingest.sources.chunks import RawChunk
from stillwatch.observe import TacticsModel, observe_arrivals
from stillwatch.observe.content import ReplayIndex
from stillwatch.observe.systems import observe_systems

_THREADS: Final = 3
"""One more than a small machine has cores: a chunk's thread waits while Polars parses its lines."""


@dataclass(frozen=True, slots=True)
class ObservedChunk:
    """One chunk, observed."""

    raw: RawChunk
    """Where it came from, without its bytes."""
    observed: pl.DataFrame
    systems: pl.DataFrame
    text: pl.DataFrame
    quarantine: pl.DataFrame
    counts: ReadCounts


@dataclass(frozen=True)
class Reading:
    """How to read and observe."""

    settings: IngestSettings
    key: PseudonymKey
    model: TacticsModel
    replay: ReplayIndex


def observe_chunks(chunks: Iterable[RawChunk], reading: Reading) -> Iterator[ObservedChunk]:
    """Parse and observe chunks, three at a time.

    Order:   as the chunks come.
    Cost:    memory is the chunks alive; while kernels are compiled these are parsed only.
    """
    parsed: deque[Future[tuple[RawChunk, ArrivalChunk]]] = deque()
    observed: deque[Future[ObservedChunk]] = deque()
    kernels = compile_ahead()
    with ThreadPoolExecutor(_THREADS) as pool:
        for raw in chunks:
            if not kernels.done() and len(parsed) < limits.CHUNKS_AHEAD:
                parsed.append(pool.submit(_parse, raw, reading))
                continue
            kernels.result()
            while parsed:
                observed.append(pool.submit(_observe_parsed, parsed.popleft(), reading))
            observed.append(pool.submit(_read, raw, reading))
            while len(observed) >= limits.CHUNKS_IN_FLIGHT:
                yield observed.popleft().result()
        observed.extend(pool.submit(_observe_parsed, each, reading) for each in parsed)
        while observed:
            yield observed.popleft().result()


def _read(raw: RawChunk, reading: Reading) -> ObservedChunk:
    """Parse and observe a chunk on one thread: nobody waits for another's parsing."""
    return _observe(*_parse(raw, reading), reading)


def _parse(raw: RawChunk, reading: Reading) -> tuple[RawChunk, ArrivalChunk]:
    """Parse a chunk, and let go of its bytes."""
    parsed = parse_chunk(raw, settings=reading.settings, key=reading.key)
    return RawChunk(raw.file, raw.name, raw.dialect, raw.first_line, b"", 0), parsed


def _observe_parsed(
    parsing: Future[tuple[RawChunk, ArrivalChunk]], reading: Reading
) -> ObservedChunk:
    """Observe a chunk that was given to the pool before: waiting for it cannot lock the pool."""
    return _observe(*parsing.result(), reading)


def _observe(raw: RawChunk, parsed: ArrivalChunk, reading: Reading) -> ObservedChunk:
    """Observe a parsed chunk: here its text ends."""
    observed = observe_arrivals(
        parsed.arrivals, key=reading.key, model=reading.model, replay=reading.replay
    )
    systems = observe_systems(parsed.arrivals, key=reading.key)
    identified = parsed.arrivals.select("exchange_id", "prompt")
    text = (
        identified.with_columns(pl.col("prompt").str.slice(0, limits.EXEMPLAR_CHARS))
        if reading.settings.retain_text
        else identified.head(0)
    )
    return ObservedChunk(raw, observed, systems, text, parsed.quarantine, parsed.counts)
