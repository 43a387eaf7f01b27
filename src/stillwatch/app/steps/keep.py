"""A traffic directory into a lasting lake: observed as a scan observes it, then kept by day.

The rim's part of *ingest* that lasts: reads a directory into a passing lake, settles it, and moves
what is new into the lasting one in a single append. A file that was ingested before (same bytes,
read the same way) is passed by; a record that the lake holds already is a duplicate. Whatever
differs under one id is kept, and settled by whoever looks at a window.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from stillwatch.app.arrive import OBSERVED, Arrived
from stillwatch.app.requests import Source
from stillwatch.app.steps.facts import IngestFacts, read_facts
from stillwatch.app.steps.window import read_snapshot
from stillwatch.domain.lake_tables import DUPLICATE
from stillwatch.domain.results import QUARANTINE
from stillwatch.domain.tables import GRANT, LAUNCH, REGISTER, SYSTEM
from stillwatch.ingest.register import RegisterReading
from stillwatch.ingest.snapshots import INGEST, pick_changed
from stillwatch.ingest.sources.files import STANDARD_INPUT, TrafficFiles
from stillwatch.store.appends import TableEntry
from stillwatch.store.lake import Lake

_BLOCK: Final = 2**20
"""Bytes of a file hashed at once."""


@dataclass(frozen=True)
class NewFiles:
    """Which exchange files of a directory are new to a lake."""

    files: TrafficFiles
    known: int
    """How many were ingested before, and are passed by."""
    digests: dict[str, str]
    """Name → fingerprint of its bytes and of how it is read."""


def pass_by_known(files: TrafficFiles, source: Source, facts: list[IngestFacts]) -> NewFiles:
    """Leave out the files that this lake has ingested before.

    Order:   as the files stand. Cost: one pass over the bytes of the exchange files.
    """
    known = {digest for one in facts for digest in one.digests.values()}
    digests = {p.name: _fingerprint(p, source) for p in files.exchanges if _can_be_read_twice(p)}
    new = tuple(p for p in files.exchanges if digests.get(p.name) not in known)
    fresh = {path.name: digests[path.name] for path in new if path.name in digests}
    return NewFiles(replace(files, exchanges=new), len(files.exchanges) - len(new), fresh)


def _can_be_read_twice(path: Path) -> bool:
    return str(path) != STANDARD_INPUT and path.is_file()


def _fingerprint(path: Path, source: Source) -> str:
    mapping = source.mapping.read_bytes() if source.mapping else b""
    asked = f"{source.format}|{source.account_field}|".encode() + mapping
    digest = hashlib.blake2b(asked, digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@dataclass
class _Moved:
    """What has been written into the lasting lake so far."""

    entries: list[TableEntry] = field(default_factory=list)
    exchanges: int = 0
    again: list[pl.DataFrame] = field(default_factory=list)
    """Records that the lake held already, as DUPLICATE."""
    first: Any = None
    last: Any = None


def move_in(
    arrived: Arrived | None, register: RegisterReading, lake: Lake, new: NewFiles
) -> IngestFacts:
    """Append everything that is new to the lake, all of it at once.

    Grain:   one append; OBSERVED rows of a day in files of that day.
    Nulls:   `arrived` is None where no exchange file was new: then the register alone is kept.
    Cost:    the new rows, and the record hashes of the days that they touch.
    """
    facts = read_facts(lake)
    number = 1 + len(facts)
    moved = _Moved()
    if arrived is not None:
        for rows in _arrived_rows(arrived):
            _move(rows, lake, moved, files=arrived.inputs, offset=sum(len(f.files) for f in facts))
        moved.entries.append(lake.write(SYSTEM.name, _new_systems(arrived, lake)))
    moved.entries += _write_register(register, lake, number)
    rejected = [QUARANTINE.empty(), register.quarantine]
    again = [DUPLICATE.empty(), *moved.again]
    if arrived is not None:
        rejected.append(arrived.quarantine)
        again.append(arrived.duplicates)
    moved.entries.append(lake.write(QUARANTINE.name, pl.concat(rejected)))
    moved.entries.append(lake.write(DUPLICATE.name, pl.concat(again)))
    told = _tell(arrived, register, new, moved)
    lake.commit([e for e in moved.entries if e["files"]], {"ingest": told.as_json()})
    return told


def _arrived_rows(arrived: Arrived) -> Iterator[pl.DataFrame]:
    """Give the rows that stay, file by file of the passing lake."""
    at = 0
    for one in arrived.lake.files(OBSERVED):
        rows = pl.read_parquet(arrived.lake.place / one["path"])
        kept = ~pl.int_range(at, at + len(rows), dtype=pl.UInt32, eager=True).is_in(
            arrived.dropped.implode()
        )
        at += len(rows)
        yield rows.filter(kept)


def _move(
    rows: pl.DataFrame, lake: Lake, moved: _Moved, *, files: list[dict[str, Any]], offset: int
) -> None:
    """Write the rows that the lake doesn't hold yet, and note the others."""
    days = rows["time"].dt.date().unique().cast(pl.String).to_list()
    asked = pl.col("record_hash").is_in(rows["record_hash"].implode())
    held = (
        lake.scan(OBSERVED, days=days)
        .select("record_hash")
        .filter(asked)
        .collect(engine="streaming")["record_hash"]
    )
    is_held = rows["record_hash"].is_in(held.implode())
    names = dict(enumerate(str(one["file"]) for one in files))
    again = rows.filter(is_held).select(
        "exchange_id",
        pl.col("source_file").replace_strict(names, return_dtype=pl.String).alias("file"),
        pl.col("source_line").alias("line"),
    )
    fresh = rows.filter(~is_held).with_columns(pl.col("source_file") + offset)
    moved.again.append(DUPLICATE.conform(again))
    moved.exchanges += len(fresh)
    moved.entries.append(lake.write(OBSERVED, fresh.sort("account_id", "time", "exchange_id")))
    times = [t for t in (moved.first, moved.last, fresh["time"].min(), fresh["time"].max()) if t]
    moved.first, moved.last = (min(times), max(times)) if times else (None, None)


def _new_systems(arrived: Arrived, lake: Lake) -> pl.DataFrame:
    held = lake.scan(SYSTEM.name).select("system_hash").collect()
    return arrived.systems().join(held, on="system_hash", how="anti").sort("system_hash")


def _write_register(register: RegisterReading, lake: Lake, number: int) -> list[TableEntry]:
    """Write what is new in the register and of releases, and permissions as they are now."""
    known = read_snapshot(lake)
    changed = pick_changed(register.register, known=known.register)
    launches = register.launches.join(known.launches, on=list(LAUNCH.columns), how="anti")
    return [
        lake.write(table.name, frame.with_columns(pl.lit(number, pl.Int64).alias(INGEST)))
        for table, frame in (
            (REGISTER, changed),
            (GRANT, register.grants),
            (LAUNCH, launches),
        )
    ]


def _tell(
    arrived: Arrived | None, register: RegisterReading, new: NewFiles, moved: _Moved
) -> IngestFacts:
    counts = dict(arrived.counts) if arrived is not None else {}
    known_again = sum(len(frame) for frame in moved.again)
    return IngestFacts(
        counts={
            "read": counts.get("read", 0),
            "exchanges": moved.exchanges,
            "quarantined": counts.get("quarantined", 0),
            "duplicates": counts.get("duplicates", 0) + known_again,
        },
        register_counts={
            f"{kind}_{what}": n
            for kind, c in register.counts.items()
            for what, n in (("read", c.read), ("quarantined", c.quarantined))
        },
        nulled=arrived.nulled if arrived is not None else {},
        files=arrived.inputs if arrived is not None else [],
        digests=new.digests,
        files_known=new.known,
        first=moved.first.isoformat() if moved.first else None,
        last=moved.last.isoformat() if moved.last else None,
        has_permissions=bool(new.files.permissions),
        states_org_verified=register.states_org_verified,
    )
