"""Every form of the desk by every role: who may, who may not, and what is forged."""

from __future__ import annotations

from pathlib import Path

import pytest
from desks import HERE, PEOPLE, Desk, desk_at, plain
from starlette.testclient import TestClient

from stillwatch.app.console.desk import PAGES
from stillwatch.app.console.frame.page import Page
from stillwatch.app.service.access.scopes import ROLE_SCOPES

FORMS = [page for page in PAGES if page.act is not None]
SOME = [
    pytest.param(page, marks=() if number % 4 == 0 else pytest.mark.long)
    for number, page in enumerate(FORMS)
]
"""Every fourth form at every run, all of them where `long` ones run."""


def named(page: Page) -> str:
    """Name a form in a test's id."""
    return page.path


def entries(desk: Desk) -> int:
    """Count what was ever changed."""
    with desk.ledger.read() as view:
        return view.find_head().entries


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk that these tests may change, with everybody signed in."""
    with desk_at(tmp_path_factory.mktemp("busy")) as found:
        for name in PEOPLE:
            found.person(name)
        yield found


@pytest.mark.parametrize("page", FORMS, ids=named)
def test_whoever_lacks_the_scope_changes_nothing(page: Page, busy: Desk) -> None:
    """A role without a form's scope is refused in words, and the ledger stays as it was."""
    before = entries(busy)
    for name, role in PEOPLE.items():
        if page.act_scope not in ROLE_SCOPES[role]:
            found = busy.person(name).send(page.path, {"id": "x", "why": "y", "version": "1"})
            assert found.status_code == 403, (name, plain(found.text))
            assert f"needs the scope {page.act_scope}" in plain(found.text)
    assert entries(busy) == before


@pytest.mark.parametrize("page", SOME, ids=named)
def test_whoever_has_the_scope_is_let_through(page: Page, busy: Desk) -> None:
    """A role with the scope gets as far as the form's own questions; nothing is a fault."""
    for name, role in PEOPLE.items():
        if page.act_scope in ROLE_SCOPES[role]:
            found = busy.person(name).send(page.path, {"own_id": f"{page.path}-{name}"})
            assert found.status_code in (200, 303, 404, 409, 422), (name, plain(found.text))


@pytest.mark.parametrize("page", SOME, ids=named)
def test_a_forged_form_is_refused(page: Page, busy: Desk) -> None:
    """Without either token, with another person's, or from another site it changes nothing."""
    before = entries(busy)
    who = busy.person(next(n for n, r in PEOPLE.items() if page.act_scope in ROLE_SCOPES[r]))
    who.look("/audit")
    own, others = dict(who.tokens), dict(who.tokens)
    assert set(own) == {"csrf", "csrf_token"}
    others["csrf"] = "0" * 64
    for lacking in ({"csrf": ""}, {"csrf_token": ""}, others):
        found = who.send(page.path, {**own, **lacking})
        assert found.status_code == 403, (lacking, plain(found.text))
    assert who.send(page.path, {}, origin="https://elsewhere.example").status_code == 403
    assert entries(busy) == before


def test_nobody_sends_nothing(busy: Desk) -> None:
    """Without a session every form is led to the sign-in, and changes nothing."""
    before = entries(busy)
    headers = {"origin": HERE, "sec-fetch-site": "same-origin"}
    with TestClient(busy.app, base_url=HERE, follow_redirects=False) as nobody:
        for page in FORMS:
            found = nobody.post(page.address, data={}, headers=headers)
            where = found.headers.get("location")
            assert (found.status_code, where) == (303, "/console/sign-in"), page.path
    assert entries(busy) == before


def test_a_form_asked_for_by_address_leads_back(busy: Desk) -> None:
    """Whoever reloads where a form was sent lands on a page, and nothing is done."""
    before = entries(busy)
    leads = set()
    for page in FORMS:
        found = busy.person("vera").look(page.path)
        if page.path != "/decide":
            assert found.status_code == 303, page.path
            leads.add(found.headers["location"])
    for where in leads:
        assert busy.person("vera").client.get(where).status_code == 200, where
    assert entries(busy) == before


def test_a_page_shows_the_buttons_of_a_role_alone(filled: Desk) -> None:
    """A form's address stands on a page only for those who may send it."""
    seen = {
        "/decision": ("/decision/revert", {"id": filled.ids["decision"]}, {"analyst", "approver"}),
        "/case": ("/case/close", {"id": filled.ids["case"]}, {"analyst", "approver"}),
        "/permissions": ("/permissions/grant", {}, {"admin"}),
        "/policy": ("/policy/activate", {"id": filled.ids["policy"]}, {"admin"}),
        "/users": ("/users/add", {}, {"admin"}),
        "/user": ("/user/invite", {"id": "ann"}, {"admin"}),
    }
    for path, (form, query, roles) in seen.items():
        shown = {
            role
            for name, role in PEOPLE.items()
            if f'action="/console{form}"' in filled.person(name).look(path, **query).text
        }
        assert shown == roles, path


def test_approving_is_offered_to_a_second_person_alone(filled: Desk) -> None:
    """Neither proposer, nor analyst, nor administrator sees the button; each reads why."""
    said = {}
    for name in PEOPLE:
        page = filled.person(name).look("/decision", id=filled.ids["waiting"]).text
        said[name] = 'action="/console/decision/approve"' in page
    assert said == {name: role == "approver" for name, role in PEOPLE.items()}
    words = plain(filled.person("ann").look("/decision", id=filled.ids["waiting"]).text)
    assert "Approving is for people with the role approver" in words


def test_a_key_may_not_more_by_the_console(tmp_path: Path) -> None:
    """A session that began with a key may what the key may: reading, where that is all."""
    with desk_at(tmp_path) as desk:
        ben = desk.person("ben")
        made = ben.send("/keys/issue", {"own_id": "key-1-own", "scope": "read", "days": "3"})
        key = plain(made.text).partition("shown once ")[2].split()[0]
        assert key.startswith("stillwatch-")
        with TestClient(desk.app, base_url=HERE) as other:
            headers = {"origin": HERE, "sec-fetch-site": "same-origin"}
            desk.access.door.rates._sign_ins._held.clear()
            found = other.post(
                "/console/sign-in/key", data={"key": key}, headers=headers, follow_redirects=False
            )
            assert found.headers["location"] == "/console"
            page = other.get("/console/cases")
            assert page.status_code == 200
            assert 'action="/console/cases/open"' not in page.text
        again = ben.send("/keys/issue", {"own_id": "key-1-own", "scope": "read"})
        assert again.status_code == 409
