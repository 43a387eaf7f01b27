"""Days of exchanges written by hand: who sent which shingles, and under which system text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import narwhals as nw
import polars as pl

from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.observations import TEMPLATE_BOOK
from stillwatch.domain.tables import OBSERVED, REGISTER, SYSTEM
from stillwatch.observe.template_book import ObservedDay, observe_days

KEY = PseudonymKey.from_bytes(bytes(range(16)))
FIRST = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
NO_SYSTEMS = SYSTEM.empty()

Sent = tuple[str, Iterable[int]]
"""An account, and the shingles of its prompt."""


def exchanges_of(
    sent: Iterable[Sent], *, day: float = 0, more: Mapping[str, list[Any]] | None = None
) -> pl.DataFrame:
    """Make the exchanges of a day, a minute apart; `more` has further columns."""
    rows = list(sent)
    times = [FIRST + dt.timedelta(days=day, minutes=k % 1_400) for k in range(len(rows))]
    frame = pl.DataFrame(
        {
            "exchange_id": [f"x{day}-{k}" for k in range(len(rows))],
            "account_id": [account for account, _ in rows],
            "time": times,
            "hour": [int(time.timestamp()) // 3600 for time in times],
            "sketch": [sorted(shingles) for _, shingles in rows],
            "source_file": [0] * len(rows),
            "source_line": list(range(len(rows))),
            "record_hash": list(range(len(rows))),
            **(more or {}),
        },
        schema_overrides=dict(OBSERVED.schema),
    )
    return OBSERVED.conform(frame)


def number(*frames: pl.DataFrame) -> pl.DataFrame:
    """Put exchanges together, numbered by `row`."""
    rows = pl.concat([OBSERVED.empty(), *frames]).with_row_index("row")
    return rows.with_columns(pl.col("row").cast(pl.Int64))


def lazy(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    """The same for the stages."""
    return nw.from_native(frame.lazy())


def observe(
    *frames: pl.DataFrame, book: pl.DataFrame | None = None, systems: pl.DataFrame = NO_SYSTEMS
) -> list[ObservedDay]:
    """Observe the days of some exchanges."""
    before = TEMPLATE_BOOK.empty() if book is None else book
    return list(observe_days(lazy(number(*frames)), systems=systems, book=before))


def ids_of(day: ObservedDay, place: str = "prompt") -> dict[int, str]:
    """Template id by shingle."""
    own = day.shingles.filter(pl.col("place") == place)
    return dict(own.select("hash", "template_id").iter_rows())


def group(template: Iterable[int], *, accounts: int = 6, name: str = "a") -> list[Sent]:
    """Let some accounts send a template, each with a shingle of its own."""
    shingles = list(template)
    return [(f"{name}{k}", [*shingles, hash_of(name, k)]) for k in range(accounts)]


def hash_of(name: str, k: int) -> int:
    """A shingle that nobody else has."""
    return -(sum(ord(c) << (8 * i) for i, c in enumerate(name)) * 10_000 + k) - 1


def system_rows(texts: Mapping[int, Iterable[int]]) -> pl.DataFrame:
    """Make SYSTEM rows: text by hash, with its shingles."""
    return SYSTEM.conform(
        pl.DataFrame(
            {"system_hash": list(texts), "sketch": [sorted(s) for s in texts.values()]},
            schema_overrides=dict(SYSTEM.schema),
        )
    )


def registered(rows: Mapping[str, Mapping[str, Any]]) -> pl.DataFrame:
    """Make the register: `created` is in days before `FIRST`."""
    full = [
        {
            "account_id": account,
            "created_at": None
            if row.get("created") is None
            else FIRST - dt.timedelta(days=row["created"]),
            **{name: value for name, value in row.items() if name != "created"},
        }
        for account, row in rows.items()
    ]
    return REGISTER.conform(
        pl.DataFrame(full, schema_overrides=dict(REGISTER.schema), infer_schema_length=None)
    )
