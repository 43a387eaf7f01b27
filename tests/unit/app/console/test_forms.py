"""Forms: nothing is changed that another site, or another person, has sent."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from stillwatch.app.console import answering
from stillwatch.app.console.console import make_console
from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Moved, Page, Shown
from stillwatch.app.service.access.keys import EverybodyMay, KeyRing, Principal
from stillwatch.app.service.problems import add_problems
from stillwatch.domain.service_limits import CONSOLE_FORM_BYTES_MAX

RIGHT = "right"
SAME = {"sec-fetch-site": "same-origin"}


class May:
    """A ring in which everybody may read, and nobody work."""

    def find(self, key: str) -> Principal:
        """Give a reader."""
        del key
        return Principal("reader", frozenset({"read"}))


def serve(done: list[str], keys: KeyRing | None = None) -> TestClient:
    """Give a client of a console with one form."""

    def view(asked: Asked) -> Shown:
        assert asked.query is not None
        return Shown("refused.html", {"refused": {"title": "t", "status": 1, "advice": "form:"}})

    def act(asked: Asked) -> Moved:
        done.append(asked.said("what"))
        return Moved("/console/done")

    page = Page("/form", "Form", view, act=act)
    app = FastAPI()
    app.state.keys = keys or EverybodyMay()
    app.state.ledger = None
    add_problems(app)
    app.include_router(make_console(lambda: None, pages=[page]).router)
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)


def token_of(client: TestClient) -> str:
    """Read the token that a page would put into a form, while it is drawn."""
    seen: list[str] = []
    original = answering.render

    def render(template: str, context: dict[str, object]) -> bytes:
        seen.append(str(context.get("form_token") or context["token"]))
        return original(template, context)

    answering.render = render  # type: ignore[assignment]
    try:
        client.get("/console/form")
    finally:
        answering.render = original
    return seen[-1]


def test_a_form_of_this_page_is_acted_on() -> None:
    """Same origin, right token: done, and moved on."""
    done: list[str] = []
    client = serve(done)
    form = {"csrf": token_of(client), "what": " so "}
    answer = client.post("/console/form", data=form, headers=SAME)
    assert (answer.status_code, answer.headers["location"], done) == (303, "/console/done", ["so"])


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", SAME),
        ("0" * 64, SAME),
        (RIGHT, {"sec-fetch-site": "cross-site"}),
        (RIGHT, {"sec-fetch-site": "same-site"}),
        (RIGHT, {"origin": "http://evil.example"}),
        (RIGHT, {"origin": "null"}),
        (RIGHT, {}),
    ],
)
def test_a_forged_form_is_refused(token: str, headers: dict[str, str]) -> None:
    """Without the token, or from elsewhere: 403, and nothing is done."""
    done: list[str] = []
    client = serve(done)
    told = token_of(client) if token == RIGHT else token
    answer = client.post("/console/form", data={"csrf": told, "what": "x"}, headers=headers)
    assert (answer.status_code, done) == (403, [])


def test_a_token_of_another_service_is_refused() -> None:
    """Each start draws a secret of its own."""
    other = token_of(serve([]))
    answer = serve([]).post("/console/form", data={"csrf": other}, headers=SAME)
    assert answer.status_code == 403


def test_who_may_not_work_is_refused_before_the_form_is_read() -> None:
    """The scope comes first."""
    done: list[str] = []
    client = serve(done, May())
    answer = client.post("/console/form", data={"csrf": token_of(client)}, headers=SAME)
    assert (answer.status_code, done) == (403, [])


def test_a_form_is_read_within_bounds() -> None:
    """Too long is refused, and so is what is no form."""
    client = serve([])
    long = client.post("/console/form", data={"csrf": "x" * CONSOLE_FORM_BYTES_MAX}, headers=SAME)
    other = client.post(
        "/console/form", content=b"{}", headers=SAME | {"content-type": "text/plain"}
    )
    assert (long.status_code, other.status_code) == (413, 415)
