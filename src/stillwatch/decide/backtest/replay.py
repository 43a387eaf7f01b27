"""A policy replayed over looks: who would have been hit, when, by which rule, and until when.

Each look is decided as a run decides, guards and bars included; what a later look says of an
account takes the place of what an earlier one said. A dry run is replayed as if it were none: a
backtest puts nothing into force.

Blind spot: history does not answer back. Accounts that would have been stopped go on sending in it,
later looks see them, and nobody was replaced or changed their ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from stillwatch.decide.backtest.looks import Look
from stillwatch.decide.decide import decide_under
from stillwatch.decide.policy.guards import Refusal
from stillwatch.decide.policy.model import REVIEW, Policy
from stillwatch.decide.policy.ruling import RULING, budget_campaigns
from stillwatch.domain.errors import LimitExceeded
from stillwatch.domain.limits import BACKTEST_LOOKS_MAX
from stillwatch.domain.schema import UTC_TIME
from stillwatch.domain.settings import Settings

_NO_RULE: Final = "(failed decision)"
SPAN: Final = pl.Schema(
    {
        "account_id": pl.String(),
        "campaign_id": pl.String(),
        "look": pl.Int64(),
        "at": UTC_TIME,
        "ends_at": UTC_TIME,
        "rule": pl.String(),
        "effect": pl.String(),
        "proposed": pl.String(),
        "parameters": pl.String(),
        "stopped_by": pl.List(pl.String),
    }
)
"""One account and look at which a decision met it: what was in force from then until `ends_at`."""
CEILING: Final = pl.Schema(
    {
        "account_id": pl.String(),
        "campaign_id": pl.String(),
        "at": UTC_TIME,
        "ends_at": UTC_TIME,
        "budget": pl.String(),
        "exchanges_per_hour": pl.Int64(),
        "output_tokens_per_hour": pl.Int64(),
    }
)
"""One account and look at which its campaign had a budget."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a policy would have done."""

    spans: pl.DataFrame
    """SPAN"""
    ceilings: pl.DataFrame
    """CEILING"""
    refusals: tuple[tuple[int, Refusal], ...]
    """Look (from 1) and what a guard stopped at it."""


def replay_policy(
    looks: Sequence[Look], *, policy: Policy, settings: Settings, is_approved: bool = False
) -> Replayed:
    """Replay a policy over looks in time order.

    Grain:   one SPAN row per account and look with a decision. With `is_approved` whatever waits
             for people is approved at once.
    Order:   by account, then by look.
    Cost:    a decision per look.

    Raises:
        LimitExceeded: more looks than limits.BACKTEST_LOOKS_MAX.
    """
    if len(looks) > BACKTEST_LOOKS_MAX:
        raise LimitExceeded(name="BACKTEST_LOOKS_MAX", bound=BACKTEST_LOOKS_MAX, met=len(looks))
    live = replace(policy, guards=replace(policy.guards, dry_run=False))
    spans, ceilings, refusals = [pl.DataFrame(schema=SPAN)], [pl.DataFrame(schema=CEILING)], []
    for number, look in enumerate(looks, start=1):
        decided = decide_under(live, look.known, settings=settings, now=look.at)
        spans.append(
            _list_spans(look, number, decided.decisions, decided.ruled.rulings, is_approved)
        )
        ceilings.append(_list_ceilings(look, looks[number:], policy=live))
        refusals += [(number, refusal) for refusal in decided.ruled.refusals]
    return Replayed(_end_spans(pl.concat(spans)), pl.concat(ceilings), tuple(refusals))


def _list_spans(
    look: Look,
    number: int,
    decisions: pl.DataFrame,
    rulings: pl.DataFrame,
    is_approved: bool,  # noqa: FBT001  handed on as it was given
) -> pl.DataFrame:
    said = RULING.conform(rulings).select(
        "account_id", "rule", "parameters", "stopped_by", pl.col("effect").alias("proposed")
    )
    campaigns = look.known.accounts.select("account_id", "campaign_id")
    is_final = pl.col("stopped_by").list.contains("protected")
    waits = (pl.col("effect") == REVIEW) & ~is_final.fill_null(value=True)
    effect = pl.when(waits & pl.lit(value=is_approved)).then("proposed").otherwise("effect")
    joined = (
        decisions.select("account_id", "effect", pl.col("expires_at").alias("ends_at"))
        .join(said, on="account_id", how="left")
        .join(campaigns, on="account_id", how="left")
        .with_columns(
            look=pl.lit(number, dtype=pl.Int64),
            at=pl.lit(look.at, dtype=UTC_TIME),
            effect=effect,
            rule=pl.col("rule").fill_null(_NO_RULE),
            stopped_by=pl.col("stopped_by").fill_null([]),
        )
    )
    return joined.select(pl.col(name).cast(kind) for name, kind in SPAN.items())


def _end_spans(spans: pl.DataFrame) -> pl.DataFrame:
    """Let what a later look says take the place of what an earlier one said."""
    following = pl.col("at").shift(-1).over("account_id")
    ends = pl.min_horizontal("ends_at", following)
    return spans.sort("account_id", "look").with_columns(ends_at=ends)


def _list_ceilings(look: Look, later: Sequence[Look], *, policy: Policy) -> pl.DataFrame:
    budgets = budget_campaigns(look.known.campaigns, policy=policy, now=look.at)
    following = pl.lit(later[0].at if later else None, dtype=UTC_TIME)
    joined = (
        look.known.accounts.select("account_id", "campaign_id")
        .join(budgets, on="campaign_id")
        .with_columns(
            at=pl.lit(look.at, dtype=UTC_TIME),
            ends_at=pl.min_horizontal("expires_at", following),
        )
    )
    return joined.select(pl.col(name).cast(kind) for name, kind in CEILING.items())
