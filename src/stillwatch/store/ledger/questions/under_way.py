"""Questions of whoever brings effects and notices out: what is due, what is out, what has happened.

What is *out* on a channel is every `apply` that somebody has ever claimed and nobody has taken
back: the receiver may have it. Every one of these gets a row that takes it back when its decision
ends, so that a receiver who holds what is out holds the ledger's state once all is delivered.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from stillwatch.domain.service_limits import LEDGER_PAGE_MAX
from stillwatch.store.ledger.audit.chain import HEADS
from stillwatch.store.ledger.nouns.appeals import APPEALS, Appeal
from stillwatch.store.ledger.nouns.decisions import DECISIONS
from stillwatch.store.ledger.nouns.effects import OUTBOX
from stillwatch.store.ledger.nouns.notices import NOTICES
from stillwatch.store.ledger.states import states_before


@dataclass(frozen=True, slots=True, kw_only=True)
class OutEffect:
    """An effect that a receiver may have."""

    account_id: str
    decision_id: str
    effect: str
    reason: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedEffects:
    """Deliveries of one decision that nobody tries any more."""

    decision_id: str
    channel: str
    operation: str
    rows: int
    last_error: str | None


class UnderWay:
    """Questions to one instant of the ledger, about what is under way."""

    _connection: sa.Connection

    def count_entries(self) -> int:
        """Count the audit entries: a version of the whole ledger that only grows."""
        return int(self._connection.execute(sa.select(HEADS.c.entries)).scalar_one())

    def has_due_effects(self, channel: str, *, now: datetime) -> bool:
        """Say whether a claim on a channel would take anything."""
        due = _due(OUTBOX, now=now).where(OUTBOX.c.channel == channel)
        return self._connection.execute(due.limit(1)).first() is not None

    def has_due_notices(self, sink: str, *, now: datetime) -> bool:
        """Say whether there is anything to tell at a sink."""
        due = _due(NOTICES, now=now).where(NOTICES.c.sink == sink)
        return self._connection.execute(due.limit(1)).first() is not None

    def has_decisions_over(self, *, now: datetime) -> bool:
        """Say whether the time of any decision is over that has not ended."""
        asked = sa.select(DECISIONS.c.decision_id).where(
            DECISIONS.c.state.in_(states_before("decision", "expired")),
            DECISIONS.c.expires_at <= now,
        )
        return self._connection.execute(asked.limit(1)).first() is not None

    def list_out_of_claim(self, claim_id: str) -> list[OutEffect]:
        """List all that is out on the accounts of a claim, on its channel.

        Order:   by account_id, then decision_id.
        Cost:    linear in the claim's rows.
        """
        mine = sa.select(OUTBOX.c.account_id, OUTBOX.c.channel).where(OUTBOX.c.claim_id == claim_id)
        place = sa.tuple_(OUTBOX.c.account_id, OUTBOX.c.channel)
        return self._read_out(_out().where(place.in_(mine)))

    def list_out(
        self, channel: str, *, after: tuple[str, str] = ("", ""), limit: int = LEDGER_PAGE_MAX
    ) -> list[OutEffect]:
        """List all that is out on a channel, a page at a time.

        Order:   by account_id, then decision_id, after the one that is named.
        """
        place = sa.tuple_(OUTBOX.c.account_id, OUTBOX.c.decision_id)
        asked = _out().where(OUTBOX.c.channel == channel, place > sa.tuple_(*after))
        return self._read_out(asked.limit(limit))

    def list_failed_effects(self, *, since: datetime) -> list[FailedEffects]:
        """List by decision, channel and operation what has failed for good since an instant."""
        by = (OUTBOX.c.decision_id, OUTBOX.c.channel, OUTBOX.c.operation)
        asked = (
            sa.select(*by, sa.func.count().label("rows"), sa.func.max(OUTBOX.c.last_error))
            .where(OUTBOX.c.state == "failed", OUTBOX.c.changed_at >= since)
            .group_by(*by)
            .order_by(*by)
            .limit(LEDGER_PAGE_MAX)
        )
        return [
            FailedEffects(decision_id=d, channel=c, operation=o, rows=n, last_error=e)
            for d, c, o, n, e in self._connection.execute(asked)
        ]

    def list_appeals_due(self, *, until: datetime) -> list[Appeal]:
        """List the appeals that nobody has resolved and whose deadline comes until an instant.

        Order:   the nearest deadline first; those that are past come too.
        """
        asked = (
            sa.select(APPEALS)
            .where(APPEALS.c.state.in_(("open", "in_review")), APPEALS.c.deadline_at <= until)
            .order_by(APPEALS.c.deadline_at, APPEALS.c.appeal_id)
            .limit(LEDGER_PAGE_MAX)
        )
        return [Appeal(**row) for row in self._connection.execute(asked).mappings()]

    def last_noticed_entry(self) -> int:
        """Give the newest audit entry that a notice came from; 0 where none did."""
        asked = sa.select(sa.func.max(NOTICES.c.entry))
        return self._connection.execute(asked).scalar() or 0

    def accounts_told(self, campaign_ids: Collection[str]) -> dict[str, int]:
        """Give for each campaign that was told of the most accounts that were told."""
        asked = (
            sa.select(NOTICES.c.subject_id, sa.func.max(NOTICES.c.accounts))
            .where(NOTICES.c.kind.like("campaign_%"), NOTICES.c.subject_id.in_(campaign_ids))
            .group_by(NOTICES.c.subject_id)
        )
        return {row[0]: row[1] for row in self._connection.execute(asked)}

    def accounts_acted_on(self, campaign_id: str) -> int | None:
        """Give how many accounts of a campaign are, or until its end were, under an effect.

        Nulls:   None where no decision is or was in force that its accounts feel; one that was
                 taken back doesn't count.
        """
        was_out = sa.exists().where(OUTBOX.c.decision_id == DECISIONS.c.decision_id)
        ended = sa.and_(DECISIONS.c.state == "expired", was_out)
        asked = sa.select(sa.func.max(DECISIONS.c.accounts_count)).where(
            DECISIONS.c.campaign_id == campaign_id,
            DECISIONS.c.effect.not_in(("allow", "watch", "review")),
            sa.or_(DECISIONS.c.state == "in_force", ended),
        )
        return self._connection.execute(asked).scalar()

    def known_notices(self, notice_ids: Collection[str]) -> set[str]:
        """Give those of some notices that were queued before."""
        asked = sa.select(NOTICES.c.notice_id).where(NOTICES.c.notice_id.in_(notice_ids))
        return set(self._connection.execute(asked).scalars())

    def _read_out(self, asked: sa.Select[tuple[str, str, str, str, datetime]]) -> list[OutEffect]:
        return [OutEffect(**row) for row in self._connection.execute(asked).mappings()]


def _out() -> sa.Select[tuple[str, str, str, str, datetime]]:
    return (
        sa.select(
            OUTBOX.c.account_id,
            OUTBOX.c.decision_id,
            DECISIONS.c.effect,
            DECISIONS.c.reason,
            DECISIONS.c.expires_at,
        )
        .join(DECISIONS, DECISIONS.c.decision_id == OUTBOX.c.decision_id)
        .where(
            OUTBOX.c.operation == "apply",
            OUTBOX.c.state != "reverted",
            sa.or_(OUTBOX.c.attempts > 0, OUTBOX.c.claim_id.is_not(None)),
        )
        .order_by(OUTBOX.c.account_id, OUTBOX.c.decision_id)
    )


def _due(table: sa.Table, *, now: datetime) -> sa.Select[tuple[str]]:
    columns = table.c
    return sa.select(columns.state).where(
        columns.state == "queued",
        columns.due_at <= now,
        sa.func.coalesce(columns.claimed_until, columns.due_at) <= now,
    )
