"""Coming in: the first code, invitations, keys; and what a session is worth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from people import House, house


@pytest.fixture
def place(tmp_path: Path) -> Iterator[House]:
    """A service over an empty ledger."""
    with house(tmp_path) as found:
        yield found


def show_code(place: House) -> str:
    """Read the first code off the terminal."""
    shown: list[str] = []
    assert place.access.tell_first_code(shown.append, url="http://127.0.0.1")
    return next(line.strip() for line in shown[0].splitlines() if line.count("-") == 3)


def test_the_terminals_code_makes_the_first_administrator(place: House) -> None:
    """Once; then it opens nothing, and nobody else becomes one in that way."""
    code, ann = show_code(place), place.browser()
    reply = ann.ask("/v1/session/first", body={"code": code.lower(), "user_id": "ann"})
    assert reply.status == 200, reply.body
    assert reply.json["scopes"] == ["administer", "metrics", "read"]
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert ann.ask("/v1/me").json["by"] == "session"
    again = place.browser().ask("/v1/session/first", body={"code": code, "user_id": "eve"})
    assert again.status == 403
    assert not place.access.tell_first_code(print, url="")


def test_a_session_changes_something_with_its_token_alone(place: House) -> None:
    """Without, with another's, or from another site: 403, and the session goes on."""
    place.add("ann", "viewer")
    ann = place.sign_in("ann")
    for wrong in (
        {"x-stillwatch-csrf": None},
        {"x-stillwatch-csrf": "0" * 43},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": None, "sec-fetch-site": None},
    ):
        assert ann.ask("/v1/session/end", method="POST", headers=wrong).status == 403, wrong
    assert ann.ask("/v1/me").status == 200
    assert ann.ask("/v1/session/end", method="POST").json == {"ended": 1}
    assert ann.ask("/v1/me").status == 401
