"""The last line of defence: what no policy may put into force, held where it is acted on.

Reads rulings and verdicts, writes what is done with each account and the basis of it. A suspension
without a person rests on the contract's bars, so they are checked here again: a verdict that does
not meet them, or that cannot be understood, gets what the settings fix for failures. Nothing here
trusts a guard to have worked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import polars as pl

from stillwatch.decide.policy.subjects import Known
from stillwatch.domain.results import TAKING, VERDICTS
from stillwatch.domain.schema import UTC_TIME
from stillwatch.domain.settings import DetectSettings, Settings

FAILED: Final = "failed: "
"""Start of the basis of a decision that misses a bar."""
BARS: Final = "bars"
"""How a ruling names them among what stopped it."""
_ROUNDING: Final = 1e-9
"""Slack for the rounding of a mean of a million probabilities."""


def meet_bars(
    known: Known, rulings: pl.DataFrame, *, settings: Settings, now: datetime
) -> pl.DataFrame:
    """Take what the rulings put into force, but for those who miss the contract's bars.

    Grain:   one row per account with an effect: ACCOUNTS_OUT with effect, basis and expires_at.
             Who misses a bar gets what the settings fix for failures.
    Cost:    linear in accounts.
    """
    failure_ends = pl.lit(now + timedelta(days=settings.policy.review_days), dtype=UTC_TIME)
    said = rulings.select("account_id", "stopped_by", "effect_now", "expires_at")
    protected = known.register.filter("protected")["account_id"]
    is_failed = pl.col("basis").str.starts_with(FAILED)
    return (
        known.accounts.join(said, on="account_id", how="left")
        .with_columns(is_protected=pl.col("account_id").is_in(protected.implode()))
        .with_columns(_basis(settings.detect).alias("basis"))
        .with_columns(
            pl.when(is_failed)
            .then(pl.lit(settings.policy.failure_effect))
            .otherwise("effect_now")
            .alias("effect"),
            pl.when(is_failed).then(failure_ends).otherwise("expires_at").alias("expires_at"),
        )
        .filter(pl.col("effect").is_not_null())
    )


def _basis(bars: DetectSettings) -> pl.Expr:
    """Say what an effect rests on; the first failure that applies wins."""
    verdict, probability, q_value = pl.col("verdict"), pl.col("probability"), pl.col("q_value")
    is_fraudulent = verdict == "fraudulent"
    mean_error = (1 - probability).filter(is_fraudulent).mean()
    failures = (
        (~verdict.is_in(VERDICTS).fill_null(False), "the verdict is unknown"),
        (is_fraudulent & pl.col("campaign_id").is_null(), "no campaign stands behind it"),
        (is_fraudulent & ~_within(probability, 1), "its probability is outside 0 to 1"),
        (is_fraudulent & ~_within(q_value, bars.fraudulent_q_max), "its q-value is above the bar"),
        (
            is_fraudulent & ~_within(mean_error, bars.fraudulent_mean_error_max + _ROUNDING),
            "the expected error of this run's suspensions is above the bar",
        ),
        *_against_a_machine(is_fraudulent),
    )
    guarded = pl.concat_list(pl.concat_list(verdict), pl.col("stopped_by").fill_null([]))
    basis = guarded.list.join("; ")
    for is_failed, why in reversed(failures):
        basis = pl.when(is_failed).then(pl.lit(FAILED + why)).otherwise(basis)
    return basis


def _against_a_machine(is_fraudulent: pl.Expr) -> tuple[tuple[pl.Expr, str], ...]:
    """What no policy may put into force by itself, should its guards ever fail."""
    effect = pl.col("effect_now")
    return (
        (effect.is_in(TAKING) & pl.col("is_protected"), "the account is protected"),
        (effect == "terminate", "no machine terminates"),
        ((effect == "suspend") & ~is_fraudulent, "only `fraudulent` is suspended by machine"),
    )


def _within(value: pl.Expr, bound: float) -> pl.Expr:
    return (value.is_finite() & value.is_between(0, bound)).fill_null(False)
