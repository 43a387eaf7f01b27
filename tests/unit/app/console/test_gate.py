"""The door of an opened result: one token, one cookie, one machine; and when nobody is there."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse

from stillwatch.app.console.gate import COOKIE, ENTER, Gate, ReadOnly

TOKEN = "a-token-that-nobody-guesses"  # noqa: S105  of a test


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Give a clock at nought."""
    return Clock()


@pytest.fixture
def client(clock: Clock) -> TestClient:
    """Give a client of a gate before an application that says yes."""
    gate = Gate(PlainTextResponse("yes"), token=TOKEN, clock=clock)
    return TestClient(gate, base_url="http://127.0.0.1:8000", follow_redirects=False)


def test_the_token_becomes_a_cookie(client: TestClient) -> None:
    """That no script reads and no other site sends; then everything answers."""
    entered = client.get(ENTER, params={"token": TOKEN})
    assert entered.status_code == 303
    told = entered.headers["set-cookie"]
    assert "HttpOnly" in told
    assert "SameSite=Strict" in told
    assert client.get("/console").text == "yes"


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "\u202e"])
def test_another_token_opens_nothing(client: TestClient, token: str) -> None:
    """And leaves no cookie."""
    answer = client.get(ENTER, params={"token": token})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_without_a_cookie_nothing_answers(client: TestClient) -> None:
    """Not even with one that is nearly right."""
    assert client.get("/console").status_code == 401
    client.cookies.set(COOKIE, TOKEN[:-1])
    assert client.get("/console").status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "", "[::1]:8000"])
def test_another_host_name_is_refused(client: TestClient, host: str) -> None:
    """A page of somebody else's can't ask through a name of its own (rebinding)."""
    answer = client.get(ENTER, params={"token": TOKEN}, headers={"host": host})
    assert answer.status_code == 421


def test_it_knows_when_nobody_is_there(clock: Clock) -> None:
    """Only who is let in counts: a stranger's knocking keeps nothing open."""
    gate = Gate(PlainTextResponse("yes"), token=TOKEN, clock=clock)
    client = TestClient(gate, base_url="http://localhost", follow_redirects=False)
    clock.now = 50.0
    client.get("/console")
    assert gate.is_idle(40)
    client.get(ENTER, params={"token": TOKEN})
    assert not gate.is_idle(40)


def test_the_reader_may_read_and_no_more() -> None:
    """Whatever key is told."""
    assert ReadOnly("you").find("any").scopes == {"read"}
