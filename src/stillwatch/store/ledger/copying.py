"""A copy of a ledger as it was at one instant, while others write.

SQLite: its own online copy, one file. PostgreSQL: `pg_dump`, where that program is there. The
anchor of the audit log goes with it, so that whoever brings it back can tell that it is whole.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from stillwatch.store.durable import OWNER_ONLY
from stillwatch.store.ledger.audit.anchor import Anchor
from stillwatch.store.ledger.engine import begin_read, name_of, open_engine
from stillwatch.store.ledger.errors import LedgerUnavailable
from stillwatch.store.ledger.ledger import open_ledger

_DUMP: Final = "pg_dump"
_NO_DUMP: Final = "`pg_dump` is not there: install PostgreSQL's client programs, or copy it there"


def copy_ledger(
    where: str,
    folder: Path,
    *,
    names: tuple[str, str],
    now: datetime,
    environment: Mapping[str, str],
) -> tuple[str, Anchor]:
    """Copy a ledger into a folder; gives the file's name, and the anchor of the copy's audit log.

    names:   of the file, from SQLite and from PostgreSQL.
    environment: what `pg_dump` may see: its own variables name passwords and certificates.

    Of PostgreSQL the anchor is taken first: the copy holds it, and maybe some entries more.

    Raises:
        LedgerError: there is none, or it is of another version.
        LedgerUnavailable: the database can't be reached, or `pg_dump` is absent or fails.
    """
    engine = open_engine(where, may_make=False)
    url = engine.url
    if url.get_backend_name() == "postgresql":
        anchor = _anchor_of(where, now)
        with begin_read(engine) as connection:
            schema = connection.execute(sa.select(sa.func.current_schema())).scalar_one()
        engine.dispose()
        _dump(url, folder / names[1], schema=schema, environment=environment)
        return names[1], anchor
    copy = folder / names[0]
    copy_sqlite(Path(str(url.database)), copy)
    return names[0], _anchor_of(str(copy), now)


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite file as it is at one instant; others may write meanwhile.

    Raises:
        LedgerUnavailable: it can't be read, or the copy not written.
        FileExistsError: the copy's name is taken.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
    try:
        with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
            read.backup(written)
    except sqlite3.Error as refused:
        raise LedgerUnavailable(str(source), says=str(refused)) from refused


def _anchor_of(where: str, now: datetime) -> Anchor:
    opened = open_ledger(where)
    try:
        return opened.anchor(now=now)
    finally:
        opened.close()


def _dump(url: sa.URL, target: Path, *, schema: str, environment: Mapping[str, str]) -> None:
    """Dump the schema in which the ledger is at home, and no other."""
    program = shutil.which(_DUMP)
    if program is None:
        raise LedgerUnavailable(name_of(url), says=_NO_DUMP)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
    command = [program, "--format=custom", "--no-owner", f'--schema="{schema}"']
    done = subprocess.run(  # noqa: S603  found on the PATH, no shell, its arguments are the address
        [*command, f"--file={target}", *_reach(url)],
        env={**environment, **({"PGPASSWORD": str(url.password)} if url.password else {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        says = (done.stderr.strip().splitlines() or ["pg_dump failed"])[-1]
        raise LedgerUnavailable(name_of(url), says=says)


def _reach(url: sa.URL) -> list[str]:
    """Word an address as PostgreSQL's own programs take it; a socket is named by its folder."""
    socket = Path(str(url.query.get("unix_sock", "")))
    port = url.port or (int(socket.suffix[1:]) if socket.suffix[1:].isdigit() else None)
    host = url.host or (str(socket.parent) if socket.name else None)
    given = {"--host": host, "--port": port, "--username": url.username, "--dbname": url.database}
    return [f"{name}={value}" for name, value in given.items() if value is not None]
