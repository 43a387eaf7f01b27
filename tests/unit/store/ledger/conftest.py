"""A ledger for each test, on SQLite and on a real PostgreSQL server: the same tests on both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledgers_by_hand import KEY, NOW
from postgres_server import PostgresServer, programs, running_server

from stillwatch.store.ledger import Ledger, make_ledger


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, or a skip that says why there is none."""
    if programs() is None:
        pytest.skip("no PostgreSQL server: `initdb` is absent (Debian: apt-get install postgresql)")
    with running_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty place for a ledger."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.db")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_place()


@pytest.fixture
def ledger(where: str) -> Iterator[Ledger]:
    """An empty ledger."""
    made = make_ledger(where, key=KEY, ledger_id="ledger-1", now=NOW)
    yield made
    made.close()
