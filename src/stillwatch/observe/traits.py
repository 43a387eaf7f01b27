"""Which values each account holds in each channel, and in what share of its traffic.

Second step of *observe*: reads `OBSERVED` exchanges and the register, writes `TRAIT`. Counting
exchanges is written once against Narwhals, so that the same lines run on Polars and on Spark; the
counts (millions of rows, not billions) are then plain Polars. A channel without data says so by
having no rows: it stands aside, it doesn't acquit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.channels.families import CHANNELS
from stillwatch.domain.keyed import PseudonymKey, hash_strings
from stillwatch.domain.schema import check_frame
from stillwatch.domain.tables import TRAIT

EXCHANGE_CHANNELS: Mapping[str, str] = {
    c.name: c.column for c in CHANNELS if c.column and c.source == "exchange"
}
"""Channel → column of OBSERVED."""

REGISTER_CHANNELS: Mapping[str, str] = {
    c.name: c.column for c in CHANNELS if c.column and c.source == "register"
}
"""Channel → column of REGISTER."""

CHANNEL_NUMBERS = pl.Enum([c.name for c in CHANNELS])
"""Channels in the house's order, a byte each."""

_WORD_DOMAIN = 97
"""Keeps the pseudonyms of words (a country, a path) apart from those of names."""
_HOUR_DOMAIN = 98
"""The same for hours, which are sampled by it."""
_HOURS = {"signup_hour": 1, "signup_day": 24, "signup_week": 168}
"""Hours of each sign-up window."""
_UNREGISTERED_HOURS = 0
_HOURS_MAX = 2**20
"""More hours than any traffic lasts: keeps the adoption hours of two releases apart."""


def count_values(exchanges: nw.LazyFrame[Any], *, column: str) -> nw.LazyFrame[Any]:
    """Count, per account, the exchanges that carry each value of a column.

    Grain:   one row per (account_id, value): `exchanges`. Nulls: rows without a value are left out.
    Cost:    one group-by; runs on any engine that Narwhals knows.
    """
    return (
        exchanges.select("account_id", nw.col(column).alias("value"))
        .filter(~nw.col("value").is_null())
        .group_by("account_id", "value")
        .agg(nw.len().alias("exchanges"))
    )


def count_first_use(exchanges: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Find, per account and model, the hour of its first exchange.

    Grain:   one row per (account_id, model): `hour`. Nulls: exchanges without a model are left out.
    """
    return (
        exchanges.select("account_id", "model", "hour")
        .filter(~nw.col("model").is_null())
        .group_by("account_id", "model")
        .agg(nw.col("hour").min())
    )


def share_traits(
    counts: pl.DataFrame, *, channel: str, totals: pl.DataFrame, key: PseudonymKey
) -> pl.DataFrame:
    """Turn counts of one channel into traits.

    Grain:   one TRAIT row per (account_id, value). Units: share of the account's exchanges.
    Order:   as given. `totals` is (account_id, total); words become pseudonyms here, hashes stay;
    channels are numbered (Enum), and accounts where they are in `counts`.
    """
    shared = counts.join(totals, on="account_id", maintain_order="left").select(
        "account_id",
        pl.lit(channel, CHANNEL_NUMBERS).alias("channel"),
        _as_pseudonym(counts.schema["value"], key=key).alias("value"),
        (pl.col("exchanges") / pl.col("total")).alias("share"),
    )
    return check_frame(shared, TRAIT)


def sample_hours(counts: pl.DataFrame, *, key: PseudonymKey) -> pl.DataFrame:
    """Keep the counts of a sample of the window's hours, the same hours for every account.

    Grain:   one row per (account_id, value) of the hours kept; all, where there are no more than
             limits.ACTIVE_HOURS_MAX.
    Order:   the hours with the smallest keyed hashes: nobody outside can tell which they are.
    """
    hours = counts.select("value").unique()
    hashed = hash_strings(hours["value"].cast(pl.String).to_arrow(), key=key, domain=_HOUR_DOMAIN)
    order = hours.with_columns(pl.Series("hash", hashed, dtype=pl.Int64)).sort("hash")
    return counts.join(order.head(limits.ACTIVE_HOURS_MAX), on="value", how="semi")


def _as_pseudonym(dtype: pl.DataType, *, key: PseudonymKey) -> pl.Expr:
    if dtype != pl.String:
        return pl.col("value").cast(pl.Int64)
    return pl.col("value").map_batches(
        lambda words: pl.Series(
            hash_strings(words.to_arrow(), key=key, domain=_WORD_DOMAIN), dtype=pl.Int64
        ),
        return_dtype=pl.Int64,
    )


def read_register_traits(
    register: pl.DataFrame, *, active: pl.DataFrame, key: PseudonymKey
) -> pl.DataFrame:
    """Take the traits that the register declares, of accounts that sent anything.

    Grain:   one TRAIT row per (account_id, channel), share 1. Nulls: no row.
    `active` is (account_id, first_hour). The age at first use is only known for accounts that were
    created within the traffic: for older ones the first exchange seen isn't their first.
    """
    known = register.join(active, on="account_id")
    rows = [
        known.select("account_id", pl.col(column).alias("value"))
        .drop_nulls()
        .with_columns(_as_pseudonym(known.schema[column], key=key).alias("value"))
        .with_columns(pl.lit(channel).alias("channel"))
        for channel, column in REGISTER_CHANNELS.items()
        if known[column].null_count() < len(known)
    ]
    created = known.drop_nulls("created_at").with_columns(
        (pl.col("created_at").dt.epoch("s") // 3600).alias("created_hour")
    )
    rows += [
        created.select(
            "account_id",
            (pl.col("created_hour") // hours).alias("value"),
            pl.lit(channel).alias("channel"),
        )
        for channel, hours in _HOURS.items()
    ]
    rows.append(_age_at_first_use(created, start=active["first_hour"].min()))
    picked = [TRAIT.conform(r.with_columns(pl.lit(1.0).alias("share"))) for r in rows]
    return pl.concat([TRAIT.empty(), *picked])


def _age_at_first_use(created: pl.DataFrame, *, start: object) -> pl.DataFrame:
    """Age in powers of two of an hour, of accounts created since the traffic began."""
    since = start if isinstance(start, int) else _UNREGISTERED_HOURS
    age = (pl.col("first_hour") - pl.col("created_hour")).clip(0)
    return created.filter(pl.col("created_hour") >= since).select(
        "account_id",
        (age + 1).log(2).floor().cast(pl.Int64).alias("value"),
        pl.lit("age_at_first_use").alias("channel"),
    )


def adopt_models(first_use: pl.DataFrame, *, launches: pl.DataFrame, end_hour: int) -> pl.DataFrame:
    """Say in which hour after a release each account took the model up.

    Grain:   one TRAIT row per (account_id, launched model), share 1 over the models adopted.
    Nulls:   models released before the traffic began or after it ended give no row.
    """
    start = first_use["hour"].min()
    if not len(launches) or not isinstance(start, int):
        return TRAIT.empty()
    released = launches.select(
        "model", (pl.col("released_at").dt.epoch("s") // 3600).alias("release_hour")
    ).filter(pl.col("release_hour").is_between(start + 1, end_hour))
    late = first_use.join(released, on="model").filter(pl.col("hour") >= pl.col("release_hour"))
    order = (
        released.sort("release_hour", "model").with_row_index("number").select("model", "number")
    )
    since = pl.col("hour") - pl.col("release_hour")
    return TRAIT.conform(
        late.join(order, on="model").select(
            "account_id",
            pl.lit("model_hour").alias("channel"),
            (pl.col("number").cast(pl.Int64) * _HOURS_MAX + since).alias("value"),
            (1.0 / pl.len().over("account_id")).alias("share"),
        )
    )
