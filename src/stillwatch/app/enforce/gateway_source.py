"""Decisions out of the ledger, for the feed that gateways follow: what is in force, and no more.

The audit log says cheaply whether anything has changed and which decisions; their accounts alone
are read again. A decision whose rates are shared becomes a campaign's budget: those of one campaign
are one ceiling, the lowest, for the accounts of all of them. What can't be read raises, and the
table that was in force stays.

Blind spot: a refusal by a budget that several decisions make names the oldest of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from stillwatch.app.enforce.in_force import (
    InForceTerms,
    gather_in_force,
    gone_places,
    join_budgets,
    new_rows,
)
from stillwatch.domain.errors import LimitExceeded
from stillwatch.domain.limits import DECISIONS_MAX
from stillwatch.gateway.decision import CampaignBudget
from stillwatch.gateway.deltas import NEVER, Delta
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.views import View

_NO_HEAD: Final = (-1, "")
_CHANGED_MAX: Final = 500
"""Decisions that are asked for by name; where more have changed, all are read again."""


class LedgerSource:
    """The gateways' table of a ledger."""

    def __init__(self, ledger: Ledger, *, series: str, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._series = series
        self._clock = clock
        self._version = NEVER
        self._head = _NO_HEAD
        self._known: dict[str, InForceTerms] = {}
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
        rows = sum(len(one.account_ids) for one in known.values())
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

    def _read(self, view: View, changed: list[str] | None) -> dict[str, InForceTerms]:
        read = gather_in_force(view, changed, self._clock())
        if changed is None:
            return read
        gone = set(changed)
        return {name: one for name, one in self._known.items() if name not in gone} | read

    def _compare(
        self,
        known: dict[str, InForceTerms],
        since: int,
        *,
        is_snapshot: bool,
        changed: list[str] | None,
    ) -> Delta | None:
        budgets = join_budgets(known.values())
        before = {} if is_snapshot else self._known
        ids = {*known, *before} if changed is None else changed
        pairs = [(before.get(one), known.get(one)) for one in ids]
        puts = tuple(row for old, new in pairs for row in new_rows(old, new))
        gone = tuple(place for old, new in pairs for place in gone_places(old, new))
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
