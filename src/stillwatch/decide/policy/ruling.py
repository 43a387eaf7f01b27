"""A policy applied to what is known: for each account the rule, the effect, and what stopped it.

Reads `Known`, writes `RULING` and the refusals of the guards. Pure, and without the last line of
defence: `decide` holds what is in force here to the contract's bars once more.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson
import polars as pl

from stillwatch.decide.policy.guards import TAKES, Refusal, apply_guards
from stillwatch.decide.policy.match import RULE, match_budget, match_rules
from stillwatch.decide.policy.model import REVIEW, Policy, Rule
from stillwatch.decide.policy.subjects import Known, describe_campaigns, describe_subjects
from stillwatch.domain.schema import UTC_TIME, Table, optional, required
from stillwatch.domain.settings import PolicySettings

_S, _I = pl.String, pl.Int64
RULING: Final = Table(
    "rulings",
    "one account that a rule of the policy meets",
    {
        "account_id": required(_S, "identifier"),
        "campaign_id": optional(_S, "campaign"),
        "rule": required(_S, "the rule that matched first"),
        "effect": required(_S, "what the rule proposes"),
        "parameters": optional(_S, "what the effect needs, as JSON"),
        "people": required(_I, "people who have to approve it, guards included"),
        "stopped_by": required(pl.List(_S), "guards that stopped it"),
        "effect_now": optional(_S, "what is in force: null in a dry run, `review` while it waits"),
        "expires_at": required(UTC_TIME, "when that ends by itself"),
    },
)
BUDGET: Final = Table(
    "budgets",
    "one campaign and a ceiling for all its accounts together",
    {
        "campaign_id": required(_S, "identifier"),
        "budget": required(_S, "the budget of the policy"),
        "exchanges_per_hour": optional(_I, "ceiling; null = not bounded"),
        "output_tokens_per_hour": optional(_I, "ceiling; null = not bounded"),
        "expires_at": required(UTC_TIME, "when it ends by itself"),
    },
)


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a policy says of a run."""

    rulings: pl.DataFrame
    """RULING"""
    refusals: tuple[Refusal, ...] = ()


def rule_accounts(
    known: Known, *, policy: Policy, settings: PolicySettings, now: datetime
) -> Ruled:
    """Apply a policy: first rule that matches, then the guards.

    Grain:   one RULING row per account that a rule meets; the others have none.
    Order:   sorted by account; input order is irrelevant.
    Cost:    rules times accounts.
    """
    subjects = match_rules(describe_subjects(known, now=now), policy=policy)
    rules = _tabulate(policy, settings, now)
    proposed = subjects.join(rules, on=RULE, how="inner")
    judged, refusals = apply_guards(proposed, guards=policy.guards, known=known, now=now)
    waits = TAKES & (pl.col("people") > 0)
    is_dry = pl.lit(value=policy.guards.dry_run)
    ends = pl.lit(now + timedelta(days=settings.review_days), dtype=UTC_TIME)
    rulings = judged.with_columns(
        effect_now=pl.when(is_dry).then(None).when(waits).then(pl.lit(REVIEW)).otherwise("effect"),
        expires_at=pl.when(waits).then(ends).otherwise("expires_at"),
    )
    return Ruled(RULING.conform(rulings.sort("account_id")), refusals)


def budget_campaigns(campaigns: pl.DataFrame, *, policy: Policy, now: datetime) -> pl.DataFrame:
    """Give each campaign its budgets.

    Grain:   one BUDGET row per campaign and budget that is for it.
    Order:   by campaign, budgets in the policy's order.
    Cost:    budgets times campaigns.
    """
    asked = describe_campaigns(campaigns, now=now)
    parts = [
        match_budget(asked, budget=budget).select(
            "campaign_id",
            pl.lit(budget.name).alias("budget"),
            pl.lit(budget.rate.exchanges_per_hour, dtype=_I).alias("exchanges_per_hour"),
            pl.lit(budget.rate.output_tokens_per_hour, dtype=_I).alias("output_tokens_per_hour"),
            pl.lit(now + budget.lasts, dtype=UTC_TIME).alias("expires_at"),
        )
        for budget in ([] if policy.guards.dry_run else policy.budgets)
    ]
    return pl.concat([BUDGET.empty(), *parts]).sort("campaign_id", maintain_order=True)


def _tabulate(policy: Policy, settings: PolicySettings, now: datetime) -> pl.DataFrame:
    """Write the rules as a table: what each proposes, and until when."""
    rows = [
        (
            number,
            rule.name,
            rule.then,
            _parameters(rule),
            rule.people,
            now + rule.duration(settings),
        )
        for number, rule in enumerate(policy.rules)
    ]
    schema = {
        RULE: pl.Int32(),
        "rule": _S(),
        "effect": _S(),
        "parameters": _S(),
        "people": _I(),
        "expires_at": UTC_TIME,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _parameters(rule: Rule) -> str | None:
    """Write what an effect needs: the rate of a throttle, a challenge's method, the measures."""
    rate = asdict(rule.rate) if rule.rate else {}
    given = {**rate, "method": rule.method, "measures": list(rule.measures) or None}
    said = {name: value for name, value in given.items() if value is not None}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode() if said else None
