"""A house for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from looks_by_hand import House, make_empty, make_house


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with nothing in it."""
    return make_empty(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def house(tmp_path: Path, empty_ledger: Path) -> Iterator[House]:
    """An empty ledger, and a policy that suspends by machine up to three accounts of a campaign."""
    made = make_house(tmp_path, empty=empty_ledger)
    yield made
    made.ledger.close()
