"""Decisions in force as gateways have them: what rows share, which are new, and whose budgets join.

Between the ledger's rows and the gateway's table; `gateway_source` compares what was with what is.
The rows of a decision differ in nothing but the account, so that its terms are kept once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from stillwatch.gateway.decision import (
    UNKNOWN,
    CampaignBudget,
    Decision,
    Parameters,
    Place,
    known_effect,
    read_parameters,
)
from stillwatch.gateway.limits import BUDGET_ACCOUNTS_MAX
from stillwatch.store.ledger.nouns.effects import EnforcedDecision
from stillwatch.store.ledger.questions.pages import all_pages
from stillwatch.store.ledger.views import View


@dataclass(frozen=True, slots=True)
class InForceTerms:
    """One decision in force: the terms that its rows share, or its part of a budget."""

    terms: Decision
    """A row without an account."""
    account_ids: frozenset[str] = frozenset()
    budget: CampaignBudget | None = None

    def rows(self, account_ids: Iterable[str]) -> Iterator[Decision]:
        """Give the rows of some of its accounts."""
        one = self.terms
        words = (one.effect, one.decision_id, one.reason, one.expires_at_s, one.api_key_id)
        return (Decision(account_id, *words, one.parameters) for account_id in account_ids)


def new_rows(old: InForceTerms | None, new: InForceTerms | None) -> Iterator[Decision]:
    """Give the rows of a decision that were not there, or said something else."""
    if new is None:
        return iter(())
    is_same = old is not None and old.terms == new.terms
    return new.rows(new.account_ids - old.account_ids if old and is_same else new.account_ids)


def gone_places(old: InForceTerms | None, new: InForceTerms | None) -> Iterator[Place]:
    """Name the rows of a decision that are not there any more; its key never changes."""
    if old is None:
        return iter(())
    left = old.account_ids - new.account_ids if new is not None else old.account_ids
    return (row.place for row in old.rows(left))


def gather_in_force(view: View, ids: list[str] | None, now: datetime) -> dict[str, InForceTerms]:
    """Read the decisions of some ids that are in force, or all, with their accounts."""
    if ids is not None and not ids:
        return {}
    accounts: dict[str, list[str]] = {}
    for decision_id, account_id in all_pages(
        lambda after: view.list_places_in_force(now=now, ids=ids, after=after),
        first=("", ""),
        place=lambda one: one,
    ):
        accounts.setdefault(decision_id, []).append(account_id)
    decisions = all_pages(
        lambda after: view.list_decisions_in_force(now=now, ids=ids, after=after),
        first="",
        place=lambda one: one.decision_id,
    )
    return {one.decision_id: _in_force(one, accounts.get(one.decision_id, [])) for one in decisions}


def _in_force(one: EnforcedDecision, account_ids: list[str]) -> InForceTerms:
    parameters = _read_parameters(one.parameters)
    expires_at_s = one.expires_at.timestamp()
    effect = known_effect(one.effect)
    if effect == "throttle" and parameters == Parameters():
        effect = UNKNOWN  # a gateway would refuse everything of an account without a rate
    words = (effect, one.decision_id, one.reason, expires_at_s, one.api_key_id)
    terms = Decision("", *words, parameters)
    if not one.is_shared:
        return InForceTerms(terms, frozenset(account_ids))
    budget = CampaignBudget(
        campaign_id=one.campaign_id or one.decision_id,
        account_ids=tuple(account_ids),
        exchanges_per_hour=parameters.exchanges_per_hour,
        output_tokens_per_hour=parameters.output_tokens_per_hour,
        expires_at_s=expires_at_s,
        decision_id=one.decision_id,
    )
    return InForceTerms(terms, budget=budget)


def _read_parameters(text: str) -> Parameters:
    """Read what an effect needs; what is no object of JSON counts as not said."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        said = {}
    return read_parameters(said if isinstance(said, dict) else {})


def join_budgets(known: Iterable[InForceTerms]) -> dict[str, CampaignBudget]:
    """Make one budget of those of each campaign: the lowest ceilings, until the first of them ends.

    Order:   by campaign; the decision that is named is the one that ends first.
    Blind spot: a campaign of more accounts than BUDGET_ACCOUNTS_MAX has no budget: a table that is
    refused for it would keep reversals from gateways too.
    """
    given = [one.budget for one in known if one.budget is not None]
    budgets: dict[str, CampaignBudget] = {}
    for one in sorted(given, key=lambda each: (each.expires_at_s, each.decision_id)):
        held = budgets.get(one.campaign_id)
        budgets[one.campaign_id] = one if held is None else _together(held, one)
    return {
        name: one for name, one in budgets.items() if len(one.account_ids) <= BUDGET_ACCOUNTS_MAX
    }


def _together(held: CampaignBudget, other: CampaignBudget) -> CampaignBudget:
    return replace(
        held,
        account_ids=tuple(sorted({*held.account_ids, *other.account_ids})),
        exchanges_per_hour=_lower(held.exchanges_per_hour, other.exchanges_per_hour),
        output_tokens_per_hour=_lower(held.output_tokens_per_hour, other.output_tokens_per_hour),
    )


def _lower(one: int | None, other: int | None) -> int | None:
    given = [each for each in (one, other) if each is not None]
    return min(given, default=None)
