"""A client of a console over a made-up result, and what the examples of its pages stand for."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient
from made_for_console import CAMPAIGN, HOSTILE, NOW

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


def serve(result: Path | None) -> TestClient:
    """Give a client of a console over a result, or over none yet."""
    app = FastAPI()
    app.state.keys = EverybodyMay()
    app.state.ledger = None
    add_problems(app)
    app.include_router(make_console(lambda: result, clock=lambda: NOW).router)
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)


def query_of(page: Page) -> dict[str, str]:
    """Give the query with which a page makes sense."""
    return {name: STANDS_FOR.get(value, value) for name, value in page.example.items()}
