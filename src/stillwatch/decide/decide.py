"""From verdicts to effects: what the policy does with each account that a finding names.

Reads `ACCOUNTS_OUT` and `REGISTER`, writes `DECISION`. Rules: `fraudulent` suspends, `suspect`
goes to a person, a protected account never gets more than a person, the others get no row; every
effect ends by itself. A suspension without a person rests on the contract's bars, so they are
checked here again, where they are acted on: a verdict that does not meet them, or that cannot be
understood, gets what the policy fixes for failures, and `basis` says why.

Deliberately absent: permissions (met in detect), delivery (act), the clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

import orjson
import polars as pl

from stillwatch.decide.customer import customer_sentence
from stillwatch.domain.errors import LimitExceeded, SettingError
from stillwatch.domain.limits import DECISIONS_MAX
from stillwatch.domain.results import DECISION, VERDICTS
from stillwatch.domain.settings import DetectSettings, PolicySettings, Settings

_ID_BYTES: Final = 10
"""Bytes of a decision's id: two of a million collide with probability 4e-13."""
_ROUNDING: Final = 1e-9
"""Slack for the rounding of a mean of a million probabilities."""
_FAILED: Final = "failed: "
FAILURE_EFFECTS: Final = ("review", "none")
"""What a policy may fix for failures: a machine that has failed takes nothing away."""


def decide(
    verdicts: pl.DataFrame, *, register: pl.DataFrame, settings: Settings, now: datetime
) -> pl.DataFrame:
    """Decide what happens to each account.

    Grain:   one row per account with an effect (`DECISION`).
    Nulls:   an account that the register lacks, or without `protected`, counts as unprotected.
    Order:   sorted by (account_id, decision_id); input order is irrelevant.
    Cost:    linear in verdicts.

    Raises:
        SettingError: the policy would suspend on failure.
        LimitExceeded: more effects than limits.DECISIONS_MAX; nothing is returned.
    """
    policy = settings.policy
    if policy.failure_effect not in FAILURE_EFFECTS:
        message = f"failure_effect is {policy.failure_effect!r}"
        raise SettingError(message, hint=f"it may be {' or '.join(FAILURE_EFFECTS)}")
    try:
        judged = _meet_policy(verdicts, register=register, settings=settings)
    except pl.exceptions.PolarsError as broken:
        judged = _fall_back(verdicts, cause=type(broken).__name__, policy=policy)
    if judged.height > DECISIONS_MAX:
        raise LimitExceeded(name="DECISIONS_MAX", bound=DECISIONS_MAX, met=judged.height)
    return _write_down(judged, policy=policy, now=now)


def _meet_policy(
    verdicts: pl.DataFrame, *, register: pl.DataFrame, settings: Settings
) -> pl.DataFrame:
    protected = register.group_by("account_id").agg(pl.col("protected").any())
    return (
        verdicts.join(protected, on="account_id", how="left")
        .with_columns(pl.col("protected").fill_null(False))
        .with_columns(_basis(settings.detect).alias("basis"))
        .with_columns(_effect(settings.policy).alias("effect"))
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
    )
    protected = is_fraudulent & pl.col("protected")
    basis = pl.when(protected).then(pl.lit("fraudulent; protected")).otherwise(verdict)
    for is_failed, why in reversed(failures):
        basis = pl.when(is_failed).then(pl.lit(_FAILED + why)).otherwise(basis)
    return basis


def _within(value: pl.Expr, bound: float) -> pl.Expr:
    return (value.is_finite() & value.is_between(0, bound)).fill_null(False)


def _effect(policy: PolicySettings) -> pl.Expr:
    verdict = pl.col("verdict")
    return (
        pl.when(pl.col("basis").str.starts_with(_FAILED))
        .then(pl.lit(policy.failure_effect))
        .when((verdict == "fraudulent") & ~pl.col("protected"))
        .then(pl.lit("suspend"))
        .when(verdict.is_in(("fraudulent", "suspect")))
        .then(pl.lit("review"))
    )


def _fall_back(verdicts: pl.DataFrame, *, cause: str, policy: PolicySettings) -> pl.DataFrame:
    """Give everybody whom an effect might have met what the policy fixes for failures."""
    named = verdicts.filter(~pl.col("verdict").is_in(("clear", "watch", "permitted")))
    return named.with_columns(
        effect=pl.lit(policy.failure_effect),
        basis=pl.lit(f"{_FAILED}the decision could not be computed ({cause})"),
    )


def _write_down(judged: pl.DataFrame, *, policy: PolicySettings, now: datetime) -> pl.DataFrame:
    ends = {
        "suspend": now + timedelta(days=policy.suspend_days),
        "review": now + timedelta(days=policy.review_days),
        "none": now + timedelta(days=policy.review_days),
    }
    rows = [
        {
            "decision_id": _decision_id(account_id, effect, campaign_id, now.isoformat()),
            "account_id": account_id,
            "effect": effect,
            "reason": customer_sentence(effect, expires_at=ends[effect], appeal=policy.appeal),
            "expires_at": ends[effect],
            "basis": basis,
        }
        for account_id, effect, campaign_id, basis in judged.select(
            "account_id", "effect", "campaign_id", "basis"
        ).iter_rows()
    ]
    frame = pl.DataFrame(rows, schema=DECISION.schema).sort("account_id", "decision_id")
    return DECISION.conform(frame)


def _decision_id(*facts: str | None) -> str:
    """The same account, effect, campaign and instant give the same id, on any machine."""
    return f"d-{blake2b(orjson.dumps(facts), digest_size=_ID_BYTES).hexdigest()}"
