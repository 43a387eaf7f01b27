"""One chunk, from lines to arrivals: `RawChunk` in, `ARRIVAL` and `QUARANTINE` rows out.

Runs in a pool of threads: no state is shared, and nearly all the time is spent outside Python's
lock. What can only be known over all chunks (the median time, duplicates) is left to `settle`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.results import QUARANTINE
from stillwatch.domain.schema import Table
from stillwatch.domain.tables import EXCHANGE
from stillwatch.ingest.columns import parse_columns, parse_rows
from stillwatch.ingest.lines import LineReader, lines_at
from stillwatch.ingest.pseudonymise import pseudonymise_exchanges
from stillwatch.ingest.readers import MAPPED, NATIVE, Reader, catalogue
from stillwatch.ingest.readers.mapping import check_mapping
from stillwatch.ingest.records import LINE, Parsed, RowBuilder
from stillwatch.ingest.sources.chunks import RawChunk
from stillwatch.ingest.sources.cut import Reject
from stillwatch.ingest.sources.files import IngestSettings
from stillwatch.ingest.times import read_instants

UNREADABLE_TIME = "{} cannot be read"


@dataclass(frozen=True, slots=True)
class ReadCounts:
    """How many records were read, and what became of them: read = accepted + quarantined."""

    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    outside: int = 0
    """Left out by --since and --until; not among `read`."""
    nulled: Counter[str] = field(default_factory=Counter)
    """Optional values of the wrong type, by field."""

    def __add__(self, other: ReadCounts) -> ReadCounts:
        return ReadCounts(
            self.read + other.read,
            self.accepted + other.accepted,
            self.quarantined + other.quarantined,
            self.outside + other.outside,
            self.nulled + other.nulled,
        )


@dataclass(frozen=True, slots=True)
class ArrivalChunk:
    """What came of one chunk."""

    arrivals: pl.DataFrame
    quarantine: pl.DataFrame
    counts: ReadCounts


def parse_chunk(chunk: RawChunk, *, settings: IngestSettings, key: PseudonymKey) -> ArrivalChunk:
    """Parse, check and pseudonymise one chunk of exchanges.

    Grain:   one arrival per accepted record, one quarantine row per rejected one.
    Nulls:   optional values that are missing or of the wrong type.
    Order:   as they stand in the file.
    Raises:  BadMapping where the mapping names a field that there is not.
    """
    parsed = parse_records(chunk, table=EXCHANGE, settings=settings)
    parsed = require_fields(parsed, table=EXCHANGE)
    instants = read_instants(parsed.frame["time"])
    parsed = drop_rows(parsed, instants.is_null(), reason=UNREADABLE_TIME.format("time"))
    frame = parsed.frame.with_columns(instants.drop_nulls())
    inside = frame.filter(_window(settings))
    sourced = inside.with_columns(source_file=pl.lit(chunk.file), source_line=LINE)
    arrivals = pseudonymise_exchanges(sourced, key=key)
    unplaced = (
        inside["ip"].is_not_null() & (inside["ip"] != "") & arrivals["address_hash"].is_null()
    )
    parsed.nulled.update({"ip": unplaced.sum()})
    rejects = [*chunk.rejects, *parsed.rejects]
    counts = ReadCounts(
        read=arrivals.height + len(rejects),
        accepted=arrivals.height,
        quarantined=len(rejects),
        outside=frame.height - inside.height,
        nulled=+parsed.nulled,
    )
    quarantine = quarantine_rows(rejects, chunk=chunk, retain_text=settings.retain_text)
    return ArrivalChunk(arrivals, quarantine, counts)


def parse_records(chunk: RawChunk, *, table: Table, settings: IngestSettings) -> Parsed:
    """Bring a chunk's records to an input table's columns, and their `line`."""
    reader = reader_of(chunk.dialect, settings)
    account_field = settings.account_field
    if isinstance(chunk.data, bytes):
        lines = LineReader(table, reader, account_field=account_field)
        return lines.parse(chunk.data, first_line=chunk.first_line, line_count=chunk.lines)
    if reader.name == NATIVE and account_field is None:
        return parse_columns(chunk.data, table, first_line=chunk.first_line)
    rows = RowBuilder(table, reader, account_field=account_field)
    return parse_rows(chunk.data, rows, first_line=chunk.first_line)


def reader_of(dialect: str, settings: IngestSettings) -> Reader:
    """Find the reader of a dialect; the mapping's takes the mapping with it."""
    reader = catalogue()[dialect]
    if dialect != MAPPED:
        return reader
    normalise = partial(reader.normalise, paths=check_mapping(settings.mapping or {}))
    return Reader(reader.name, reader.recognise, reader.records, normalise)


def require_fields(parsed: Parsed, *, table: Table) -> Parsed:
    """Reject the rows that lack what the table requires (an empty text is nothing)."""
    for name, column in table.columns.items():
        if not column.nullable:
            value = parsed.frame[name]
            parsed = drop_rows(parsed, value.is_null() | (value == ""), reason=f"no {name}")
    return parsed


def drop_rows(parsed: Parsed, wrong: pl.Series, *, reason: str) -> Parsed:
    """Reject the marked rows for one reason."""
    if not wrong.any():
        return parsed
    dropped = [Reject(line, reason) for line in parsed.frame.filter(wrong)[LINE]]
    return Parsed(parsed.frame.filter(~wrong), [*parsed.rejects, *dropped], parsed.nulled)


def quarantine_rows(rejects: list[Reject], *, chunk: RawChunk, retain_text: bool) -> pl.DataFrame:
    """Write rejects as quarantine rows, in the file's order."""
    if not rejects:
        return QUARANTINE.empty()
    ordered = sorted(rejects, key=lambda reject: (reject.line, reject.reason))
    raw = _raw(chunk, ordered) if retain_text else [None] * len(ordered)
    return pl.DataFrame(
        {
            "file": [chunk.name] * len(ordered),
            "line": [reject.line for reject in ordered],
            "reason": [reject.reason for reject in ordered],
            "raw": raw,
        },
        schema=QUARANTINE.schema,
    )


def _raw(chunk: RawChunk, rejects: list[Reject]) -> list[str | None]:
    """Take the start of each rejected line, where the line is in the chunk."""
    if not isinstance(chunk.data, bytes) or not chunk.data:
        return [None] * len(rejects)
    lines = lines_at(chunk.data, [reject.line - chunk.first_line for reject in rejects])
    cut = limits.QUARANTINE_RAW_CHARS
    return [line[: 4 * cut].decode("utf-8", "replace")[:cut] for line in lines]


def _window(settings: IngestSettings) -> pl.Expr:
    inside = pl.lit(value=True)
    if settings.since is not None:
        inside &= pl.col("time") >= _utc(settings.since)
    if settings.until is not None:
        inside &= pl.col("time") < _utc(settings.until)
    return inside


def _utc(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
