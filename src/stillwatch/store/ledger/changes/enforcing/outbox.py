"""The outbox: what has to happen outside is written down with the decision that asks for it.

Rows are written many at a time, in one statement, and the decision's audit entry counts them:
20,000 accounts come under an effect in one transaction. What was applied is turned around by rows
that say `revert`; `deliveries` brings both out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from stillwatch.domain.service_limits import (
    LEDGER_WORD_CHARS_MAX,
)
from stillwatch.store.ledger.bounds import fit_text
from stillwatch.store.ledger.changes.writing import Writing
from stillwatch.store.ledger.nouns.columns import InstantType
from stillwatch.store.ledger.nouns.decisions import DECIDED_ACCOUNTS
from stillwatch.store.ledger.nouns.effects import OUTBOX
from stillwatch.store.ledger.states import states_before

_ADDED: Final = (
    "decision_id",
    "account_id",
    "channel",
    "operation",
    "state",
    "attempts",
    "due_at",
    "changed_at",
)


class OutboxWriting(Writing):
    """Queueing effects, and turning them around."""

    def _queue(self, decision_id: str, *, channel: str) -> int:
        """Write a row for every account of a decision."""
        accounts = DECIDED_ACCOUNTS.c
        chosen = sa.select(
            accounts.decision_id,
            accounts.account_id,
            *_literals(fit_text("channel", channel, chars_max=LEDGER_WORD_CHARS_MAX), "apply"),
            _instant(self.now),
            _instant(self.now),
        ).where(accounts.decision_id == decision_id, accounts.released_at.is_(None))
        return self._connection.execute(sa.insert(OUTBOX).from_select(_ADDED, chosen)).rowcount

    def _take_back(self, decision_id: str, *, account_id: str | None = None) -> int:
        """Turn what was applied around; what nobody has ever claimed needs no turning."""
        applied = sa.and_(
            OUTBOX.c.decision_id == decision_id,
            OUTBOX.c.operation == "apply",
            is_before("reverted"),
            sa.true() if account_id is None else OUTBOX.c.account_id == account_id,
        )
        was_out = sa.or_(OUTBOX.c.attempts > 0, OUTBOX.c.claim_id.is_not(None))
        claimed = sa.func.coalesce(OUTBOX.c.claimed_until, _instant(self.now))
        due = sa.case((claimed > _instant(self.now), claimed), else_=_instant(self.now))
        turned = sa.select(
            OUTBOX.c.decision_id,
            OUTBOX.c.account_id,
            OUTBOX.c.channel,
            *_literals("revert"),
            due,
            _instant(self.now),
        ).where(applied, was_out)
        added = self._connection.execute(sa.insert(OUTBOX).from_select(_ADDED, turned)).rowcount
        self._settle(applied, {"state": "reverted"})
        return added

    def _settle(self, which: sa.ColumnElement[bool], values: dict[str, Any]) -> int:
        changed = {**values, "changed_at": self.now}
        return self._connection.execute(sa.update(OUTBOX).where(which).values(changed)).rowcount


def is_before(state: str) -> sa.ColumnElement[bool]:
    """Choose the effects whose state leads to another one."""
    return OUTBOX.c.state.in_(states_before("effect", state))


def _literals(*texts: str) -> list[sa.Label[Any]]:
    """Words of a new row: its channel and operation, or its operation; then queued, not tried."""
    words = [sa.literal(text, sa.Text).label(f"word_{i}") for i, text in enumerate(texts)]
    state = sa.literal("queued", sa.Text).label("state")
    return [*words, state, sa.literal(0, sa.BigInteger).label("attempts")]


def _instant(at: datetime) -> sa.ColumnElement[datetime]:
    return sa.literal(at, InstantType())
