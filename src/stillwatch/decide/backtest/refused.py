"""What effects would have refused: of every part of the traffic, the exchanges and tokens.

`deny`, `suspend` and `terminate` refuse all that comes after them; `throttle` what is over its rate
in a part of time; a campaign budget what all accounts of a campaign together have over it, of what
their own effects leave. `challenge` and `degrade` refuse nothing that can be counted here.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.decide.backtest.looks import TRAFFIC
from stillwatch.decide.backtest.replay import Replayed

STOPPING: Final = ("deny", "suspend", "terminate")
_RATES: Final = {"exchanges": "exchanges_per_hour", "output_tokens": "output_tokens_per_hour"}


def find_refused(replayed: Replayed, *, traffic: pl.DataFrame) -> pl.DataFrame:
    """Say of each part of the traffic what would have been refused of it, and by what.

    Grain:   one row per TRAFFIC row of which something would have been refused: account_id,
             campaign_id, from_at, by (the rule, else the budget), exchanges, output_tokens.
    Units:   exchanges and tokens, not whole where a rate cuts a part.
    Order:   by account and time. A part that an effect begins in the middle of counts as before it.
    Cost:    one sort of the traffic.
    """
    parts = _under_spans(replayed.spans, traffic)
    share = _refused_share(parts)
    by_rule = parts.with_columns(share=share).with_columns(
        (pl.col(name) * pl.col("share")).alias(f"{name}_refused") for name in _RATES
    )
    by_budget = _over_budget(replayed.ceilings, by_rule)
    named = by_rule.filter(pl.col("share") > 0).select(
        "account_id", "campaign_id", "from_at", pl.col("rule").alias("by"), *_refused()
    )
    return pl.concat([named, by_budget]).sort("account_id", "from_at", maintain_order=True)


def _refused() -> list[pl.Expr]:
    return [pl.col(f"{name}_refused").alias(name) for name in _RATES]


def _under_spans(spans: pl.DataFrame, traffic: pl.DataFrame) -> pl.DataFrame:
    """Put each part of the traffic under the decision that was in force when it began."""
    left = TRAFFIC.conform(traffic).sort("from_at")
    right = spans.select(
        "account_id", "campaign_id", "at", "ends_at", "rule", "effect", "parameters"
    ).sort("at")
    found = left.join_asof(
        right, left_on="from_at", right_on="at", by="account_id", check_sortedness=False
    )
    is_over = pl.col("ends_at") <= pl.col("from_at")
    return found.with_columns(pl.when(~is_over).then("effect").alias("effect"))


def _refused_share(parts: pl.DataFrame) -> pl.Series:
    schema = pl.Struct(dict.fromkeys(_RATES.values(), pl.Int64))
    rates = pl.col("parameters").str.json_decode(schema)
    over = [
        (1 - rates.struct.field(rate) * pl.col("hours") / pl.col(name)).clip(0, 1)
        for name, rate in _RATES.items()
    ]
    cut = pl.max_horizontal(pl.when(one.is_finite()).then(one).otherwise(0.0) for one in over)
    share = (
        pl.when(pl.col("effect").is_in(STOPPING))
        .then(1.0)
        .when(pl.col("effect") == "throttle")
        .then(cut)
        .otherwise(0.0)
    )
    return parts.select(share.fill_null(0.0).alias("share"))["share"]


def _over_budget(ceilings: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Share out what a campaign has over its budget in a part of time over its accounts."""
    left = parts.with_columns(
        (pl.col(name) - pl.col(f"{name}_refused")).alias(name) for name in _RATES
    ).drop("campaign_id", "at", "ends_at")
    under = left.join(ceilings, on="account_id").filter(
        (pl.col("at") <= pl.col("from_at")) & (pl.col("from_at") < pl.col("ends_at"))
    )
    together = ("campaign_id", "budget", "from_at")
    over = [
        1 - pl.col(rate) * pl.col("hours") / pl.col(name).sum().over(together)
        for name, rate in _RATES.items()
    ]
    cut = pl.max_horizontal(pl.when(one.is_finite()).then(one).otherwise(0.0) for one in over)
    return (
        under.with_columns(share=cut.clip(0, 1))
        .filter(pl.col("share") > 0)
        .sort("account_id", "from_at", "share", descending=[False, False, True])
        .unique(["account_id", "from_at"], keep="first", maintain_order=True)
        .select(
            "account_id",
            "campaign_id",
            "from_at",
            pl.col("budget").alias("by"),
            *((pl.col(name) * pl.col("share")).alias(name) for name in _RATES),
        )
    )
