"""The ledger as a value: open it, change it in one transaction, read one instant of it, verify it.

A change locks the head of the audit log first, so that writers come one after another on both
databases; what it has done and the audit entries that say so are committed together or not at all.
Two people who decide the same thing in two ways are two transactions: the second one sees what the
first has done, and the state machine refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from stillwatch.store.ledger import migrate
from stillwatch.store.ledger.audit.anchor import Anchor, take_anchor
from stillwatch.store.ledger.audit.images import compare_rows
from stillwatch.store.ledger.audit.key import AuditKey
from stillwatch.store.ledger.audit.log import append_notes, found_log, lock_head, read_head
from stillwatch.store.ledger.audit.verify import AuditReport, verify_log
from stillwatch.store.ledger.bounds import fit_now
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.engine import (
    begin_read,
    begin_write,
    lock_for_migration,
    name_of,
    open_engine,
)
from stillwatch.store.ledger.errors import LedgerError
from stillwatch.store.ledger.views import View


class _TakenBack(Exception):  # noqa: N818  no failure: how a transaction is told to end
    """A change that was only tried out."""


class Ledger:
    """One ledger; safe to use from many threads, and beside other processes."""

    def __init__(self, engine: sa.Engine, *, key: AuditKey | None) -> None:
        self.name = name_of(engine.url)
        self._engine = engine
        self._key = key

    @contextmanager
    def write(self, *, actor: str, now: datetime) -> Iterator[Change]:
        """Change the ledger in one transaction; an exception leaves it as it was.

        Order:   writers come one after another; each waits LEDGER_WAIT_S_MAX at most.

        Raises:
            LedgerError: it was opened without the audit key.
            AuditBroken: the end of the audit log is not as it was written.
            LedgerUnavailable: the database refuses, or others wrote for too long.
        """
        key = self._require_key()
        with begin_write(self._engine) as connection:
            head = lock_head(connection, key=key, where=self.name)
            change = Change(connection, actor=actor, now=now)
            yield change
            by = (change.actor, change.now)
            append_notes(connection, change.notes, head=head, key=key, by=by)

    @contextmanager
    def try_out(self, *, actor: str, now: datetime) -> Iterator[Change]:
        """Give a change of which nothing stays: what would come of it, and what would refuse.

        Raises:
            LedgerError: as `write`.
        """
        key = self._require_key()
        with suppress(_TakenBack), begin_write(self._engine) as connection:
            lock_head(connection, key=key, where=self.name)
            yield Change(connection, actor=actor, now=now)
            raise _TakenBack

    @contextmanager
    def read(self) -> Iterator[View]:
        """Read one instant of the ledger; writers go on meanwhile.

        Raises:
            LedgerUnavailable: the database refuses.
        """
        with begin_read(self._engine) as connection:
            yield View(connection)

    def anchor(self, *, now: datetime) -> Anchor:
        """Take the anchor of the audit log, for another party to keep.

        Raises:
            AuditBroken: its head is missing.
        """
        with begin_read(self._engine) as connection:
            return take_anchor(read_head(connection, where=self.name), now=fit_now(now))

    def verify(self, *, anchor: Anchor | None = None) -> AuditReport:
        """Read the audit log again, and compare the rows of the ledger with it.

        Cost:    linear in entries and rows; writers go on meanwhile.
        """
        with begin_read(self._engine) as connection:
            report = verify_log(connection, key=self._key, anchor=anchor)
            if report.faults:
                return report
            return replace(report, faults=tuple(compare_rows(connection)))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _require_key(self) -> AuditKey:
        if self._key is None:
            message = f"the ledger {self.name} was opened without its audit key"
            raise LedgerError(message, hint="it can be read and verified, not written")
        return self._key


def open_ledger(where: str | Path, *, key: AuditKey | None = None) -> Ledger:
    """Open a ledger that is there: a file, or `postgresql://…`.

    Nulls:   without the audit key it can be read, and verified but for the head's HMAC.

    Raises:
        LedgerError: there is none, or it is of another version.
        LedgerUnavailable: the database can't be reached.
    """
    engine = open_engine(where, may_make=False)
    try:
        with begin_read(engine) as connection:
            migrate.require_newest(connection, where=name_of(engine.url))
    except BaseException:
        engine.dispose()
        raise
    return Ledger(engine, key=key)


def make_ledger(where: str | Path, *, key: AuditKey, ledger_id: str, now: datetime) -> Ledger:
    """Make a ledger in a file or an empty database, or open the one that is there.

    Two processes that make it at once agree: the second finds the first one's.

    Raises:
        LedgerError: what is there is of another version.
        LedgerUnavailable: the database can't be reached.
    """
    with _migrating(where, may_make=True) as connection:
        if migrate.revision_of(connection) is None:
            migrate.upgrade(connection)
            found_log(connection, ledger_id=ledger_id, key=key, now=fit_now(now))
    return open_ledger(where, key=key)


def upgrade_ledger(where: str | Path) -> None:
    """Bring a ledger of an older version to this one; make a copy of it first.

    Raises:
        LedgerUnavailable: the database can't be reached.
    """
    with _migrating(where, may_make=False) as connection:
        migrate.upgrade(connection)


@contextmanager
def _migrating(where: str | Path, *, may_make: bool) -> Iterator[sa.Connection]:
    engine = open_engine(where, may_make=may_make)
    try:
        with begin_write(engine) as connection:
            lock_for_migration(connection)
            yield connection
    finally:
        engine.dispose()
