"""A service with a ledger, users, a result and the console, shared by tests that change nothing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "service"))

from desks import Desk, desk_at, found_at


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands behind a desk, to be copied: a ledger is not made anew for every test."""
    place = tmp_path_factory.mktemp("founded")
    found_at(place)
    return place


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with something of every kind on it; whoever asks must leave it as it is."""
    with desk_at(tmp_path_factory.mktemp("filled")) as found:
        found.fill()
        yield found


@pytest.fixture
def desk(tmp_path: Path, founded: Path) -> Iterator[Desk]:
    """A desk of one's own."""
    place = tmp_path / "desk"
    shutil.copytree(founded, place)
    with desk_at(place) as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, founded: Path) -> Iterator[Desk]:
    """A desk for the tests of one file, each of which makes decisions and cases of its own."""
    place = tmp_path_factory.mktemp("shared") / "desk"
    shutil.copytree(founded, place)
    with desk_at(place) as found:
        yield found
