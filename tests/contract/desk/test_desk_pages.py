"""Every page of the desk, found by the catalogue: each role, empty, without result or ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from control_service import HEADS, write_result
from desks import Desk, desk_at, plain, query_of
from starlette.testclient import TestClient

from stillwatch.app.console.desk import PAGES
from stillwatch.app.console.frame.page import Page
from stillwatch.app.console.gate import ENTER
from stillwatch.app.console.opening import make_opened

SHOWN = [page for page in PAGES if page.act is None and page.scope]
FORMS = [page for page in PAGES if page.act is not None]
ROWS = [page for page in SHOWN if "id" in page.example and page.path != "/policies/edit"]
LISTED = [page for page in PAGES if page.section]
TOKEN = "test"  # noqa: S105  of a console that nobody else reaches
TABLES = [
    (path, path[1:])
    for path in ("/decisions", "/cases", "/appeals", "/policies", "/permissions", "/users", "/keys")
] + [("/audit", "entries"), ("/keys", "sessions"), ("/settings", "settings")]
FRAGMENTS = ("/decisions/waiting", "/decision/rollout")


def named(page: Page) -> str:
    """Name a page in a test's id."""
    return page.path


@pytest.mark.parametrize("page", SHOWN, ids=named)
def test_a_page_is_shown_to_everybody_who_may_read(page: Page, filled: Desk) -> None:
    """Whoever reads, approves or administers sees every page, and never a fault."""
    for name in ("vera", "ben", "adam"):
        found = filled.person(name).look(page.path, **query_of(page, filled))
        assert found.status_code == 200, (name, plain(found.text))
        is_page = found.headers["content-type"].startswith("text/html")
        assert "stillwatch-" in found.headers.get("content-disposition", "") or is_page
        if is_page and page.path not in FRAGMENTS:
            assert found.text.count("<h1>") == 1


@pytest.mark.parametrize("page", SHOWN, ids=named)
def test_nobody_is_led_to_the_sign_in(page: Page, filled: Desk) -> None:
    """Whoever has not signed in sees nothing of the ledger, and is led to where they may."""
    with TestClient(filled.app, base_url="http://127.0.0.1") as nobody:
        found = nobody.get(page.address, params=query_of(page, filled), follow_redirects=False)
    assert (found.status_code, found.headers["location"]) == (303, "/console/sign-in")


@pytest.mark.parametrize("page", ROWS, ids=named)
def test_what_is_not_there_is_a_page_that_says_so(page: Page, filled: Desk) -> None:
    """An id that names nothing, and none at all, are 404 in words."""
    for query in ({"id": "no-such-id"}, {}):
        found = filled.person("vera").look(page.path, **query)
        assert found.status_code == 404
        assert "There is no" in plain(found.text)


@pytest.mark.parametrize(("path", "name"), TABLES)
def test_a_list_exports_what_it_shows(path: str, name: str, filled: Desk) -> None:
    """CSV and JSON of each list are files."""
    for form in ("csv", "json"):
        found = filled.person("adam").look(path, export=f"{name}.{form}")
        assert found.headers["content-disposition"].startswith("attachment")
        assert found.content


def test_an_empty_ledger_says_what_to_do(tmp_path: Path) -> None:
    """Lists without a row are pages with a sentence, with a result and without one."""
    with desk_at(tmp_path, has_result=False) as desk:
        for page in LISTED:
            found = desk.person("ann").look(page.path)
            assert found.status_code == 200, (page.path, plain(found.text))
        assert "Nothing waits for approval" in plain(desk.person("ann").look("/decisions").text)
        tried = desk.person("ann").look("/decide", accounts=HEADS[0], effect="suspend")
        assert "Not known: no result" in plain(tried.text)


def test_without_a_ledger_the_desk_is_not_there(tmp_path: Path, filled: Desk) -> None:
    """`stillwatch open` lists none of it, and says so to whoever knows an address."""
    result = write_result(tmp_path / "result", filled.now)
    with TestClient(make_opened(result, token=TOKEN), base_url="http://127.0.0.1:1") as client:
        client.get(ENTER, params={"token": TOKEN}, follow_redirects=False)
        overview = client.get("/console/campaigns")
        assert overview.status_code == 200
        for page in PAGES:
            assert f'href="{page.address}"' not in overview.text
            found = client.get(page.address, follow_redirects=False)
            if page.path == "/sign-in":
                assert "Nobody signs in here" in plain(found.text)
            elif found.status_code != 303:
                assert (found.status_code, "needs the ledger" in found.text) == (404, True)


def test_the_waiting_decisions_are_a_part_for_other_pages(filled: Desk) -> None:
    """The fragment has no frame, and leads to each decision that waits."""
    found = filled.person("ben").look("/decisions/waiting")
    assert "<html" not in found.text
    assert filled.ids["waiting"] in found.text
    assert "0 of 1 approvals" in found.text


def test_pages_of_the_result_show_what_the_ledger_knows(filled: Desk) -> None:
    """The overview has the queue, campaign and account their decisions; search finds an id."""
    ben, ids = filled.person("ben"), filled.ids
    assert ids["waiting"] in ben.look("").text
    account = ben.look("/account", id=HEADS[0]).text
    assert ids["decision"] in account
    assert ids["appeal"] in account
    campaign = ben.look("/campaign", id=ids["campaign"]).text
    assert ids["waiting"] in campaign
    assert ids["case"] in campaign
    for name in ("decision", "case", "appeal", "policy", "permission", "user"):
        found = ben.look("/search", q=ids[name])
        assert found.headers.get("location", "").startswith(f"/console/{name}?id="), name
    unknown = ben.look("/search", q=filled.reference(ids["decision"]))
    assert unknown.status_code == 200


def test_the_bare_address_leads_to_the_console(desk: Desk) -> None:
    """Whoever types the service's host finds the pages."""
    found = TestClient(desk.app, base_url="http://127.0.0.1").get("/", follow_redirects=False)
    assert (found.status_code, found.headers["location"]) == (307, "/console")
