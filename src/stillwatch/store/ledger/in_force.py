"""What is in force at one instant, and cheap questions by which a follower knows what has changed.

The audit log numbers every change. Whoever remembers a number asks for the decisions that entries
after it speak of, and reads those alone: 20,000 rows are read when they change, and not at every
look.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from stillwatch.domain.service_limits import (
    LEDGER_PAGE_MAX,
)
from stillwatch.store.ledger.audit.chain import ENTRIES, Head
from stillwatch.store.ledger.audit.log import read_head
from stillwatch.store.ledger.errors import BadValue
from stillwatch.store.ledger.nouns import KINDS
from stillwatch.store.ledger.nouns.decisions import DECIDED_ACCOUNTS, DECISIONS, Decision
from stillwatch.store.ledger.nouns.effects import EnforcedAccount, EnforcedDecision
from stillwatch.store.ledger.nouns.terms import TERMS
from stillwatch.store.ledger.states import states_before

Place = tuple[str, str]
"""A decision's id, and an account's."""


def require_page(limit: int) -> int:
    """Hold the size of a page to its bound.

    Raises:
        BadValue: it is below 1 or over LEDGER_PAGE_MAX.
    """
    if not 1 <= limit <= LEDGER_PAGE_MAX:
        raise BadValue(field="limit", says=f"is not between 1 and {LEDGER_PAGE_MAX:,}")
    return limit


class InForceLookups:
    """Questions about what is in force, to one instant of the ledger."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find_head(self) -> Head:
        """Give the head of the audit log: its number grows with every change.

        Cost:    one row.

        Raises:
            AuditBroken: there is none.
        """
        return read_head(self._connection, where="the ledger")

    def find_entry_hash(self, number: int) -> str | None:
        """Give the hash of an audit entry.

        Nulls:   None where the log has no such entry.
        """
        asked = sa.select(ENTRIES.c.entry_hash).where(ENTRIES.c.number == number)
        return self._connection.execute(asked).scalar()

    def list_changed_decisions(self, *, after: int, limit: int = LEDGER_PAGE_MAX) -> list[str]:
        """List the decisions that audit entries after a number speak of.

        Order:   by decision_id; a list as long as `limit` may lack some.
        Cost:    linear in the entries after that number.
        """
        asked = (
            sa.select(ENTRIES.c.subject_id)
            .where(ENTRIES.c.number > after, ENTRIES.c.kind == KINDS[Decision])
            .distinct()
            .order_by(ENTRIES.c.subject_id)
            .limit(require_page(limit))
        )
        return list(self._connection.execute(asked).scalars())

    def has_decisions_over(self, *, now: datetime) -> bool:
        """Say whether there is a decision whose time is over and that nobody has ended yet."""
        asked = (
            sa.select(DECISIONS.c.decision_id)
            .where(DECISIONS.c.state.in_(states_before("decision", "expired")))
            .where(DECISIONS.c.expires_at <= now)
            .limit(1)
        )
        return self._connection.execute(asked).first() is not None

    def list_effects_in_force(
        self, *, now: datetime, after: tuple[str, str] = ("", ""), limit: int = LEDGER_PAGE_MAX
    ) -> list[EnforcedAccount]:
        """List the accounts under a decision: the gateway's table.

        Grain:   one row per (account_id, decision_id), after the one that is named.
        Order:   by account_id, then decision_id.
        """
        columns = DECIDED_ACCOUNTS.c
        asked = (
            sa.select(columns.account_id, *_shared_columns())
            .select_from(DECIDED_ACCOUNTS)
            .join(DECISIONS, DECISIONS.c.decision_id == columns.decision_id)
            .outerjoin(TERMS, TERMS.c.decision_id == columns.decision_id)
            .where(*_in_force(now), columns.released_at.is_(None))
            .where(sa.tuple_(columns.account_id, columns.decision_id) > sa.tuple_(*after))
            .order_by(columns.account_id, columns.decision_id)
            .limit(require_page(limit))
        )
        return [EnforcedAccount(**row) for row in self._connection.execute(asked).mappings()]

    def list_decisions_in_force(
        self,
        *,
        now: datetime,
        ids: Sequence[str] | None = None,
        after: str = "",
        limit: int = LEDGER_PAGE_MAX,
    ) -> list[EnforcedDecision]:
        """List the decisions in force: of some ids, or all of them.

        Order:   by decision_id, after the one that is named.
        """
        decision_id = DECISIONS.c.decision_id
        asked = (
            sa.select(*_shared_columns())
            .select_from(DECISIONS)
            .outerjoin(TERMS, TERMS.c.decision_id == decision_id)
            .where(*_in_force(now), decision_id > after)
            .where(sa.true() if ids is None else decision_id.in_(ids))
            .order_by(decision_id)
            .limit(require_page(limit))
        )
        return [EnforcedDecision(**row) for row in self._connection.execute(asked).mappings()]

    def list_places_in_force(
        self,
        *,
        now: datetime,
        ids: Sequence[str] | None = None,
        after: Place = ("", ""),
        limit: int = LEDGER_PAGE_MAX,
    ) -> list[Place]:
        """List which accounts stand under which decisions: of some ids, or all of them.

        Grain:   one (decision_id, account_id), after the one that is named.
        Cost:    two columns a row: some 20 ms for a page.
        """
        columns = DECIDED_ACCOUNTS.c
        asked = (
            sa.select(columns.decision_id, columns.account_id)
            .join(DECISIONS, DECISIONS.c.decision_id == columns.decision_id)
            .where(*_in_force(now), columns.released_at.is_(None))
            .where(sa.tuple_(columns.decision_id, columns.account_id) > sa.tuple_(*after))
            .where(sa.true() if ids is None else columns.decision_id.in_(ids))
            .order_by(columns.decision_id, columns.account_id)
            .limit(require_page(limit))
        )
        return [(row[0], row[1]) for row in self._connection.execute(asked)]


def _in_force(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return DECISIONS.c.state == "in_force", DECISIONS.c.expires_at > now


def _shared_columns() -> tuple[sa.ColumnElement[Any], ...]:
    """Give what a gateway needs of a decision, and of its terms where it has any."""
    decisions, terms = DECISIONS.c, TERMS.c
    return (
        decisions.decision_id,
        decisions.effect,
        decisions.reason,
        decisions.expires_at,
        decisions.campaign_id,
        sa.func.coalesce(terms.parameters, "{}").label("parameters"),
        sa.func.coalesce(terms.is_shared, sa.false()).label("is_shared"),
        terms.api_key_id,
    )
