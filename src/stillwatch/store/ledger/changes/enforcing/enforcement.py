"""A decision from its approval to its end: in force, then expired or reverted.

It may be reverted for one account alone. Taking back is free to everybody: it restores. What was
brought out is turned around by the outbox in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from stillwatch.domain.service_limits import (
    LEDGER_PAGE_MAX,
)
from stillwatch.store.ledger.changes.enforcing.outbox import OutboxWriting
from stillwatch.store.ledger.changes.enforcing.proposals import ProposalVerbs
from stillwatch.store.ledger.errors import UnknownRow
from stillwatch.store.ledger.nouns.decisions import DECIDED_ACCOUNTS, DECISIONS, Decision
from stillwatch.store.ledger.states import require_move, states_before


class EnforcementVerbs(ProposalVerbs, OutboxWriting):
    """Verbs on decisions that are approved or in force."""

    def enqueue_effects(self, decision_id: str, *, channels: Sequence[str]) -> int:
        """Put an approved decision in force: a row of the outbox for each account and channel.

        Cost:    one statement a channel.

        Raises:
            MoveRefused: it isn't approved, or past its end.
        """
        decision = self._find(Decision, decision_id)
        require_move("decision", decision_id, state=decision.state, to="in_force")
        self._refuse_past(decision_id, decision)
        queued = sum(self._queue(decision_id, channel=one) for one in dict.fromkeys(channels))
        self._move(decision, to="in_force", verb="decision.in_force", effects=queued)
        return queued

    def revert_decision(self, decision_id: str, *, why: str) -> Decision:
        """Take a decision back for all of its accounts.

        Raises:
            MoveRefused: it is neither approved nor in force.
        """
        decision = self._find(Decision, decision_id)
        return self._end(decision, to="reverted", why=why, verb="decision.revert")

    def release_account(self, decision_id: str, account_id: str, *, why: str) -> bool:
        """Take a decision back for one account; with its last account it is reverted as a whole.

        Says whether that was news: a decision that has ended, or an account that is released
        already, is left as it is.

        Raises:
            UnknownRow: the decision doesn't name that account.
        """
        decision = self._find(Decision, decision_id)
        if self._is_released(decision_id, account_id) or decision.state not in states_before(
            "decision", "reverted"
        ):
            return False
        self._connection.execute(
            sa.update(DECIDED_ACCOUNTS)
            .where(_account(decision_id, account_id))
            .values(released_at=self.now)
        )
        effects = self._take_back(decision_id, account_id=account_id)
        self._alter(
            decision,
            {"changed_by": self.actor, "changed_at": self.now, "why": why},
            verb="decision.release",
            effects=effects,
        )
        if not self._accounts_left(decision_id):
            self.revert_decision(decision_id, why=why)
        return True

    def expire_decisions(self, *, limit: int = LEDGER_PAGE_MAX) -> list[str]:
        """End every decision whose time is over, proposals too; give their ids.

        Order:   the longest over first.
        Cost:    some statements a decision; at most `limit` of them.
        """
        over = (
            sa.select(DECISIONS.c.decision_id)
            .where(
                DECISIONS.c.state.in_(states_before("decision", "expired")),
                DECISIONS.c.expires_at <= self.now,
            )
            .order_by(DECISIONS.c.expires_at, DECISIONS.c.decision_id)
            .limit(min(limit, LEDGER_PAGE_MAX))
        )
        ids = list(self._connection.execute(over).scalars())
        for one in ids:
            self._end(self._find(Decision, one), to="expired", why=None, verb="decision.expire")
        return ids

    def _end(self, decision: Decision, *, to: str, why: str | None, verb: str) -> Decision:
        require_move("decision", decision.decision_id, state=decision.state, to=to)
        effects = self._take_back(decision.decision_id)
        return self._move(decision, to=to, why=why, verb=verb, effects=effects)

    def _is_released(self, decision_id: str, account_id: str) -> bool:
        asked = sa.select(DECIDED_ACCOUNTS.c.released_at).where(_account(decision_id, account_id))
        found = self._connection.execute(asked).first()
        if found is None:
            raise UnknownRow(kind="account of this decision", subject_id=account_id)
        return found[0] is not None

    def _accounts_left(self, decision_id: str) -> int:
        asked = sa.select(sa.func.count()).where(
            DECIDED_ACCOUNTS.c.decision_id == decision_id, DECIDED_ACCOUNTS.c.released_at.is_(None)
        )
        return self._connection.execute(asked).scalar_one()


def _account(decision_id: str, account_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        DECIDED_ACCOUNTS.c.decision_id == decision_id, DECIDED_ACCOUNTS.c.account_id == account_id
    )
