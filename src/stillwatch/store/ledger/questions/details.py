"""Questions about one decision, one account or one deadline, which people ask and gateways don't.

All lists are bounded by LEDGER_PAGE_MAX and go on where `after` says, as in `lookups`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from stillwatch.domain.results import TAKING
from stillwatch.domain.service_limits import LEDGER_PAGE_MAX
from stillwatch.store.ledger.nouns.appeals import APPEALS, Appeal
from stillwatch.store.ledger.nouns.cases import CASES, FOLLOWERS, Case
from stillwatch.store.ledger.nouns.decisions import (
    DECIDED_ACCOUNTS,
    DECISIONS,
    DecidedAccount,
    Decision,
)
from stillwatch.store.ledger.nouns.effects import OUTBOX, Effect
from stillwatch.store.ledger.nouns.people import USERS
from stillwatch.store.ledger.nouns.terms import TERMS, Terms
from stillwatch.store.ledger.questions.in_force import Place, require_page
from stillwatch.store.ledger.questions.lookups import Lookups

_UNRESOLVED: Final = ("open", "in_review")
_IN_OUTBOX: Final = (OUTBOX.c.account_id, OUTBOX.c.channel, OUTBOX.c.operation)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAccount:
    """An account that a decision takes something from, or would."""

    decision_id: str
    account_id: str
    proposed_at: datetime


class Details(Lookups):
    """More questions to one instant of the ledger."""

    def find_decided(self, decision_id: str, account_id: str) -> DecidedAccount | None:
        """Find an account of a decision.

        Nulls:   None where the decision doesn't name it, or isn't there.
        """
        columns = DECIDED_ACCOUNTS.c
        asked = sa.select(DECIDED_ACCOUNTS).where(
            columns.decision_id == decision_id, columns.account_id == account_id
        )
        found = self._connection.execute(asked).mappings().first()
        return DecidedAccount(**found) if found else None

    def seek_terms(self, decision_id: str) -> Terms | None:
        """Find the terms of a decision.

        Nulls:   None where it has none: its effect needs nothing, and is about all keys.
        """
        asked = sa.select(TERMS).where(TERMS.c.decision_id == decision_id)
        found = self._connection.execute(asked).mappings().first()
        return Terms(**found) if found else None

    def list_decisions_about(
        self, account_id: str, *, limit: int = LEDGER_PAGE_MAX
    ) -> list[Decision]:
        """List the decisions that name an account, the newest first; beyond `limit` none."""
        asked = (
            sa.select(DECISIONS)
            .join(DECIDED_ACCOUNTS, DECIDED_ACCOUNTS.c.decision_id == DECISIONS.c.decision_id)
            .where(DECIDED_ACCOUNTS.c.account_id == account_id)
            .order_by(DECISIONS.c.proposed_at.desc(), DECISIONS.c.decision_id.desc())
            .limit(require_page(limit))
        )
        return [Decision(**row) for row in self._connection.execute(asked).mappings()]

    def list_held(
        self,
        account_ids: Collection[str],
        *,
        states: Collection[str],
        after: Place = ("", ""),
        limit: int = LEDGER_PAGE_MAX,
    ) -> list[HeldAccount]:
        """List where some accounts stand under decisions of some states that take something.

        Grain:   one row per (decision_id, account_id) that is not released, after the one named.

        Raises:
            BadValue: more than LEDGER_PAGE_MAX are asked about.
        """
        require_page(len(account_ids))
        accounts, decisions = DECIDED_ACCOUNTS.c, DECISIONS.c
        place = (accounts.decision_id, accounts.account_id)
        asked = (
            sa.select(*place, decisions.proposed_at)
            .join(DECISIONS, decisions.decision_id == accounts.decision_id)
            .where(accounts.account_id.in_(list(account_ids)), accounts.released_at.is_(None))
            .where(decisions.state.in_(list(states)), decisions.effect.in_(TAKING))
            .where(sa.tuple_(*place) > sa.tuple_(*after))
            .order_by(*place)
            .limit(require_page(limit))
        )
        return [HeldAccount(**row) for row in self._connection.execute(asked).mappings()]

    def list_effects(
        self,
        decision_id: str,
        *,
        after: tuple[str, str, str] = ("", "", ""),
        limit: int = LEDGER_PAGE_MAX,
    ) -> list[Effect]:
        """List what of a decision has to happen outside, and whether it has.

        Order:   by account, channel and operation, after the ones that are named.
        """
        asked = (
            sa.select(OUTBOX)
            .where(OUTBOX.c.decision_id == decision_id, sa.tuple_(*_IN_OUTBOX) > sa.tuple_(*after))
            .order_by(*_IN_OUTBOX)
            .limit(require_page(limit))
        )
        return [Effect(**row) for row in self._connection.execute(asked).mappings()]

    def count_effects_of(self, decision_id: str) -> dict[tuple[str, str, str], int]:
        """Count a decision's rows of the outbox by channel, operation and state."""
        by = (OUTBOX.c.channel, OUTBOX.c.operation, OUTBOX.c.state)
        asked = sa.select(*by, sa.func.count()).where(OUTBOX.c.decision_id == decision_id)
        rows = self._connection.execute(asked.group_by(*by).order_by(*by))
        return {(channel, operation, state): n for channel, operation, state, n in rows}

    def list_overdue_appeals(self, *, now: datetime, limit: int = LEDGER_PAGE_MAX) -> list[Appeal]:
        """List the appeals whose deadline is over and that nobody has answered.

        Order:   the longest over first; beyond `limit` none.
        """
        asked = (
            sa.select(APPEALS)
            .where(APPEALS.c.state.in_(_UNRESOLVED), APPEALS.c.deadline_at <= now)
            .order_by(APPEALS.c.deadline_at, APPEALS.c.appeal_id)
            .limit(require_page(limit))
        )
        return [Appeal(**row) for row in self._connection.execute(asked).mappings()]

    def list_following(self, case_id: str, *, limit: int = LEDGER_PAGE_MAX) -> list[str]:
        """List who is told when a case changes: active users, in the order of their names."""
        columns = FOLLOWERS.c
        asked = (
            sa.select(columns.user_id)
            .join(USERS, USERS.c.user_id == columns.user_id)
            .where(columns.case_id == case_id, columns.follows, USERS.c.is_active)
            .order_by(columns.user_id)
            .limit(require_page(limit))
        )
        return list(self._connection.execute(asked).scalars())

    def list_followed(self, user_id: str, *, limit: int = LEDGER_PAGE_MAX) -> list[Case]:
        """List the cases that somebody follows, the newest first; beyond `limit` none."""
        asked = (
            sa.select(CASES)
            .join(FOLLOWERS, FOLLOWERS.c.case_id == CASES.c.case_id)
            .where(FOLLOWERS.c.user_id == user_id, FOLLOWERS.c.follows)
            .order_by(CASES.c.opened_at.desc(), CASES.c.case_id.desc())
            .limit(require_page(limit))
        )
        return [Case(**row) for row in self._connection.execute(asked).mappings()]
