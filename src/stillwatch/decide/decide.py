"""From verdicts to effects: what the policy does with each account that a finding names.

Reads `ACCOUNTS_OUT` and what else is known, writes `DECISION`. The rules are in `policy/`; under
the shipped one `fraudulent` suspends, `suspect` goes to a person, the others get no row. Every
effect ends by itself. Whatever the policy says, `bars` has the last word; where a decision can't be
computed, everybody it might have met gets what the settings fix for failures, and `basis` says why.

Deliberately absent: permissions (met in detect), delivery (act), the clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

import orjson
import polars as pl

from stillwatch.decide.bars import BARS, FAILED, meet_bars
from stillwatch.decide.customer import customer_sentence
from stillwatch.decide.policy.model import Policy
from stillwatch.decide.policy.ruling import RULING, Ruled, rule_accounts
from stillwatch.decide.policy.shipped import shipped_policy
from stillwatch.decide.policy.subjects import Known
from stillwatch.domain.errors import LimitExceeded, SettingError
from stillwatch.domain.limits import DECISIONS_MAX
from stillwatch.domain.results import DECISION
from stillwatch.domain.schema import UTC_TIME
from stillwatch.domain.settings import PolicySettings, Settings

_ID_BYTES: Final = 10
"""Bytes of a decision's id: two of a million collide with probability 4e-13."""
_NOTHING: Final = pl.lit(None, dtype=pl.String)
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
    try:
        ruled = rule_accounts(known, policy=policy, settings=house, now=now)
        judged = meet_bars(known, ruled.rulings, settings=settings, now=now)
        ruled = replace(ruled, rulings=_reconcile(ruled.rulings, judged))
    except pl.exceptions.PolarsError as broken:
        ruled = Ruled(RULING.empty())
        judged = _fall_back(known.accounts, cause=type(broken).__name__, policy=house, now=now)
    if policy.guards.dry_run:
        judged = judged.clear()
        ruled = replace(ruled, rulings=ruled.rulings.with_columns(effect_now=_NOTHING))
    if judged.height > DECISIONS_MAX:
        raise LimitExceeded(name="DECISIONS_MAX", bound=DECISIONS_MAX, met=judged.height)
    return Decided(_write_down(judged, policy=house, now=now), ruled)


def _reconcile(rulings: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """Let the rulings say what the bars have made of them."""
    failed = judged.filter(pl.col("basis").str.starts_with(FAILED)).select(
        "account_id", pl.col("effect").alias("instead"), pl.col("expires_at").alias("until")
    )
    is_failed = pl.col("instead").is_not_null()
    barred = pl.concat_list("stopped_by", pl.lit(BARS))
    joined = rulings.join(failed, on="account_id", how="left", maintain_order="left").with_columns(
        effect_now=pl.coalesce("instead", "effect_now"),
        expires_at=pl.coalesce("until", "expires_at"),
        stopped_by=pl.when(is_failed).then(barred).otherwise("stopped_by"),
    )
    return RULING.conform(joined)


def _fall_back(
    verdicts: pl.DataFrame, *, cause: str, policy: PolicySettings, now: datetime
) -> pl.DataFrame:
    """Give everybody whom an effect might have met what the policy fixes for failures."""
    named = verdicts.filter(~pl.col("verdict").is_in(("clear", "watch", "permitted")))
    return named.with_columns(
        effect=pl.lit(policy.failure_effect),
        basis=pl.lit(f"{FAILED}the decision could not be computed ({cause})"),
        expires_at=pl.lit(now + timedelta(days=policy.review_days), dtype=UTC_TIME),
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
        }
        for account_id, effect, campaign_id, basis, expires_at in judged.select(
            "account_id", "effect", "campaign_id", "basis", "expires_at"
        ).iter_rows()
    ]
    frame = pl.DataFrame(rows, schema=DECISION.schema).sort("account_id", "decision_id")
    return DECISION.conform(frame)


def _decision_id(*facts: str | None) -> str:
    """The same account, effect, campaign and instant give the same id, on any machine."""
    return f"d-{blake2b(orjson.dumps(facts), digest_size=_ID_BYTES).hexdigest()}"
