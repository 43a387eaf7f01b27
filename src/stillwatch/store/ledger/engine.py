"""The two databases, and what they need to behave as one.

SQLite: a write begins with BEGIN IMMEDIATE, so that it waits at the door and never fails in the
middle; the journal is a write-ahead log, flushed at every commit; foreign keys are on. PostgreSQL:
the driver is pg8000 (BSD); a write locks the head of the audit log. Both: one writer at a time, and
readers see one instant of the whole ledger.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection

from stillwatch.domain.service_limits import (
    LEDGER_WAIT_S_MAX,
)
from stillwatch.store.durable import OWNER_ONLY
from stillwatch.store.ledger.errors import LedgerError, LedgerUnavailable

_WRITES: Final = "stillwatch_writes"
_MIGRATION_LOCK: Final = 0x5717_1EDC
"""Number of PostgreSQL's advisory lock under which a ledger is made or migrated."""
_READING: Final[dict[str, Any]] = {
    "isolation_level": "REPEATABLE READ",
    "postgresql_readonly": True,
}
_DIALECTS: Final = {"sqlite": "sqlite", "postgresql": "postgresql+pg8000"}
_URL_HINT: Final = "name a file, or postgresql://USER@HOST/DATABASE"


def open_engine(where: str | Path, *, may_make: bool) -> sa.Engine:
    """Open the database of a ledger: a path or `sqlite:///path`, or `postgresql://…`.

    Raises:
        LedgerError: it is neither, or a file that is to be there is not.
        LedgerUnavailable: the driver for PostgreSQL is not installed.
    """
    url = _read_url(where)
    if url.get_backend_name() == "sqlite":
        _require_file(url, may_make=may_make)
        return _open_sqlite(url)
    try:
        return _open_postgresql(url)
    except ModuleNotFoundError as absent:
        says = f"{absent.name} is not installed; `pip install stillwatch[postgres]` brings it"
        raise LedgerUnavailable(name_of(url), says=says) from absent


def name_of(url: sa.URL) -> str:
    """Name a ledger for people: without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.render_as_string(hide_password=True)


@contextmanager
def begin_write(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Begin a transaction that may write; it is committed at the end, or nothing of it.

    Raises:
        LedgerUnavailable: the database refuses, or others wrote for too long.
    """
    with _translated(engine), engine.connect() as opened:
        connection = opened.execution_options(**{_WRITES: True})
        with connection.begin():
            if connection.dialect.name == "postgresql":
                wait_ms = int(LEDGER_WAIT_S_MAX * 1_000)
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {wait_ms}")
            yield connection


@contextmanager
def begin_read(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Begin a transaction that sees one instant of the ledger and writes nothing.

    Raises:
        LedgerUnavailable: the database refuses.
    """
    options = _READING if engine.dialect.name == "postgresql" else {}
    with _translated(engine), engine.connect() as opened:
        connection = opened.execution_options(**options)
        with connection.begin() as transaction:
            yield connection
            transaction.rollback()


def lock_for_migration(connection: sa.Connection) -> None:
    """Let one process at a time make or migrate a ledger; SQLite's write has that already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")


@contextmanager
def _translated(engine: sa.Engine) -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as refused:
        raise LedgerUnavailable(name_of(engine.url), says=_says(refused)) from refused


def _says(refused: sa.exc.DBAPIError) -> str:
    """Give the database's own word for it: pg8000 hands over a table, whose `M` is the message."""
    told: Any = refused.orig.args[0] if refused.orig and refused.orig.args else "it refuses"
    text = str(told.get("M", "it refuses") if isinstance(told, dict) else told)
    return text.partition("\n")[0]


def _read_url(where: str | Path) -> sa.URL:
    text = str(where)
    if isinstance(where, Path) or "://" not in text:
        return sa.URL.create("sqlite", database=text)
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError) as refused:
        message = "cannot understand the address of the ledger"
        raise LedgerError(message, hint=_URL_HINT) from refused
    backend = url.drivername.split("+")[0]
    if backend not in _DIALECTS:
        message = f"a ledger cannot rest in {backend}"
        raise LedgerError(message, hint=_URL_HINT)
    return url.set(drivername=_DIALECTS[backend])


def _require_file(url: sa.URL, *, may_make: bool) -> None:
    if not url.database or url.database == ":memory:":
        message = "a ledger needs a file: what is in memory alone proves nothing"
        raise LedgerError(message, hint=_URL_HINT)
    path = Path(url.database)
    if path.exists():
        return
    if not may_make:
        message = f"there is no ledger {path}"
        raise LedgerError(message, hint=_URL_HINT)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, OWNER_ONLY))
    except OSError as refused:
        raise LedgerUnavailable(str(path), says=refused.strerror or "no file") from refused


def _open_sqlite(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url, connect_args={"timeout": LEDGER_WAIT_S_MAX})

    def set_up(connection: DBAPIConnection, _: Any) -> None:  # noqa: ANN401  SQLAlchemy's record
        connection.isolation_level = None  # sqlite3 begins nothing by itself
        cursor = connection.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    sa.event.listen(engine, "connect", set_up)
    sa.event.listen(engine, "begin", begin)
    return engine


def _open_postgresql(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url, pool_pre_ping=True)
    engine.dialect.use_insertmanyvalues_wo_returning = True  # pg8000 asks the server row by row
    return engine
