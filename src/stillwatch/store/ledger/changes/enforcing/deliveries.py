"""Bringing effects out: claimed for a while, then delivered or failed.

Delivery is at least once: a deliverer that dies leaves its claim to end, and somebody else takes
the rows. A claim is settled in one statement and one audit entry, however many rows it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from stillwatch.domain.service_limits import (
    CLAIM_ROWS_MAX,
    EFFECT_ATTEMPTS_MAX,
    LEDGER_TEXT_CHARS_MAX,
)
from stillwatch.store.ledger.bounds import fit, fit_text
from stillwatch.store.ledger.changes.enforcing.outbox import OutboxWriting, is_before
from stillwatch.store.ledger.errors import BadValue, RowExists
from stillwatch.store.ledger.nouns.decisions import DECISIONS
from stillwatch.store.ledger.nouns.effects import OUTBOX, Delivery, Effect, Failure

_KEY: Final = (OUTBOX.c.decision_id, OUTBOX.c.account_id, OUTBOX.c.channel, OUTBOX.c.operation)


class DeliveryVerbs(OutboxWriting):
    """Verbs on effects."""

    def claim_effects(
        self, claim_id: str, *, channel: str, until: datetime, limit: int = CLAIM_ROWS_MAX
    ) -> list[Delivery]:
        """Take what is due on a channel, for oneself alone until an instant.

        Order:   the longest due first.
        Cost:    two statements, whatever the number of rows.

        Raises:
            RowExists: the claim's id was used before.
            BadValue: the claim would end before it begins, or `limit` is over CLAIM_ROWS_MAX.
        """
        self._require_new_claim(claim_id)
        if not 1 <= limit <= CLAIM_ROWS_MAX or until <= self.now:
            raise BadValue(field="a claim", says=f"lasts, and has 1 to {CLAIM_ROWS_MAX:,} rows")
        due = (
            sa.select(*_KEY)
            .where(
                OUTBOX.c.channel == channel,
                OUTBOX.c.state == "queued",
                OUTBOX.c.due_at <= self.now,
                sa.func.coalesce(OUTBOX.c.claimed_until, OUTBOX.c.due_at) <= self.now,
            )
            .order_by(OUTBOX.c.due_at, *_KEY)
            .limit(limit)
        )
        claim = fit(Effect, {"claim_id": claim_id, "claimed_until": until})
        taken = self._settle(sa.tuple_(*_KEY).in_(due), claim)
        if taken:
            facts = {"channel": channel, "rows": taken}
            self._note_only("effects.claim", ("claim", claim_id), facts)
        return self._deliveries(claim_id)

    def note_delivered(self, claim_id: str) -> int:
        """Say that all of a claim that hasn't failed is delivered; give how many.

        Rows that were taken back or claimed by others in the meantime stay as they are.
        """
        done = self._settle(
            _of_claim(claim_id, to="delivered"),
            {"state": "delivered", "attempts": OUTBOX.c.attempts + 1, "claimed_until": None},
        )
        if done:
            self._note_only("effects.deliver", ("claim", claim_id), {"rows": done})
        return done

    def note_failed(
        self, claim_id: str, failures: Sequence[Failure], *, retry_at: datetime | None
    ) -> int:
        """Say what of a claim could not be delivered, and when to try again; give how many.

        Nulls:   without `retry_at`, or after EFFECT_ATTEMPTS_MAX tries, an effect has failed.
        """
        done = sum(self._fail_one(claim_id, failure, retry_at=retry_at) for failure in failures)
        if done:
            self._note_only("effects.fail", ("claim", claim_id), {"rows": done})
        return done

    def put_back_effects(self, claim_id: str, deliveries: Sequence[Delivery]) -> int:
        """Let go of what of a claim was not tried, as if its time were over; give how many."""
        done = sum(
            self._settle(_one_of(claim_id, one, to="delivered"), {"claimed_until": None})
            for one in deliveries
        )
        if done:
            self._note_only("effects.put_back", ("claim", claim_id), {"rows": done})
        return done

    def retry_effects(self, decision_id: str) -> int:
        """Queue the failed effects of a decision again, from the first try; say how many."""
        again = self._settle(
            sa.and_(OUTBOX.c.decision_id == decision_id, is_before("queued")),
            {"state": "queued", "attempts": 0, "due_at": self.now, "claimed_until": None},
        )
        if again:
            self._note_only("effects.retry", ("decision", decision_id), {"rows": again})
        return again

    def _require_new_claim(self, claim_id: str) -> None:
        used = sa.select(OUTBOX.c.claim_id).where(OUTBOX.c.claim_id == claim_id).limit(1)
        if self._connection.execute(used).first():
            raise RowExists(kind="claim", subject_id=claim_id)

    def _deliveries(self, claim_id: str) -> list[Delivery]:
        asked = (
            sa.select(
                *_KEY,
                DECISIONS.c.effect,
                DECISIONS.c.reason,
                DECISIONS.c.expires_at,
                OUTBOX.c.attempts,
            )
            .join(DECISIONS, DECISIONS.c.decision_id == OUTBOX.c.decision_id)
            .where(OUTBOX.c.claim_id == claim_id)
            .order_by(OUTBOX.c.due_at, *_KEY)
        )
        return [Delivery(**row) for row in self._connection.execute(asked).mappings()]

    def _fail_one(self, claim_id: str, failure: Failure, *, retry_at: datetime | None) -> int:
        one = _one_of(claim_id, failure, to="failed")
        gives_up = sa.true() if retry_at is None else OUTBOX.c.attempts + 1 >= EFFECT_ATTEMPTS_MAX
        error = fit_text(
            "error", failure.error[:LEDGER_TEXT_CHARS_MAX], chars_max=LEDGER_TEXT_CHARS_MAX
        )
        return self._settle(
            one,
            {
                "state": sa.case((gives_up, "failed"), else_="queued"),
                "attempts": OUTBOX.c.attempts + 1,
                "due_at": retry_at or self.now,
                "claimed_until": None,
                "last_error": error,
            },
        )


def _of_claim(claim_id: str, *, to: str) -> sa.ColumnElement[bool]:
    """Rows of a claim that has not been settled: a settled one has no end any more."""
    return sa.and_(
        OUTBOX.c.claim_id == claim_id, OUTBOX.c.claimed_until.is_not(None), is_before(to)
    )


def _one_of(claim_id: str, row: Delivery | Failure, *, to: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        _of_claim(claim_id, to=to),
        OUTBOX.c.decision_id == row.decision_id,
        OUTBOX.c.account_id == row.account_id,
        OUTBOX.c.operation == row.operation,
    )
