"""Decisions out of the ledger, for the feed that gateways follow: what is in force, and no more.

The audit log says cheaply whether anything has changed and which decisions; their accounts alone
are read again. A decision whose rates are shared becomes a campaign's budget: those of one campaign
are one ceiling, the lowest, for the accounts of all of them. What can't be read raises, and the
table that was in force stays.

Blind spot: a refusal by a budget that several decisions make names the oldest of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import orjson

from stillwatch.app.enforce.from_looks.restraints import all_pages
from stillwatch.domain.errors import LimitExceeded
from stillwatch.domain.limits import DECISIONS_MAX
from stillwatch.domain.service_limits import LEDGER_PAGE_MAX
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
from stillwatch.store.ledger.nouns.effects import EnforcedAccount
from stillwatch.store.ledger.views import View

_NO_HEAD: Final = (-1, "")


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
        changed = view.list_changed_decisions(after=entries)
        return changed if len(changed) < LEDGER_PAGE_MAX else None

    def _read(self, view: View, changed: list[str] | None) -> dict[str, _InForce]:
        now = self._clock()
        if changed is None:
            return _gather(
                all_pages(
                    lambda after: view.list_effects_in_force(now=now, after=after),
                    first=("", ""),
                    place=lambda one: (one.account_id, one.decision_id),
                )
            )
        known = dict(self._known)
        for decision_id in changed:
            known.pop(decision_id, None)
            known.update(_gather(_rows_of(view, decision_id, now)))
        return known

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


def _rows_of(view: View, decision_id: str, now: datetime) -> Iterator[EnforcedAccount]:
    return all_pages(
        lambda after: view.list_effects_of(decision_id, now=now, after=after),
        first="",
        place=lambda one: one.account_id,
    )


def _gather(rows: Iterable[EnforcedAccount]) -> dict[str, _InForce]:
    """Put the accounts of each decision together."""
    by_decision: dict[str, list[EnforcedAccount]] = {}
    for row in rows:
        by_decision.setdefault(row.decision_id, []).append(row)
    return {decision_id: _in_force(rows) for decision_id, rows in by_decision.items()}


def _in_force(rows: list[EnforcedAccount]) -> _InForce:
    first = rows[0]
    parameters = _read_parameters(first.parameters)
    expires_at_s = first.expires_at.timestamp()
    if not first.is_shared:
        effect = known_effect(first.effect)
        words = (effect, first.decision_id, first.reason, expires_at_s, first.api_key_id)
        return _InForce(tuple(Decision(one.account_id, *words, parameters) for one in rows))
    budget = CampaignBudget(
        campaign_id=first.campaign_id or first.decision_id,
        account_ids=tuple(one.account_id for one in rows),
        exchanges_per_hour=parameters.exchanges_per_hour,
        output_tokens_per_hour=parameters.output_tokens_per_hour,
        expires_at_s=expires_at_s,
        decision_id=first.decision_id,
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
