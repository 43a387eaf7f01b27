"""The decision table: an immutable snapshot with a version, and the deltas between two of them.

A lookup reads one dictionary and at most a handful of decisions, so it needs no lock and no
network. A change makes a new table; whoever holds the old one goes on with it undisturbed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from stillwatch.gateway.decision import SEVERITY, CampaignBudget, Decision, Place
from stillwatch.gateway.deltas import NEVER, Delta, GapInChangesError, TableFullError
from stillwatch.gateway.limits import BUDGET_ACCOUNTS_MAX, BUDGETS_MAX, ENTRIES_MAX


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """Who is under which decision, as of one version."""

    series: str = ""
    version: int = NEVER
    by_account: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)
    """The most severe first."""
    budgets: Mapping[str, CampaignBudget] = field(default_factory=dict)
    campaigns_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def in_force(
        self, account_id: str, *, now_s: float, api_key_id: str | None = None
    ) -> tuple[Decision, ...]:
        """Give the decisions on an account that are in force, the most severe first.

        Units:   `now_s` in seconds since the epoch; at `expires_at_s` a decision is over.
        """
        found = self.by_account.get(account_id)
        if found is None:
            return ()
        return tuple(
            one
            for one in found
            if one.expires_at_s > now_s and one.api_key_id in (None, api_key_id)
        )

    def lookup(
        self, account_id: str, *, now_s: float, api_key_id: str | None = None
    ) -> Decision | None:
        """Give the most severe decision in force on an account, or None.

        Cost:    constant: one look into a dictionary.
        """
        for one in self.by_account.get(account_id, ()):
            if one.expires_at_s > now_s and one.api_key_id in (None, api_key_id):
                return one
        return None

    def rows(self) -> Iterator[Decision]:
        """Give every decision of the table, expired ones too."""
        for decisions in self.by_account.values():
            yield from decisions

    def as_snapshot(self) -> Delta:
        """Say all of it, for whoever knows nothing."""
        return Delta(
            series=self.series,
            since=NEVER,
            version=self.version,
            puts=tuple(self.rows()),
            budgets=tuple(self.budgets.values()),
            is_snapshot=True,
        )

    def after(self, delta: Delta) -> DecisionTable:
        """Give the table as it is after a change; this one stays as it is.

        Order:   a delta that was seen already changes nothing.
        Cost:    a copy of the dictionary, 20 ms a million accounts, and the delta's rows.

        Raises:
            GapInChangesError: changes between the two were missed.
            TableFullError: it would be larger than limits.ENTRIES_MAX or limits.BUDGETS_MAX.
        """
        base = DecisionTable(series=delta.series) if delta.is_snapshot else self
        if not delta.is_snapshot:
            if delta.series != self.series or delta.since > self.version:
                message = f"from {delta.since} of {delta.series}, have {self.version}"
                raise GapInChangesError(message)
            if delta.version <= self.version:
                return self
        by_account = _put(dict(base.by_account), delta)
        budgets = _put_budgets(dict(base.budgets), delta)
        is_same = base.budgets == budgets
        campaigns = base.campaigns_of if is_same else _campaigns_of(budgets.values())
        return DecisionTable(delta.series, delta.version, by_account, budgets, campaigns)


def _put(
    by_account: dict[str, tuple[Decision, ...]], delta: Delta
) -> dict[str, tuple[Decision, ...]]:
    touched: dict[str, dict[Place, Decision]] = {}

    def standing(account_id: str) -> dict[Place, Decision]:
        if account_id not in touched:
            touched[account_id] = {one.place: one for one in by_account.get(account_id, ())}
        return touched[account_id]

    for place in delta.removals:
        standing(place[0]).pop(place, None)
    for one in delta.puts:
        standing(one.account_id)[one.place] = one
    for account_id, decisions in touched.items():
        if decisions:
            by_account[account_id] = tuple(sorted(decisions.values(), key=_by_severity))
        else:
            by_account.pop(account_id, None)
    if len(by_account) > ENTRIES_MAX:
        message = f"{len(by_account):,} accounts, the bound is {ENTRIES_MAX:,}"
        raise TableFullError(message)
    return by_account


def _put_budgets(budgets: dict[str, CampaignBudget], delta: Delta) -> dict[str, CampaignBudget]:
    for campaign_id in delta.ended_budgets:
        budgets.pop(campaign_id, None)
    budgets.update({one.campaign_id: one for one in delta.budgets})
    largest = max((len(one.account_ids) for one in delta.budgets), default=0)
    if len(budgets) > BUDGETS_MAX or largest > BUDGET_ACCOUNTS_MAX:
        message = f"{len(budgets):,} budgets, of {largest:,} accounts at most"
        raise TableFullError(message)
    return budgets


def _campaigns_of(budgets: Iterable[CampaignBudget]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for budget in budgets:
        for account_id in budget.account_ids:
            found.setdefault(account_id, []).append(budget.campaign_id)
    return {account_id: tuple(sorted(names)) for account_id, names in found.items()}


def _by_severity(one: Decision) -> tuple[int, float, str, str]:
    return (
        -SEVERITY.get(one.effect, 0),
        -one.expires_at_s,
        one.decision_id,
        one.api_key_id or "",
    )
