"""Bringing the tables of a ledger to the version that this package knows, with Alembic.

The revisions are the modules `m0001_…` and following in `migrations/`; each runs in the caller's
transaction, on both databases, so that a migration is there as a whole or not at all. There is no
`env.py`: what it would do is `_run` here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from stillwatch.store.ledger.errors import LedgerError
from stillwatch.store.ledger.nouns.columns import metadata

MIGRATIONS: Final = Path(__file__).parent / "migrations"
VERSION_TABLE: Final = "ledger_version"
_OPTIONS: Final[dict[str, Any]] = {
    "version_table": VERSION_TABLE,
    "target_metadata": metadata,
    "compare_type": True,
    "compare_server_default": True,
}


def newest_revision() -> str:
    """Name the revision that this package writes and reads."""
    return str(_scripts().get_current_head())


def revision_of(connection: sa.Connection) -> str | None:
    """Name the revision of a ledger.

    Nulls:   None where the database holds none.
    """
    return MigrationContext.configure(connection, opts=_OPTIONS).get_current_revision()


def upgrade(connection: sa.Connection, to: str = "head") -> None:
    """Bring the tables up to a revision; what is there stays.

    Cost:    as the revisions say; the ledger is locked meanwhile.
    """
    _run(connection, lambda revision, _: _scripts()._upgrade_revs(to, revision), to)  # noqa: SLF001  what Alembic's own command calls


def downgrade(connection: sa.Connection, to: str = "base") -> None:
    """Take revisions back, with what only they can hold."""
    _run(connection, lambda revision, _: _scripts()._downgrade_revs(to, revision), to)  # noqa: SLF001


def differences(connection: sa.Connection) -> list[Any]:
    """List what the tables of a ledger and the rows of this package don't share; empty is right."""
    return list(compare_metadata(MigrationContext.configure(connection, opts=_OPTIONS), metadata))


def require_newest(connection: sa.Connection, *, where: str) -> None:
    """Refuse a ledger of another version.

    Raises:
        LedgerError: it is older or newer than this package, or the database holds no ledger.
    """
    found, wanted = revision_of(connection), newest_revision()
    if found is None:
        message = f"{where} holds no ledger"
        raise LedgerError(message, hint="make one first, or name another")
    if found != wanted:
        message = f"the ledger {where} is at revision {found}, this version wants {wanted}"
        raise LedgerError(
            message, hint="`stillwatch ledger migrate LEDGER` makes a copy and upgrades it"
        )


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS)])


def _run(connection: sa.Connection, steps: Callable[[Any, Any], Any], to: str) -> None:
    with EnvironmentContext(Config(), _scripts(), fn=steps, destination_rev=to) as environment:
        environment.configure(connection=connection, **_OPTIONS)
        environment.run_migrations()
