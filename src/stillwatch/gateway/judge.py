"""From a table to an answer: whether a request goes on, and what is said if it doesn't.

The one place that turns effects into statuses and headers, for the ASGI middleware, forward-auth,
Envoy and the plain query alike. Of several decisions the first that refuses, by severity, is the
answer; a throttle that has room left lets the milder ones speak.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stillwatch.gateway.answers import FORBIDDEN, TOO_MANY, UNAUTHORISED, Answer
from stillwatch.gateway.decision import Decision
from stillwatch.gateway.limits import RETRY_S
from stillwatch.gateway.meters import Ceiling, Meters
from stillwatch.gateway.table import DecisionTable

_REFUSING: Final = {"deny": FORBIDDEN, "suspend": FORBIDDEN, "terminate": FORBIDDEN}
_LIMITED: Final = "Requests of this account are limited at the moment; try again later."


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of which somebody wants to know whether it may go on."""

    account_id: str
    now_s: float
    api_key_id: str | None = None
    output_tokens: int = 0
    """What it may take, where that is known."""
    counts: bool = True
    """False = only asking: nothing is spent."""


def judge(table: DecisionTable, asked: Asked, *, meters: Meters) -> Answer | None:
    """Say what happens to a request, or None where the table says nothing of its account.

    Cost:    constant; a throttle or a budget counts under a lock.
    """
    key = asked.api_key_id
    standing = table.in_force(asked.account_id, now_s=asked.now_s, api_key_id=key)
    budgeted = asked.account_id in table.campaigns_of
    if not standing and not budgeted:
        return None
    throttles = []
    for one in standing:
        if status := _REFUSING.get(one.effect):
            return Answer(one, status)
        if one.effect == "challenge":
            return Answer(one, UNAUTHORISED)
        if one.effect in ("throttle", "limit"):
            throttles.append(one)
    refused = _exhausted(throttles, asked, meters) or _over_budget(table, asked, meters)
    if refused:
        return refused
    if asked.counts:
        _count(table, throttles, asked, meters)
    if not standing:
        return None
    degrading = [one for one in standing if one.effect == "degrade"]
    measures = dict.fromkeys(name for one in degrading for name in one.parameters.measures)
    return Answer(standing[0], measures=tuple(measures))


def spend_tokens(table: DecisionTable, asked: Asked, *, meters: Meters) -> None:
    """Count the output tokens of an exchange that is over, which nobody knew when it began."""
    spent = (0, asked.output_tokens)
    for one in table.in_force(asked.account_id, now_s=asked.now_s, api_key_id=asked.api_key_id):
        if one.effect in ("throttle", "limit"):
            meters.spend(_meter_name(one), spent, now_s=asked.now_s)
    for campaign_id in table.campaigns_of.get(asked.account_id, ()):
        meters.spend(campaign_id, spent, now_s=asked.now_s, is_reported=True)


def _exhausted(throttles: list[Decision], asked: Asked, meters: Meters) -> Answer | None:
    for one in throttles:
        said = one.parameters
        ceiling = Ceiling(said.exchanges_per_hour, said.output_tokens_per_hour)
        if ceiling == Ceiling(None, None):
            return Answer(one, TOO_MANY, retry_after_s=RETRY_S)
        name, now_s = _meter_name(one), asked.now_s
        if not meters.has_room(name, ceiling, output_tokens=asked.output_tokens, now_s=now_s):
            retry = meters.retry_after_s(name, now_s=now_s)
            return Answer(one, TOO_MANY, retry_after_s=retry)
    return None


def _over_budget(table: DecisionTable, asked: Asked, meters: Meters) -> Answer | None:
    for campaign_id in table.campaigns_of.get(asked.account_id, ()):
        budget = table.budgets[campaign_id]
        if budget.expires_at_s <= asked.now_s:
            continue
        ceiling = Ceiling(budget.exchanges_per_hour, budget.output_tokens_per_hour)
        room = meters.has_room(
            campaign_id, ceiling, output_tokens=asked.output_tokens, now_s=asked.now_s
        )
        if not room:
            decision = Decision(
                asked.account_id,
                effect="throttle",
                decision_id=budget.decision_id,
                reason=_LIMITED,
                expires_at_s=budget.expires_at_s,
            )
            return Answer(decision, TOO_MANY, retry_after_s=RETRY_S)
    return None


def _count(table: DecisionTable, throttles: list[Decision], asked: Asked, meters: Meters) -> None:
    spent = (1, asked.output_tokens)
    for one in throttles:
        meters.spend(_meter_name(one), spent, now_s=asked.now_s)
    for campaign_id in table.campaigns_of.get(asked.account_id, ()):
        meters.spend(campaign_id, spent, now_s=asked.now_s, is_reported=True)


def _meter_name(one: Decision) -> str:
    return f"throttle:{one.decision_id}:{one.account_id}"
