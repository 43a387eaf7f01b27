"""What a policy can ask about, one row an account: verdicts joined with campaigns and the register.

Reads `ACCOUNTS_OUT`, `CAMPAIGNS_OUT`, `REGISTER`; writes a frame with a column for every entry of
the catalogue. What is not known is null, and a condition on it does not hold. Families and
permissions are read from the reason codes that *detect* gave, so a finished result is enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import polars as pl

from stillwatch.decide.policy.conditions import NONE
from stillwatch.domain.results import CAMPAIGNS_OUT
from stillwatch.domain.schema import UTC_TIME
from stillwatch.domain.tables import REGISTER

_TIED: Final = "tied_"
"""Start of the reason code that a family ties an account."""
SPARED: Final = pl.Schema({"account_id": pl.String(), "at": UTC_TIME})
"""One account whose effect was reverted, or whose appeal was upheld, and when."""


@dataclass(frozen=True, slots=True)
class Known:
    """The tables that a policy is applied to; what is absent is empty, and then unknown."""

    accounts: pl.DataFrame
    """ACCOUNTS_OUT: everybody who sent anything."""
    campaigns: pl.DataFrame = field(default_factory=CAMPAIGNS_OUT.empty)
    register: pl.DataFrame = field(default_factory=REGISTER.empty)
    spared: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SPARED))


_FAMILIES: Final = (
    pl.col("reasons")
    .list.eval(pl.element().filter(pl.element().str.starts_with(_TIED)).str.strip_prefix(_TIED))
    .list.unique(maintain_order=True)
)
_HAS: Final = pl.col("reasons").list
_VERDICT: Final = (
    "verdict",
    "probability",
    "q_value",
    "campaign_id",
    _FAMILIES.alias("families"),
    _FAMILIES.list.len().cast(pl.Float64).alias("family_count"),
    pl.when(_HAS.contains("over_budget"))
    .then(pl.lit("over_budget"))
    .when(_HAS.contains("permission"))
    .then(pl.lit("within_budget"))
    .otherwise(pl.lit(NONE))
    .alias("permission"),
)


def describe_subjects(known: Known, *, now: datetime) -> pl.DataFrame:
    """Put together what a policy can ask about each account.

    Grain:   one row per account of `known.accounts`, in their order.
    Units:   ages in seconds at `now`; revenue as the register has it.
    Nulls:   what is unknown. An account of the register without a programme has `none`, one
             without `protected` is not protected; of several rows of an account one suffices.
    Cost:    linear in accounts and register rows.
    """
    return (
        known.accounts.select("account_id", *_VERDICT)
        .join(describe_campaigns(known.campaigns, now=now), on="campaign_id", how="left")
        .join(_register(known.register, now), on="account_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("protected").fill_null(value=False).cast(pl.String).str.to_lowercase(),
        )
    )


def describe_campaigns(campaigns: pl.DataFrame, *, now: datetime) -> pl.DataFrame:
    """Put together what a policy can ask about each campaign.

    Grain:   one row per campaign of CAMPAIGNS_OUT.
    Units:   its age in seconds at `now`.
    Cost:    linear in campaigns.
    """
    counts = ("accounts", "exchanges", "output_tokens")
    names = ("campaign_accounts", "harvest_exchanges", "harvest_output_tokens")
    return campaigns.select(
        "campaign_id",
        "kind",
        *(pl.col(c).cast(pl.Float64).alias(n) for c, n in zip(counts, names, strict=True)),
        _age("first_seen", now).alias("campaign_age"),
    ).unique("campaign_id", keep="first", maintain_order=True)


def _register(register: pl.DataFrame, now: datetime) -> pl.DataFrame:
    return register.group_by("account_id").agg(
        pl.col("protected").any(),
        pl.col("program").drop_nulls().first().fill_null(NONE).alias("programme"),
        _age("created_at", now).min().alias("account_age"),
        pl.col("revenue_30d").max(),
    )


def _age(column: str, now: datetime) -> pl.Expr:
    since = pl.lit(now, dtype=UTC_TIME) - pl.col(column)
    return (since.dt.total_microseconds() / 1e6).clip(0)
