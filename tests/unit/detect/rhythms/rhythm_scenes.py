"""Groups by hand: a column at a time, so that a run of thousands of accounts takes a second."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from stillwatch.detect.rhythms import RHYTHMS
from stillwatch.detect.rhythms.background import take_background
from stillwatch.detect.rhythms.nulls import Told
from stillwatch.detect.rhythms.shown import Shown, show_group
from stillwatch.detect.traffic import COLUMNS, Traffic, arrange_traffic
from stillwatch.domain import limits
from stillwatch.domain.observations import LISTED, Passages
from stillwatch.domain.tables import OBSERVED, REGISTER

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
START_S = START.timestamp()
DAY_S, HOUR_S = 86_400, 3_600
DAYS = 14
BY_NAME = {rhythm.name: rhythm for rhythm in RHYTHMS}


@dataclass
class Log:
    """Exchanges and a register, gathered column by column."""

    days: int = DAYS
    parts: list[pl.DataFrame] = field(default_factory=list)
    register: list[dict[str, Any]] = field(default_factory=list)

    def send(self, account: str, at_s: np.ndarray, **columns: Any) -> None:  # noqa: ANN401  columns of several types
        """Send exchanges of one account: seconds since the start, and what else is known."""
        self.parts.append(
            pl.DataFrame({"at_s": np.asarray(at_s, np.float64), **columns}).with_columns(
                account_id=pl.lit(account)
            )
        )

    def sign_up(self, account: str, day: float, *, stopped_s: float | None = None) -> None:
        """Enter an account in the register: days from the start, which may be before it."""
        at = START + dt.timedelta(days=day)
        row: dict[str, Any] = {"account_id": account, "created_at": at, "status": "active"}
        if stopped_s is not None:
            row |= {"status": "suspended"}
            row |= {"status_changed_at": START + dt.timedelta(seconds=stopped_s)}
        self.register.append(row)

    def arrange(self) -> tuple[Traffic, pl.DataFrame]:
        """Give the arranged traffic, and the register."""
        sent = pl.concat(self.parts, how="diagonal").filter(pl.col("at_s") < self.days * DAY_S)
        us = ((pl.col("at_s") + START_S) * 1e6).cast(pl.Int64)
        sent = sent.with_row_index("row").with_columns(
            pl.from_epoch(us, time_unit="us").dt.replace_time_zone("UTC").alias("time"),
            (us // (HOUR_S * 1_000_000)).alias("hour"),
            pl.format("x{}", "row").alias("exchange_id"),
            pl.col("row").cast(pl.Int64).alias("record_hash"),
        )
        missing = [c for c in COLUMNS if c not in sent.columns]
        sent = sent.with_columns(pl.lit(None, OBSERVED.schema[c]).alias(c) for c in missing)
        listed = pl.DataFrame(schema=dict.fromkeys(LISTED, pl.UInt32))
        carried = pl.DataFrame(schema={"row": pl.UInt32, "passage": pl.UInt32})
        everybody = set(sent["account_id"])
        traffic = arrange_traffic(sent.lazy(), passages=Passages(carried, listed), tied=everybody)
        rows = pl.DataFrame(self.register, infer_schema_length=None) if self.register else None
        return traffic, REGISTER.empty() if rows is None else REGISTER.conform(rows)

    def show(self, *groups: list[str], pools: dict[str, int] | None = None) -> list[Shown]:
        """Show groups whose core is all that they send."""
        traffic, register = self.arrange()
        run = take_background(traffic, register, pools=pools or {})
        assert run is not None
        coded = [traffic.codes_of(sorted(members)) for members in groups]
        return [show_group(run, c, np.ones(len(traffic.rows_of(c)))) for c in coded]


def ask(name: str, shown: Shown) -> Told:
    """Ask one figure of a group that it has to speak of."""
    told = BY_NAME[name].measure(shown)
    assert told is not None, name
    return told


def write(rng: np.random.Generator, centres: np.ndarray, *, noise: float = 1.0) -> list[bytes]:
    """Embed prompts about given subjects."""
    vectors = centres + noise * rng.normal(size=centres.shape)
    unit = 127 * vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return [row.tobytes() for row in np.round(unit).astype(np.int8)]


def live(rng: np.random.Generator, count: int, *, days: int = DAYS) -> np.ndarray:
    """Live by hours of one's own: a person's instants, independent of everybody's."""
    hours = rng.dirichlet(np.full(24, 0.5))
    lively = rng.gamma(2.0, size=days)
    day = rng.choice(days, count, p=lively / lively.sum())
    hour = rng.choice(24, count, p=hours)
    return np.asarray(np.sort(day * DAY_S + (hour + rng.random(count)) * HOUR_S))


def strangers(log: Log, rng: np.random.Generator, count: int, *, each: int = 60) -> list[str]:
    """Add accounts that have nothing in common, signed up over the half year before."""
    names = [f"s{k:05d}" for k in range(count)]
    for name in names:
        log.send(name, live(rng, each, days=log.days))
        log.sign_up(name, float(rng.uniform(-180, 0)))
    return names


SUBJECT = np.eye(limits.EMBEDDING_DIMENSIONS)
"""Directions of meaning."""
