"""The audit log read backwards, and the part of it that is about one row: what people look up.

The log is written for verification, first entry first; whoever asks what happened lately, or what
happened to one decision, asks here. Nothing in an entry names an account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import sqlalchemy as sa

from stillwatch.store.ledger.audit.chain import ENTRIES, AuditEntry
from stillwatch.store.ledger.errors import BadValue

TRAIL_MAX: Final = 1_000
"""Entries of one trail: a decision with ten releases a day for three months."""


class Instant(Protocol):
    """One instant of the ledger, as a view holds it."""

    _connection: sa.Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries; what is None is any."""

    actor: str | None = None
    kind: str | None = None
    subject_id: str | None = None
    verb: str | None = None
    """A verb, or the beginning of some: `decision.`."""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    """Entries with a smaller number: the next page."""


def list_trail(view: Instant, wanted: Wanted, *, limit: int = TRAIL_MAX) -> list[AuditEntry]:
    """List audit entries, the newest first.

    Cost:    with kind and subject_id an index; else the log from its end until `limit` are found.

    Raises:
        BadValue: `limit` is below 1 or over TRAIL_MAX.
    """
    if not 1 <= limit <= TRAIL_MAX:
        raise BadValue(field="limit", says=f"is not between 1 and {TRAIL_MAX:,}")
    columns = ENTRIES.c
    asked = sa.select(ENTRIES).order_by(columns.number.desc()).limit(limit)
    for column, value in (
        (columns.actor, wanted.actor),
        (columns.kind, wanted.kind),
        (columns.subject_id, wanted.subject_id),
    ):
        if value is not None:
            asked = asked.where(column == value)
    if wanted.verb is not None:
        asked = asked.where(columns.verb.startswith(wanted.verb, autoescape=True))
    if wanted.since is not None:
        asked = asked.where(columns.at >= wanted.since)
    if wanted.until is not None:
        asked = asked.where(columns.at < wanted.until)
    if wanted.before is not None:
        asked = asked.where(columns.number < wanted.before)
    rows = view._connection.execute(asked).mappings()  # noqa: SLF001  a question of the same folder
    return [AuditEntry(**row) for row in rows]
