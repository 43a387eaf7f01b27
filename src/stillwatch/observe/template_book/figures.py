"""Who sends each template: accounts, exchanges, when, how old they are, and where they signed up.

Reads `TEMPLATE_COVER`, `OBSERVED` and the register, gives holdings (account by template), the
population (one row an actor) and, with the spread test, `TEMPLATE_FIGURES` and `TEMPLATE_SPREAD`.
Accounts of one verified organisation are one actor, for they share for an honest reason.

Deliberately absent: any verdict. A template's figures say how its accounts are spread.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import polars as pl

from stillwatch.domain.observations import TEMPLATE_FIGURES, TEMPLATE_SPREAD
from stillwatch.observe.engines import collect_here
from stillwatch.observe.template_book.spread import combine_covariates, measure_spread
from stillwatch.observe.traits import count_values

_KEY = ("place", "template_id")
_DAY_S = 86_400


def count_holdings(cover: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Count, per account and template, the exchanges that carry it.

    Grain:   one row per (place, template_id, account_id): `exchanges`, `covered` (the sum of
             coverage), `first_seen_at`, `last_seen_at`.
    Cost:    one group-by; runs on any engine that Narwhals knows.
    """
    return cover.group_by("place", "template_id", "account_id").agg(
        nw.len().alias("exchanges"),
        nw.col("coverage").sum().alias("covered"),
        nw.col("time").min().alias("first_seen_at"),
        nw.col("time").max().alias("last_seen_at"),
    )


def describe_population(exchanges: nw.LazyFrame[Any], *, register: pl.DataFrame) -> pl.DataFrame:
    """Say of every account that sent anything what the spread is measured in.

    Grain:   one row per account: `actor`, `created_at`, and the covariates of `templates.py`; of an
             actor with several accounts each has those of the one that signed up first.
    Nulls:   what is not known; without a register all but the network.
    Order:   sorted by account_id.
    Cost:    one group-by over the exchanges.
    """
    networks = (
        collect_here(count_values(exchanges, column="network_hash"))
        .sort("account_id", "exchanges", "value", descending=[False, True, False])
        .unique("account_id", keep="first", maintain_order=True)
        .select("account_id", pl.col("value").alias("network"))
    )
    active = collect_here(exchanges.select("account_id").unique())
    known = active.join(networks, on="account_id", how="left").join(
        register, on="account_id", how="left"
    )
    declared = pl.col("org_id").is_not_null() & pl.col("org_verified").fill_null(value=True)
    actor = pl.when(declared).then(pl.lit("org:") + pl.col("org_id")).otherwise("account_id")
    older = pl.col("created_at") <= pl.col("created_at").median()
    day = pl.col("created_at").dt.date()
    week = day.dt.truncate("1w").dt.epoch("d").cast(pl.Int64)
    country = pl.col("payment_country").hash().reinterpret(signed=True)
    batch = pl.struct(day, "payment_country").hash().reinterpret(signed=True)
    has_both = day.is_not_null() & pl.col("payment_country").is_not_null()
    told = known.with_columns(actor.alias("actor")).sort("actor", "created_at", "account_id")
    return (
        told.with_columns(
            older.cast(pl.Int64).alias("signup_age"),
            week.alias("signup_week"),
            pl.col("payment_hash").alias("payment"),
            pl.when(pl.col("payment_country").is_not_null()).then(country).alias("country"),
            pl.when(has_both).then(batch).alias("batch"),
        )
        .with_columns(
            pl.col("signup_age", "signup_week", "network", "payment", "country", "batch")
            .first()
            .over("actor")
        )
        .select(
            "account_id",
            "actor",
            "created_at",
            *("signup_age", "signup_week", "network", "payment", "country", "batch"),
        )
        .sort("account_id")
    )


def measure_templates(
    holdings: pl.DataFrame, *, population: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Measure each template: TEMPLATE_FIGURES and TEMPLATE_SPREAD.

    Grain:   one row per template, and one per template and covariate of which two actors are known.
    Nulls:   a p-value is null where nothing is known that it could rest on.
    Order:   sorted by (place, template_id).
    Cost:    a few group-bys over holdings.
    """
    rows = holdings.join(population, on="account_id")
    actors = rows.select(*_KEY, "actor").unique()
    spread = measure_spread(actors, population=population)
    figures = (
        rows.group_by(_KEY)
        .agg(
            pl.len().alias("accounts"),
            pl.col("actor").n_unique().alias("actors"),
            pl.col("exchanges").sum(),
            (pl.col("covered").sum() / pl.col("exchanges").sum()).alias("coverage"),
            pl.col("first_seen_at").min(),
            pl.col("last_seen_at").max(),
            _age_in_days().median().alias("age_days"),
        )
        .join(_count_signups(rows), on=list(_KEY), how="left")
        .join(combine_covariates(spread), on=list(_KEY), how="left")
        .with_columns(pl.col("reading").fill_null("open"), pl.col("signups").fill_null([]))
        .sort(*_KEY)
    )
    return TEMPLATE_FIGURES.conform(figures), TEMPLATE_SPREAD.conform(spread)


def _age_in_days() -> pl.Expr:
    return (pl.col("first_seen_at") - pl.col("created_at")).dt.total_seconds() / _DAY_S


def _count_signups(rows: pl.DataFrame) -> pl.DataFrame:
    """Count a template's accounts by week of sign-up, without a gap.

    Grain:   one row per template: `signups`, a number a week from `signups_from` on.
    """
    weeks = (
        rows.drop_nulls("created_at")
        .with_columns(pl.col("created_at").dt.date().dt.truncate("1w").alias("week"))
        .group_by(*_KEY, "week")
        .agg(pl.len().alias("accounts"))
    )
    spans = weeks.group_by(_KEY).agg(
        pl.col("week").min().alias("signups_from"), pl.col("week").max().alias("last")
    )
    every = spans.with_columns(
        pl.date_ranges("signups_from", "last", interval="1w").alias("week")
    ).explode("week")
    filled = every.join(weeks, on=[*_KEY, "week"], how="left").sort(*_KEY, "week")
    return filled.group_by(*_KEY, "signups_from", maintain_order=True).agg(
        pl.col("accounts").fill_null(0).cast(pl.Int64).alias("signups")
    )
