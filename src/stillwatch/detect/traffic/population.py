"""All accounts of a run, each in a few figures: what judging knows of those that it doesn't hold.

Part of the first step of *detect*: reads every exchange once, column by column, keeps a row an
account and a number an exchange. Sums are of whole numbers, so that no order and no engine moves
them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from stillwatch.detect.traffic.arrays import F64, I32, I64

_PARTS: Final = 2**20
"""Parts of one in which figures are added up: sums of whole numbers are the same in any order."""
_NOBODY: Final = -1


@dataclass(frozen=True)
class Population:
    """Every account of a run. Shapes: A accounts, N numbers of exchanges."""

    accounts: list[str]
    """A: account ids, sorted; an account's code is its place."""
    sizes: I64
    """A: its exchanges."""
    first_at: pl.Series
    """A: when it first sent something."""
    begins: dt.datetime | None
    ends: dt.datetime | None
    """The first and the last exchange of the run; None of no exchange."""
    log_output: F64
    """A: mean log2(1 + output tokens); nan where unknown, as the next two."""
    tactic: F64
    """A: mean tactic probability."""
    later_turns: F64
    """A: share of exchanges that are a later turn, among those that state a turn."""
    account_of_row: I32
    """N: the code of who sent the exchange that the run gave this number; -1 for nobody."""

    def find_senders(self, rows: I64) -> I32:
        """Say who sent some exchanges, by the run's numbers of them. Nulls: -1 for nobody."""
        most = len(self.account_of_row) - 1
        sender = self.account_of_row[np.minimum(rows, most)]
        sender[rows > most] = _NOBODY
        return sender


def count_population(observed: pl.LazyFrame) -> Population:
    """Count every account's exchanges, and what they are like on average.

    Grain:   one row per account in each array.
    Order:   input order is irrelevant, to the last bit.
    Cost:    two passes over a few narrow columns; memory for a row an account and four bytes an
             exchange.
    """
    output = (pl.col("output_tokens").clip(0).cast(pl.Float64) + 1).log(2)
    figures = {"output": output, "tactic": pl.col("tactic_probability").cast(pl.Float64)}
    told = (
        observed.group_by("account_id")
        .agg(
            pl.len().cast(pl.Int64).alias("sent"),
            pl.col("time").min().alias("first_at"),
            pl.col("time").max().alias("last_at"),
            *((one * _PARTS).round().cast(pl.Int64).sum().alias(n) for n, one in figures.items()),
            *(one.count().alias(f"{name}_known") for name, one in figures.items()),
            (pl.col("turn") > 1).cast(pl.Int64).sum().alias("later"),
            pl.col("turn").count().alias("later_known"),
        )
        .collect(engine="streaming")
        .sort("account_id")
    )
    means = {
        name: _divide(told[name], told[f"{name}_known"]) for name in ("output", "tactic", "later")
    }
    return Population(
        accounts=told["account_id"].to_list(),
        sizes=told["sent"].to_numpy(),
        first_at=told["first_at"],
        begins=_instant(told["first_at"].min()),
        ends=_instant(told["last_at"].max()),
        log_output=means["output"] / _PARTS,
        tactic=means["tactic"] / _PARTS,
        later_turns=means["later"],
        account_of_row=_number_senders(observed, told["account_id"]),
    )


def _instant(found: object) -> dt.datetime | None:
    return found if isinstance(found, dt.datetime) else None


def _divide(total: pl.Series, known: pl.Series) -> F64:
    count = known.to_numpy().astype(np.float64)
    return np.where(count > 0, total.to_numpy() / np.maximum(count, 1), np.nan)


def _number_senders(observed: pl.LazyFrame, accounts: pl.Series) -> I32:
    """Give who sent each exchange, by the run's number of it; sorted ids give codes in order."""
    code = pl.col("account_id").cast(pl.Enum(accounts)).to_physical().cast(pl.Int32)
    sent = observed.select(pl.col("row").cast(pl.Int64), code.alias("code")).collect(
        engine="streaming"
    )
    rows = sent["row"].to_numpy()
    sender = np.full(int(rows.max()) + 1 if len(rows) else 1, _NOBODY, np.int32)
    sender[rows] = sent["code"].to_numpy()
    return sender
