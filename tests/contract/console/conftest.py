"""A console over a made-up result, asked as a person with every right and no ledger would."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from made_for_console import CAMPAIGN, HOSTILE, NOW, make_empty_result, make_wide_result

from stillwatch.app.console import make_console
from stillwatch.app.console.frame.page import Page
from stillwatch.app.service.access.keys import EverybodyMay
from stillwatch.app.service.problems import add_problems

STANDS_FOR = {
    "{campaign}": CAMPAIGN,
    "{account}": HOSTILE[0],
    "{group}": "g-" + HOSTILE[1],
}
"""What the examples of pages ask for, in the made-up result; the ledger's are not there."""


@pytest.fixture(scope="session")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a result with hostile text wherever text is."""
    return make_wide_result(tmp_path_factory.mktemp("console") / "wide")


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a result in which nothing was found."""
    return make_empty_result(tmp_path_factory.mktemp("console") / "empty")


def serve(result: Path | None) -> TestClient:
    """Give a client of a console over a result, or over none yet."""
    app = FastAPI()
    app.state.keys = EverybodyMay()
    app.state.ledger = None
    add_problems(app)
    app.include_router(make_console(lambda: result, clock=lambda: NOW).router)
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)


@pytest.fixture(scope="session")
def client(wide: Path) -> TestClient:
    """Give a client of the console."""
    return serve(wide)


def query_of(page: Page) -> dict[str, str]:
    """Give the query with which a page makes sense."""
    return {name: STANDS_FOR.get(value, value) for name, value in page.example.items()}
