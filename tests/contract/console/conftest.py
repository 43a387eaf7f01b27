"""A console over a made-up result, asked as a person with every right and no ledger would."""

from __future__ import annotations

from pathlib import Path

import pytest
from asked_console import serve
from fastapi.testclient import TestClient
from made_for_console import make_empty_result, make_wide_result


@pytest.fixture(scope="session")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a result with hostile text wherever text is."""
    return make_wide_result(tmp_path_factory.mktemp("console") / "wide")


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a result in which nothing was found."""
    return make_empty_result(tmp_path_factory.mktemp("console") / "empty")


@pytest.fixture(scope="session")
def client(wide: Path) -> TestClient:
    """Give a client of the console."""
    return serve(wide)
