"""Telling people: notices are queued once, claimed for a while, then delivered or failed.

A claim is one message, so that all of it is settled alike. The audit log counts the rows, as it
counts effects; what a notice speaks of has entries of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from stillwatch.domain.service_limits import (
    EFFECT_ATTEMPTS_MAX,
    LEDGER_TEXT_CHARS_MAX,
    NOTICES_CLAIMED_MAX,
)
from stillwatch.store.ledger.bounds import fit
from stillwatch.store.ledger.changes.writing import Writing
from stillwatch.store.ledger.errors import BadValue
from stillwatch.store.ledger.nouns.notices import NOTICES, NewNotice, Notice


class NoticeVerbs(Writing):
    """Verbs on notices."""

    def queue_notices(self, notices: Sequence[NewNotice], *, sinks: Sequence[str]) -> int:
        """Write down what to tell, for each sink once and for all; give how many rows were news."""
        rows = [self._fit_notice(one, sink) for one in notices for sink in dict.fromkeys(sinks)]
        place = sa.tuple_(NOTICES.c.notice_id, NOTICES.c.sink)
        asked = [(row["notice_id"], row["sink"]) for row in rows]
        there = self._connection.execute(
            sa.select(NOTICES.c.notice_id, NOTICES.c.sink).where(place.in_(asked))
        )
        known = {tuple(one) for one in there}
        new = {
            (r["notice_id"], r["sink"]): r for r in rows if (r["notice_id"], r["sink"]) not in known
        }
        if new:
            self._connection.execute(sa.insert(NOTICES), list(new.values()))
            self._note_only("notices.queue", ("notice", notices[0].notice_id), {"rows": len(new)})
        return len(new)

    def claim_notices(
        self, claim_id: str, *, sink: str, until: datetime, limit: int = NOTICES_CLAIMED_MAX
    ) -> list[Notice]:
        """Take what is to be told at a sink, for oneself alone until an instant.

        Order:   the longest due first.

        Raises:
            BadValue: the claim would end before it begins, or `limit` is out of bounds.
        """
        if not 1 <= limit <= NOTICES_CLAIMED_MAX or until <= self.now:
            raise BadValue(field="a claim", says=f"lasts, and has 1 to {NOTICES_CLAIMED_MAX} rows")
        due = (
            sa.select(NOTICES.c.notice_id)
            .where(
                NOTICES.c.sink == sink,
                NOTICES.c.state == "queued",
                NOTICES.c.due_at <= self.now,
                sa.func.coalesce(NOTICES.c.claimed_until, NOTICES.c.due_at) <= self.now,
            )
            .order_by(NOTICES.c.due_at, NOTICES.c.notice_id)
            .limit(limit)
        )
        claim = fit(Notice, {"claim_id": claim_id, "claimed_until": until})
        which = sa.and_(NOTICES.c.sink == sink, NOTICES.c.notice_id.in_(due))
        if taken := self._settle_notices(which, claim):
            self._note_only("notices.claim", ("claim", claim_id), {"sink": sink, "rows": taken})
        asked = sa.select(NOTICES).where(NOTICES.c.claim_id == claim_id)
        asked = asked.order_by(NOTICES.c.due_at, NOTICES.c.notice_id)
        return [Notice(**row) for row in self._connection.execute(asked).mappings()]

    def note_told(self, claim_id: str) -> int:
        """Say that the message of a claim is out; give how many notices it held."""
        values = {"state": "delivered", "attempts": NOTICES.c.attempts + 1, "claimed_until": None}
        return self._end_claim(claim_id, values, verb="notices.deliver")

    def note_untold(self, claim_id: str, *, error: str, retry_at: datetime | None) -> int:
        """Say that the message of a claim could not be sent, and when to try again.

        Nulls:   without `retry_at`, or after EFFECT_ATTEMPTS_MAX tries, its notices have failed.
        """
        gives_up = sa.true() if retry_at is None else NOTICES.c.attempts + 1 >= EFFECT_ATTEMPTS_MAX
        told = fit(Notice, {"last_error": error[:LEDGER_TEXT_CHARS_MAX]})
        values = {
            **told,
            "state": sa.case((gives_up, "failed"), else_="queued"),
            "attempts": NOTICES.c.attempts + 1,
            "due_at": retry_at or self.now,
            "claimed_until": None,
        }
        return self._end_claim(claim_id, values, verb="notices.fail")

    def _end_claim(self, claim_id: str, values: dict[str, Any], *, verb: str) -> int:
        which = sa.and_(
            NOTICES.c.claim_id == claim_id,
            NOTICES.c.claimed_until.is_not(None),
            NOTICES.c.state == "queued",
        )
        if done := self._settle_notices(which, values):
            self._note_only(verb, ("claim", claim_id), {"rows": done})
        return done

    def _settle_notices(self, which: sa.ColumnElement[bool], values: dict[str, Any]) -> int:
        changed = {**values, "changed_at": self.now}
        return self._connection.execute(sa.update(NOTICES).where(which).values(changed)).rowcount

    def _fit_notice(self, notice: NewNotice, sink: str) -> dict[str, Any]:
        own = {
            "sink": sink,
            "state": "queued",
            "attempts": 0,
            "queued_at": self.now,
            "due_at": self.now,
            "claim_id": None,
            "claimed_until": None,
            "last_error": None,
            "changed_at": self.now,
        }
        return fit(Notice, {**asdict(notice), **own})
