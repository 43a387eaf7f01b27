"""Figures of deliveries for whoever watches the house: bounded questions, whatever has piled up.

The outbox keeps every row for good, so nothing here passes over all of it: channels are found by
seeking in the index, rows are counted up to a bound, and what has happened since is read off the
audit log, where a claim is one entry.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
import sqlalchemy as sa

from stillwatch.domain.service_limits import (
    FIGURES_CHANNELS_MAX,
    FIGURES_ROWS_MAX,
    LEDGER_PAGE_MAX,
)
from stillwatch.store.ledger.audit.chain import ENTRIES
from stillwatch.store.ledger.nouns.decisions import DECISIONS
from stillwatch.store.ledger.nouns.effects import OUTBOX

_SETTLED: Final = ("effects.deliver", "effects.fail")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFigures:
    """How it stands with one channel of the outbox."""

    channel: str
    waiting: int
    """Rows that have to go out; FIGURES_ROWS_MAX = so many or more."""
    given_up: int
    """Rows that nobody tries any more; likewise."""
    oldest_at: datetime | None
    """Since when the oldest waits, or later; None = none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledSince:
    """What deliverers have settled since an entry of the audit log, on all channels."""

    entry: int
    """Number of the last entry that was read."""
    delivered: int
    failed: int
    """Tries that did not go out, the last ones too."""


class Figures:
    """Questions to one instant of the ledger about how deliveries go."""

    _connection: sa.Connection

    def read_channels(self) -> list[ChannelFigures]:
        """Say how it stands with each channel.

        Order:   by channel; beyond FIGURES_CHANNELS_MAX none.
        Cost:    at most FIGURES_ROWS_MAX entries of an index a channel and figure.
        """
        return [self._read_channel(one) for one in self._channels()]

    def read_settled(self, *, after: int) -> SettledSince:
        """Say what was settled in the audit entries after one.

        Cost:    LEDGER_PAGE_MAX entries at most; the next question goes on where this one ends.
        """
        end = after + LEDGER_PAGE_MAX
        number = ENTRIES.c.number
        last = self._connection.execute(
            sa.select(sa.func.max(number)).where(number > after, number <= end)
        ).scalar()
        asked = sa.select(ENTRIES.c.verb, ENTRIES.c.detail).where(
            number > after, number <= end, ENTRIES.c.verb.in_(_SETTLED)
        )
        rows: Counter[str] = Counter()
        for verb, detail in self._connection.execute(asked):
            rows[verb] += int(orjson.loads(detail)["rows"])
        delivered, failed = (rows[verb] for verb in _SETTLED)
        return SettledSince(entry=last or after, delivered=delivered, failed=failed)

    def _channels(self) -> list[str]:
        found: list[str] = []
        while len(found) < FIGURES_CHANNELS_MAX:
            last = found[-1] if found else ""
            asked = sa.select(sa.func.min(OUTBOX.c.channel)).where(OUTBOX.c.channel > last)
            following = self._connection.execute(asked).scalar()
            if following is None:
                break
            found.append(following)
        return found

    def _read_channel(self, channel: str) -> ChannelFigures:
        return ChannelFigures(
            channel=channel,
            waiting=self._count(channel, "queued"),
            given_up=self._count(channel, "failed"),
            oldest_at=self._oldest(channel),
        )

    def _count(self, channel: str, state: str) -> int:
        some = (
            sa.select(sa.literal(1).label("one"))
            .select_from(OUTBOX)
            .where(OUTBOX.c.channel == channel, OUTBOX.c.state == state)
            .limit(FIGURES_ROWS_MAX)
            .subquery()
        )
        asked = sa.select(sa.func.count()).select_from(some)
        return int(self._connection.execute(asked).scalar_one())

    def _oldest(self, channel: str) -> datetime | None:
        """Give since when the oldest row waits: it was due first, or its decision changed.

        A try that fails moves a row's instant on, so that of tried ones the decision's counts.
        """
        waiting = (OUTBOX.c.channel == channel, OUTBOX.c.state == "queued")
        by_due = sa.select(OUTBOX.c.due_at).where(*waiting, OUTBOX.c.attempts == 0)
        untried = self._connection.execute(by_due.order_by(OUTBOX.c.due_at).limit(1)).scalar()
        some = (
            sa.select(OUTBOX.c.decision_id)
            .where(*waiting, OUTBOX.c.attempts > 0)
            .limit(FIGURES_ROWS_MAX)
            .subquery()
        )
        tried = self._connection.execute(
            sa.select(DECISIONS.c.changed_at)
            .where(DECISIONS.c.decision_id.in_(sa.select(some.c.decision_id)))
            .order_by(DECISIONS.c.changed_at)
            .limit(1)
        ).scalar()
        return min((one for one in (untried, tried) if one is not None), default=None)
