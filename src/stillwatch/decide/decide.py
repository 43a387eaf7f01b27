"""From verdicts to effects: what the policy does with each account that a finding names.

Reads `ACCOUNTS_OUT` and what else is known, writes `DECISION`. The rules are in `policy/`; under
the shipped one `fraudulent` suspends, `suspect` goes to a person, the others get no row. Every
effect ends by itself. A suspension without a person rests on the contract's bars, so they are
checked here again, whatever the policy says: a verdict that does not meet them, or that cannot be
understood, gets what the settings fix for failures, and `basis` says why.

Deliberately absent: permissions (met in detect), delivery (act), the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

import orjson
import polars as pl

from stillwatch.decide.customer import customer_sentence
from stillwatch.decide.policy.model import REVIEW, Policy
from stillwatch.decide.policy.ruling import RULING, Ruled, rule_accounts
from stillwatch.decide.policy.shipped import shipped_policy
from stillwatch.decide.policy.subjects import Known
from stillwatch.domain.errors import LimitExceeded, SettingError
from stillwatch.domain.limits import DECISIONS_MAX
from stillwatch.domain.results import DECISION, TAKING, VERDICTS
from stillwatch.domain.schema import UTC_TIME
from stillwatch.domain.settings import DetectSettings, PolicySettings, Settings

_ID_BYTES: Final = 10
"""Bytes of a decision's id: two of a million collide with probability 4e-13."""
_ROUNDING: Final = 1e-9
"""Slack for the rounding of a mean of a million probabilities."""
_FAILED: Final = "failed: "
FAILURE_EFFECTS: Final = ("review", "none")
"""What a policy may fix for failures: a machine that has failed takes nothing away."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What is done, and what the policy said that led to it."""

    decisions: pl.DataFrame
    """DECISION"""
    ruled: Ruled


def decide(
    verdicts: pl.DataFrame, *, register: pl.DataFrame, settings: Settings, now: datetime
) -> pl.DataFrame:
    """Decide what happens to each account, under the shipped policy.

    Grain:   one row per account with an effect (`DECISION`).
    Nulls:   an account that the register lacks, or without `protected`, counts as unprotected.
    Order:   sorted by (account_id, decision_id); input order is irrelevant.
    Cost:    linear in verdicts.

    Raises:
        SettingError: the policy would suspend on failure.
        LimitExceeded: more effects than limits.DECISIONS_MAX; nothing is returned.
    """
    known = Known(verdicts, register=register)
    return decide_under(shipped_policy(), known, settings=settings, now=now).decisions


def decide_under(policy: Policy, known: Known, *, settings: Settings, now: datetime) -> Decided:
    """Decide what happens to each account under a policy.

    Grain:   one DECISION row per account with an effect; a dry run gives none.
    Nulls, order: as `decide`.
    Cost:    rules times accounts.

    Raises:
        SettingError: the policy would suspend on failure.
        LimitExceeded: more effects than limits.DECISIONS_MAX; nothing is returned.
    """
    house = settings.policy
    if house.failure_effect not in FAILURE_EFFECTS:
        message = f"failure_effect is {house.failure_effect!r}"
        raise SettingError(message, hint=f"it may be {' or '.join(FAILURE_EFFECTS)}")
    ruled = Ruled(RULING.empty())
    try:
        ruled = rule_accounts(known, policy=policy, settings=house, now=now)
        judged = _meet_bars(known, ruled.rulings, settings=settings, now=now)
    except pl.exceptions.PolarsError as broken:
        judged = _fall_back(known.accounts, cause=type(broken).__name__, policy=house, now=now)
    if policy.guards.dry_run:
        judged = judged.clear()
    if judged.height > DECISIONS_MAX:
        raise LimitExceeded(name="DECISIONS_MAX", bound=DECISIONS_MAX, met=judged.height)
    return Decided(_write_down(judged, policy=house, now=now), ruled)


def _meet_bars(
    known: Known, rulings: pl.DataFrame, *, settings: Settings, now: datetime
) -> pl.DataFrame:
    """Take what is in force, but for those whose verdict misses the contract's bars."""
    failure_ends = pl.lit(now + timedelta(days=settings.policy.review_days), dtype=UTC_TIME)
    said = rulings.select("account_id", "parameters", "stopped_by", "effect_now", "expires_at")
    protected = known.register.filter("protected")["account_id"]
    is_failed = pl.col("basis").str.starts_with(_FAILED)
    waits = pl.col("effect_now") == REVIEW
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
            pl.when(~is_failed & ~waits).then("parameters").alias("parameters"),
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
        basis = pl.when(is_failed).then(pl.lit(_FAILED + why)).otherwise(basis)
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


def _fall_back(
    verdicts: pl.DataFrame, *, cause: str, policy: PolicySettings, now: datetime
) -> pl.DataFrame:
    """Give everybody whom an effect might have met what the policy fixes for failures."""
    named = verdicts.filter(~pl.col("verdict").is_in(("clear", "watch", "permitted")))
    return named.with_columns(
        effect=pl.lit(policy.failure_effect),
        basis=pl.lit(f"{_FAILED}the decision could not be computed ({cause})"),
        expires_at=pl.lit(now + timedelta(days=policy.review_days), dtype=UTC_TIME),
        parameters=pl.lit(None, dtype=pl.String),
    )


def _write_down(judged: pl.DataFrame, *, policy: PolicySettings, now: datetime) -> pl.DataFrame:
    rows = [
        {
            "decision_id": _decision_id(account_id, effect, campaign_id, now.isoformat()),
            "account_id": account_id,
            "effect": effect,
            "reason": customer_sentence(effect, expires_at=expires_at, appeal=policy.appeal),
            "expires_at": expires_at,
            "basis": basis,
            "parameters": parameters,
        }
        for account_id, effect, campaign_id, basis, expires_at, parameters in judged.select(
            "account_id", "effect", "campaign_id", "basis", "expires_at", "parameters"
        ).iter_rows()
    ]
    frame = pl.DataFrame(rows, schema=DECISION.schema).sort("account_id", "decision_id")
    return DECISION.conform(frame)


def _decision_id(*facts: str | None) -> str:
    """The same account, effect, campaign and instant give the same id, on any machine."""
    return f"d-{blake2b(orjson.dumps(facts), digest_size=_ID_BYTES).hexdigest()}"
