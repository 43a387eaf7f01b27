"""A ledger for each test, as the ledger's own tests have it, and a receiver on loopback."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "store" / "ledger"))

from deliveries_by_hand import Clock
from ledgers_by_hand import KEY, NOW
from loopback_receiver import Receiver, receiving
from postgres_server import PostgresServer, programs, running_server

from stillwatch.store.ledger import Ledger, make_ledger, open_ledger


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger as a file, to be copied: making one takes a second."""
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    make_ledger(path, key=KEY, ledger_id="ledger-1", now=NOW).close()
    return path


@pytest.fixture
def place(template: Path, tmp_path: Path) -> Path:
    """The file of an empty ledger."""
    return Path(shutil.copy(template, tmp_path / "ledger.db"))


@pytest.fixture
def ledger(place: Path) -> Iterator[Ledger]:
    """An empty ledger on SQLite."""
    opened = open_ledger(place, key=KEY)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, or a skip that says why there is none."""
    if programs() is None:
        pytest.skip("no PostgreSQL server: `initdb` is absent (Debian: apt-get install postgresql)")
    with running_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, place: Path) -> Iterator[Ledger]:
    """An empty ledger on each of the two databases."""
    if request.param == "sqlite":
        opened = open_ledger(place, key=KEY)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        opened = make_ledger(server.new_place(), key=KEY, ledger_id="ledger-1", now=NOW)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands until it is moved."""
    return Clock(NOW)


@pytest.fixture
def receive() -> Iterator[Callable[..., Receiver]]:
    """Start receivers on loopback; they end with the test."""
    with ExitStack() as stack:

        def start(**settings: object) -> Receiver:
            return stack.enter_context(receiving(**settings))

        yield start
