"""Count accounts and exchanges of one incident as CONTRACT.md, section 4, says.

Reads a `Case`; gives plain numbers. Nothing else decides what *found*, *false* and *right* mean.
Absent: intervals (`bootstrap.py`), campaigns (`campaigns.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from stillwatch.domain.results import VERDICTS
from stillwatch_lab.evaluation.case import Case

FOUND: Final = "fraudulent"
SUSPECTED: Final = ("fraudulent", "suspect")
GUILTY: Final = "fraud"
PERMITTED: Final = "permitted"
MEMBERSHIP_MIN: Final = 0.5
"""Membership from which an exchange counts as found. CONTRACT.md, section 4."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The exchanges of one incident, told apart."""

    found: pl.DataFrame
    """One exchange at membership 0.5 or more: exchange_id, campaign_id, campaign (null: no
    harvest by the truth), is_apart (a permitted account's)."""
    by_campaign: pl.DataFrame
    """One true campaign: campaign, exchanges, found."""


def tell_exchanges_apart(case: Case) -> Sides:
    """Say of every found exchange whether it is harvest, and whether a permission covers it.

    Grain:   see `Sides`. An exchange is set apart where the result permits its account, the truth
             doesn't call that account fraud and doesn't call the exchange harvest.
    Cost:    two joins over the exchanges.
    """
    permitted = case.judged.filter(verdict=PERMITTED).filter(pl.col("role") != GUILTY)
    found = (
        case.exchanges.filter(pl.col("membership") >= MEMBERSHIP_MIN)
        .join(case.harvest, on="exchange_id", how="left")
        .join(
            permitted.select("account_id", is_permitted=pl.lit(True)), on="account_id", how="left"
        )
        .select(
            "exchange_id",
            "campaign_id",
            "campaign",
            is_apart=pl.col("is_permitted").fill_null(False) & pl.col("campaign").is_null(),
        )
    )
    hits = found.drop_nulls("campaign").group_by("campaign").agg(found=pl.len())
    return Sides(
        found=found,
        by_campaign=case.harvest.group_by("campaign")
        .agg(exchanges=pl.len())
        .join(hits, on="campaign", how="left")
        .with_columns(pl.col("found").fill_null(0))
        .sort("campaign"),
    )


def is_called() -> pl.Expr:
    """Tell accounts that may be suspended without a person looking first."""
    return pl.col("verdict") == FOUND


def is_suspected() -> pl.Expr:
    """Tell accounts at `suspect` or above."""
    return pl.col("verdict").is_in(SUSPECTED)


def is_guilty() -> pl.Expr:
    """Tell accounts that work for a campaign, by the truth."""
    return pl.col("role") == GUILTY


def ratio(part: int, whole: int) -> float | None:
    """Divide, or say None: a ratio of nothing is nothing."""
    return part / whole if whole else None


def count_by(frame: pl.DataFrame, column: str) -> dict[str, int]:
    """Count the rows by a word: verdicts in their own order, then others by name."""
    counts = dict(frame[column].value_counts().iter_rows())
    known = [*VERDICTS, *sorted(set(counts) - set(VERDICTS))]
    return {name: counts[name] for name in known if name in counts}


def count_verdicts(judged: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Count verdicts by role, roles by name."""
    parts = judged.partition_by("role", as_dict=True)
    return {str(role): count_by(rows, "verdict") for (role,), rows in sorted(parts.items())}
