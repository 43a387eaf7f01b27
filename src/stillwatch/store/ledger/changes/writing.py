"""Writing one row and the note of it: what every verb of a change is made of.

Nothing else in the house writes to a table of the ledger but, for many rows at once, `outbox`,
`deliveries`, `proposals` and `enforcement`; each time a note goes into the audit log of the same
transaction. An id that is there already with the same content is a retry: nothing happens twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from stillwatch.domain.errors import LimitExceeded
from stillwatch.domain.service_limits import (
    LEDGER_ENTRIES_PER_CHANGE_MAX,
)
from stillwatch.store.ledger.audit.chain import ENTRIES, hash_image, write_detail
from stillwatch.store.ledger.audit.log import Note
from stillwatch.store.ledger.bounds import fit, fit_actor, fit_now
from stillwatch.store.ledger.errors import RowExists, StaleVersion, UnknownRow
from stillwatch.store.ledger.nouns import KINDS, TABLES, Row


class Versioned(Protocol):
    """A row that counts its changes."""

    @property
    def version(self) -> int:
        """How often it was written."""


RowT = TypeVar("RowT", bound=Row)


def key_of(row: type[Row]) -> sa.Column[Any]:
    """Give the key column of a kind of row."""
    return next(iter(TABLES[row].primary_key.columns))


class Writing:
    """One transaction: who acts, when, and the notes that will become audit entries."""

    def __init__(self, connection: sa.Connection, *, actor: str, now: datetime) -> None:
        self.actor = fit_actor(actor)
        self.now = fit_now(now)
        self.notes: list[Note] = []
        self._connection = connection

    def expect(self, row: type[Row], subject_id: str, *, version: int) -> None:
        """Go on only if something is still as it was when somebody looked at it.

        Raises:
            StaleVersion: it has changed.
            UnknownRow: there is none.
        """
        found = getattr(self._find(row, subject_id), "version", version)
        if found != version:
            raise StaleVersion(subject=f"{KINDS[row]} {subject_id}", expected=version, found=found)

    def expect_no_news(
        self, *, after: int, kinds: Sequence[str], but_by: str | None = None
    ) -> None:
        """Go on only if the log has gone on with none of some kinds since one of its entries.

        but_by:  whose entries are no news.

        Raises:
            StaleVersion: it has.
        """
        columns = ENTRIES.c
        asked = sa.select(sa.func.max(columns.number)).where(
            columns.number > after, columns.kind.in_(kinds), columns.actor != (but_by or "")
        )
        newest = self._connection.execute(asked).scalar()
        if newest is not None:
            raise StaleVersion(subject="the ledger", expected=after, found=newest)

    def _seek(self, row: type[RowT], subject_id: str) -> RowT | None:
        asked = sa.select(TABLES[row]).where(key_of(row) == subject_id)
        found = self._connection.execute(asked).mappings().first()
        return None if found is None else row(**found)

    def _find(self, row: type[RowT], subject_id: str) -> RowT:
        found = self._seek(row, subject_id)
        if found is None:
            raise UnknownRow(kind=KINDS[row], subject_id=subject_id)
        return found

    def _require(self, row: type[Row], subject_id: str | None) -> None:
        """Refuse a reference to nothing, before the database does."""
        if subject_id is not None:
            self._find(row, subject_id)

    def _insert(
        self, row: type[Row], given: Row, own: Mapping[str, Any], *, verb: str, **facts: object
    ) -> bool:
        """Write a new row; False where it is there already, with what was given."""
        values = fit(row, {**asdict(given), **own})
        key = key_of(row).name
        if there := self._seek(row, values[key]):
            names = {f.name for f in fields(given)}
            if any(getattr(there, name) != values[name] for name in names):
                raise RowExists(kind=KINDS[row], subject_id=values[key])
            return False
        self._connection.execute(sa.insert(TABLES[row]).values(values))
        self._note(verb, row, values, facts)
        return True

    def _alter(self, old: RowT, changes: Mapping[str, Any], *, verb: str, **facts: object) -> RowT:
        """Write another version of a row, over the one that was read and no other."""
        row, key = type(old), key_of(type(old))
        values = fit(row, changes)
        version = getattr(old, "version")  # noqa: B009  rows without one are never altered
        values["version"] = version + 1
        table, subject_id = TABLES[row], getattr(old, key.name)
        done = self._connection.execute(
            sa.update(table).where(key == subject_id, table.c.version == version).values(values)
        )
        if done.rowcount != 1:
            raise StaleVersion(subject=f"{KINDS[row]} {subject_id}", expected=version, found=-1)
        new = row(**{**asdict(old), **values})
        self._note(verb, row, asdict(new), facts)
        return new

    def _note(
        self, verb: str, row: type[Row], values: Mapping[str, Any], facts: Mapping[str, Any]
    ) -> None:
        told = {name: values[name] for name in ("state", "version") if name in values}
        self._note_only(
            verb,
            (KINDS[row], values[key_of(row).name]),
            {**told, **facts},
            image=hash_image(values),
        )

    def _note_only(
        self,
        verb: str,
        subject: tuple[str, str],
        facts: Mapping[str, Any],
        *,
        image: str | None = None,
    ) -> None:
        """Note a change of which the log holds no image."""
        if len(self.notes) >= LEDGER_ENTRIES_PER_CHANGE_MAX:
            name = "LEDGER_ENTRIES_PER_CHANGE_MAX"
            raise LimitExceeded(name, bound=LEDGER_ENTRIES_PER_CHANGE_MAX, met=len(self.notes) + 1)
        kind, subject_id = subject
        self.notes.append(Note(verb, kind, subject_id, write_detail(facts), image))
