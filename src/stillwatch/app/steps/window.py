"""A window of a lasting lake as if it had just arrived: rows that stay, counts, the register.

The rim's part of *ingest* for `watch`: reads `OBSERVED` of some days and settles it as a scan of
those days does; nothing is observed again. The last day is the last one within 400 days of the
median of the lake's rows: one record with a broken clock can't move the window.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from stillwatch.app.arrive import OBSERVED, Arrived
from stillwatch.app.steps.facts import GoneFacts, IngestFacts, read_facts, read_gone
from stillwatch.domain import limits
from stillwatch.domain.errors import LakeDamaged, NothingToRead
from stillwatch.domain.lake_tables import DUPLICATE
from stillwatch.domain.results import QUARANTINE
from stillwatch.domain.tables import GRANT, LAUNCH, REGISTER
from stillwatch.ingest import settle
from stillwatch.ingest.snapshots import INGEST, first_launches, latest_grants, merge_registers
from stillwatch.store.lake import Lake
from stillwatch.store.partition import day_of


@dataclass(frozen=True)
class Snapshot:
    """The register, the permissions and the releases as the lake knows them now."""

    register: pl.DataFrame
    grants: pl.DataFrame
    launches: pl.DataFrame


@dataclass(frozen=True)
class Window:
    """Days of a lake, and what is in them."""

    days: tuple[str, ...]
    arrived: Arrived
    snapshot: Snapshot
    ingests: list[IngestFacts]
    gone: list[GoneFacts]
    """What retention and erasure have taken from the lake."""


def read_snapshot(lake: Lake) -> Snapshot:
    """Put together what every ingest said of accounts, permissions and releases.

    Grain:   one REGISTER row per account, GRANT per permission, LAUNCH per model.
    """
    facts = read_facts(lake)
    with_grants = [n for n, one in enumerate(facts, start=1) if one.has_permissions]
    states = any(one.states_org_verified for one in facts)
    return Snapshot(
        merge_registers(_under_one_key(lake), states_org_verified=states),
        latest_grants(_stored(lake, GRANT.name), ingest=max(with_grants, default=None)),
        first_launches(_stored(lake, LAUNCH.name)),
    )


def _stored(lake: Lake, table: str) -> pl.DataFrame:
    rows = lake.read(table)
    return rows if INGEST in rows.columns else rows.with_columns(pl.lit(0, pl.Int64).alias(INGEST))


def _under_one_key(lake: Lake) -> pl.DataFrame:
    """Give the register's rows; of what came under another pseudonym key, without pseudonyms.

    What an account is stays (status, plan, protection); what it holds is told again by the next
    register that is ingested.
    """
    rows = _stored(lake, REGISTER.name)
    old = sum(1 for number, about in lake.appends() if number <= lake.since and "ingest" in about)
    hashes = [name for name in rows.columns if name.endswith("_hash")]
    keyed = pl.col(INGEST) > old
    return rows.with_columns(pl.when(keyed).then(pl.col(name)).alias(name) for name in hashes)


def take_window(lake: Lake, *, days: int | None) -> Window:
    """Take the last days of a lake, or all of them.

    Grain:   the window's OBSERVED rows, numbered; `dropped` are duplicates and times far off.
    Order:   as appended; nothing that is found in them depends on it.
    Cost:    one look at the ids of the window.

    Raises:
        NothingToRead: the lake holds no exchange.
        LakeDamaged: a file of the window can't be read.
    """
    chosen = choose_days(rows_by_day(lake), count=days)
    if not chosen:
        raise NothingToRead(str(lake.place), looked_for="the lake holds no exchange yet")
    return settle_window(lake, days=chosen)


def settle_window(lake: Lake, *, days: Sequence[str]) -> Window:
    """Settle some days of a lake as a scan of them does.

    Grain:   as `take_window`; `days` are days of which the lake holds rows, in order.

    Raises:
        LakeDamaged: a file of the window can't be read.
    """
    facts, gone = read_facts(lake), read_gone(lake)
    arrived = _settle(lake, days, facts)
    left = sum(one.of(OBSERVED) for one in gone)
    if left:
        arrived.counts["outside_window"] -= left
        arrived.counts["gone"] = left
    return Window(tuple(days), arrived, read_snapshot(lake), facts, gone)


def choose_days(rows: dict[str, int], *, count: int | None) -> list[str]:
    """Choose the last days of those that there are, or all, as `2026-11-23`, in order.

    Units:   `count` calendar days, the last included; days without a row are counted too.
    """
    ordered, median = sorted(rows), middle_day(rows)
    if median is None:
        return []
    if count is None:
        return ordered
    near = [d for d in ordered if _apart(d, median) <= limits.DAYS_FROM_MEDIAN_MAX]
    last = date.fromisoformat(near[-1])
    return [d for d in near if 0 <= (last - date.fromisoformat(d)).days < count]


def middle_day(rows: Mapping[str, int]) -> date | None:
    """Give the day on which the middle one of all rows stands; of no rows, none."""
    half = sum(rows.values()) / 2
    for day in sorted(rows):
        half -= rows[day]
        if half <= 0:
            return date.fromisoformat(day)
    return None


def _apart(day: str, other: date) -> int:
    return abs((date.fromisoformat(day) - other).days)


def rows_by_day(lake: Lake) -> dict[str, int]:
    """Count the exchanges that a lake holds of each day."""
    rows: Counter[str] = Counter()
    for one in lake.files(OBSERVED):
        rows[day_of(one)] += one["rows"]
    return dict(rows)


def _settle(lake: Lake, days: Sequence[str], facts: list[IngestFacts]) -> Arrived:
    files: list[dict[str, Any]] = [one for ingest in facts for one in ingest.files]
    keys = ("exchange_id", "time", "record_hash", "source_file", "source_line")
    try:
        rows = lake.scan(OBSERVED, days=days).select(keys).collect()
    except (pl.exceptions.PolarsError, OSError) as broken:
        says = f"a file of {days[0]} to {days[-1]} cannot be read"
        raise LakeDamaged(str(lake.place), says=says) from broken
    settled = settle(rows, names=[str(one["file"]) for one in files])
    dropped = (~settled.kept).arg_true()
    nulled: Counter[str] = Counter()
    for ingest in facts:
        nulled.update(ingest.nulled)
    return Arrived(
        lake,
        {
            "read": _sum(facts, "read"),
            "exchanges": len(rows) - len(dropped),
            "quarantined": _sum(facts, "quarantined") + len(settled.quarantine),
            "duplicates": _sum(facts, "duplicates") + len(settled.duplicates),
            "outside_window": _sum(facts, "exchanges") - len(rows),
        },
        dict(sorted(nulled.items())),
        files,
        pl.concat([lake.read(QUARANTINE.name), settled.quarantine]).head(
            limits.QUARANTINE_ROWS_MAX
        ),
        pl.concat([lake.read(DUPLICATE.name), settled.duplicates]),
        dropped.cast(pl.UInt32),
        days=tuple(days),
    )


def _sum(facts: list[IngestFacts], name: str) -> int:
    return sum(one.counts.get(name, 0) for one in facts)
