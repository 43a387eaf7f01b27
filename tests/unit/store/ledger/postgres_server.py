"""A PostgreSQL server of Debian's package, in a folder of its own, for as long as the tests run.

`initdb` refuses root, so that as root it runs as the `postgres` user. It listens on a socket in its
folder and nowhere else. What a test writes need not survive a power cut: fsync is off, but where a
bench asks for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import sqlalchemy as sa

_USER = "postgres"
_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_directories": "'{folder}'",
    "max_connections": "60",
}
_numbers = count(1)


def programs() -> Path | None:
    """Where `initdb` and `pg_ctl` are: on the path, or where Debian puts the newest version."""
    found = shutil.which("initdb")
    if found and shutil.which("pg_ctl"):
        return Path(found).parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(installed, key=lambda path: int(path.parts[-3]), default=None)
    return newest.parent if newest else None


class PostgresServer:
    """A running server; every test gets a schema and a user of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def pid(self) -> int:
        """The process whose children serve connections."""
        return int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    def url(self, user: str) -> str:
        """Give the address of a user's schema, as the product takes it."""
        return f"postgresql://{user}@/postgres?unix_sock={self.folder}/.s.PGSQL.5432"

    def new_place(self) -> str:
        """Make a user with an empty schema, and give its address: tables go where it is at home."""
        name = f"ledger_{next(_numbers)}"
        address = self.url(_USER).replace("postgresql:", "postgresql+pg8000:")
        engine = sa.create_engine(address, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN")
            connection.exec_driver_sql(f"CREATE SCHEMA {name} AUTHORIZATION {name}")
        engine.dispose()
        return self.url(name)


@contextmanager
def running_server(*, fsync: str = "off") -> Iterator[PostgresServer]:
    """Start a server in a new folder, and stop it at the end."""
    bin_folder = programs()
    assert bin_folder is not None
    folder = Path(tempfile.mkdtemp(prefix="sw-pg-"))
    data = folder / "data"
    if os.geteuid() == 0:
        shutil.chown(folder, _USER)
    initdb = ("initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync")
    control = ("pg_ctl", "-D", data, "-w", "-l", folder / "log")
    settings = {**_SETTINGS, "fsync": fsync}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    try:
        _run(bin_folder, *initdb, "--locale=C.UTF-8")
        _run(bin_folder, *control, "-o", options.format(folder=folder), "start")
        try:
            yield PostgresServer(folder)
        finally:
            _run(bin_folder, *control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(bin_folder: Path, program: str, *arguments: object) -> None:
    """Run one of the server's programs as a user that it accepts."""
    as_user = ("setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups")
    command = [*(as_user if os.geteuid() == 0 else ()), bin_folder / program, *arguments]
    subprocess.run(
        list(map(str, command)),
        check=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
    )
