"""Decisions out of the ledger, for the feed that gateways follow: what is in force, and no more.

The audit log says cheaply whether anything has changed and which decisions; their accounts alone
are read again. A decision whose rates are shared becomes a campaign's budget: those of one campaign
are one ceiling, the lowest, for the accounts of all of them. What can't be read raises, and the
table that was in force stays.

Blind spot: a refusal by a budget that several decisions make names the oldest of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import orjson

from stillwatch.app.enforce.from_looks.restraints import all_pages
from stillwatch.domain.errors import LimitExceeded
from stillwatch.domain.limits import DECISIONS_MAX
from stillwatch.gateway.decision import (
    CampaignBudget,
    Decision,
    Parameters,
    Place,
    known_effect,
    read_parameters,
)
from stillwatch.gateway.deltas import NEVER, Delta
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.nouns.effects import EnforcedDecision
from stillwatch.store.ledger.views import View

_NO_HEAD: Final = (-1, "")
_CHANGED_MAX: Final = 500
"""Decisions that are asked for by name; where more have changed, all are read again."""


@dataclass(frozen=True, slots=True)
class _InForce:
    """One decision in force: its rows, or its part of a budget."""

    rows: tuple[Decision, ...] = ()
    budget: CampaignBudget | None = None


class LedgerSource:
    """The gateways' table of a ledger."""

    def __init__(self, ledger: Ledger, *, series: str, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._series = series
        self._clock = clock
        self._version = NEVER
        self._head = _NO_HEAD
        self._known: dict[str, _InForce] = {}
        self._budgets: dict[str, CampaignBudget] = {}

    def read(self, since: int) -> Delta | None:
        """Say what has changed in the ledger since a version.

        Grain:   one row per decision and account; one budget per campaign.
        Cost:    one row where nothing has changed; else the accounts of changed decisions.

        Raises:
            LedgerError: the ledger can't be read.
            LimitExceeded: more rows than limits.DECISIONS_MAX.
        """
        is_snapshot = since != self._version or since == NEVER
        with self._ledger.read() as view:
            head = view.find_head()
            now = (head.entries, head.head_hash)
            if now == self._head and not is_snapshot:
                return None
            changed = None if is_snapshot else self._list_changed(view)
            known = self._read(view, changed)
        rows = sum(len(one.rows) for one in known.values())
        if rows > DECISIONS_MAX:
            raise LimitExceeded(name="DECISIONS_MAX", bound=DECISIONS_MAX, met=rows)
        delta = self._compare(known, since, is_snapshot=is_snapshot, changed=changed)
        self._head, self._known = now, known
        return delta

    def _list_changed(self, view: View) -> list[str] | None:
        """Name the decisions that have changed; None = all may have."""
        entries, head_hash = self._head
        if entries and view.find_entry_hash(entries) != head_hash:
            return None  # another ledger, or an older copy of it
        changed = view.list_changed_decisions(after=entries, limit=_CHANGED_MAX)
        return changed if len(changed) < _CHANGED_MAX else None

    def _read(self, view: View, changed: list[str] | None) -> dict[str, _InForce]:
        read = _gather(view, changed, self._clock())
        if changed is None:
            return read
        gone = set(changed)
        return {name: one for name, one in self._known.items() if name not in gone} | read

    def _compare(
        self,
        known: dict[str, _InForce],
        since: int,
        *,
        is_snapshot: bool,
        changed: list[str] | None,
    ) -> Delta | None:
        budgets = _budgets(known.values())
        before = {} if is_snapshot else self._known
        ids = {*known, *before} if changed is None else changed
        old = _places(before, ids)
        new = _places(known, ids)
        puts = tuple(row for place, row in new.items() if old.get(place) != row)
        gone = tuple(place for place in old if place not in new)
        held = {} if is_snapshot else self._budgets
        risen = tuple(one for name, one in budgets.items() if held.get(name) != one)
        ended = tuple(name for name in held if name not in budgets)
        self._budgets = budgets
        if not (is_snapshot or puts or gone or risen or ended):
            return None
        self._version = max(self._version, 0) + 1
        return Delta(
            series=self._series,
            since=since,
            version=self._version,
            puts=puts,
            removals=gone,
            budgets=risen,
            ended_budgets=ended,
            is_snapshot=is_snapshot,
        )


def _places(known: dict[str, _InForce], ids: Iterable[str]) -> dict[Place, Decision]:
    nothing = _InForce()
    return {row.place: row for one in ids for row in known.get(one, nothing).rows}


def _gather(view: View, ids: list[str] | None, now: datetime) -> dict[str, _InForce]:
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


def _in_force(one: EnforcedDecision, account_ids: list[str]) -> _InForce:
    parameters = _read_parameters(one.parameters)
    expires_at_s = one.expires_at.timestamp()
    if not one.is_shared:
        effect = known_effect(one.effect)
        words = (effect, one.decision_id, one.reason, expires_at_s, one.api_key_id, parameters)
        return _InForce(tuple(Decision(account_id, *words) for account_id in account_ids))
    budget = CampaignBudget(
        campaign_id=one.campaign_id or one.decision_id,
        account_ids=tuple(account_ids),
        exchanges_per_hour=parameters.exchanges_per_hour,
        output_tokens_per_hour=parameters.output_tokens_per_hour,
        expires_at_s=expires_at_s,
        decision_id=one.decision_id,
    )
    return _InForce(budget=budget)


def _read_parameters(text: str) -> Parameters:
    """Read what an effect needs; what is no object of JSON counts as not said."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        said = {}
    return read_parameters(said if isinstance(said, dict) else {})


def _budgets(known: Iterable[_InForce]) -> dict[str, CampaignBudget]:
    """Make one budget of those of each campaign: the lowest ceilings, until the first of them ends.

    Order:   by campaign; the decision that is named is the one that ends first.
    """
    given = [one.budget for one in known if one.budget is not None]
    budgets: dict[str, CampaignBudget] = {}
    for one in sorted(given, key=lambda each: (each.expires_at_s, each.decision_id)):
        held = budgets.get(one.campaign_id)
        budgets[one.campaign_id] = one if held is None else _together(held, one)
    return budgets


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
