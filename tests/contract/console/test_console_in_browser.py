"""The console in a browser: every page with axe-core, the table, pictures, a narrow screen.

It needs Chromium (the build installs Debian's), Playwright and axe; where one is missing it skips,
and says which.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from asked_console import query_of
from made_for_console import CAMPAIGN
from visits import NARROW, WIDE, Visit

from stillwatch.app.console import CATALOGUE
from stillwatch.app.console.frame.asked import address

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed"),
]
DRAWN = [
    page
    for page in CATALOGUE
    if "ledger" not in page.needs and not page.path.endswith((".json", "/alive"))
]
FOUND = "() => document.querySelector('[data-grid] .tally').textContent.includes(' of ')"


@pytest.mark.parametrize(
    "visit",
    [WIDE, NARROW],
    indirect=True,
    ids=["wide", "narrow"],
)
def test_every_page_is_for_everybody(visit: Visit) -> None:
    """WCAG 2.2 AA as far as axe-core can tell, light and dark; nothing hangs out; no error."""
    found = {}
    for page in DRAWN:
        visit.go(address(page.path, **query_of(page)))
        if violations := visit.violations_in_both():
            found[page.path] = violations
        assert visit.width() <= (visit.page.viewport_size or {})["width"], page.path
    assert found == {}


def test_the_table_finds_sorts_and_chooses(visit: Visit) -> None:
    """All rows are there, those in sight are drawn; what was asked for stands in the address."""
    page = visit.page
    visit.go(address("/campaign", id=CAMPAIGN) + "#members")
    grid = page.locator("[data-grid]")
    assert "400 accounts" in grid.locator(".tally").inner_text()
    assert grid.locator("tbody tr").count() < 80
    grid.get_by_role("button", name="Exchanges").click()
    grid.get_by_label("Search in the accounts").fill("suspect")
    page.wait_for_function(FOUND)
    assert "members.sort=-exchanges" in page.url
    assert "members.find=suspect" in page.url
    grid.get_by_label("Choose all that are listed").check()
    assert "57 chosen" in grid.locator(".chosen").inner_text()


def test_the_data_of_a_page_is_fetched_once(visit: Visit) -> None:
    """What the page asks for ahead is what its scripts read: the same address, no second time."""
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    visit.go(address("/campaign", id=CAMPAIGN) + "&graph=0")
    assert visit.page.locator(".graph-crumbs button").count() == 1
    for name in ("members.json", "graph.json"):
        assert len([url for url in asked if name in url]) == 1, asked


def test_a_drawing_is_kept_as_a_picture(visit: Visit, tmp_path: Path) -> None:
    """PNG of a chart and of the graph, under the policy that allows nothing inline."""
    page = visit.page
    visit.go(address("/campaign", id=CAMPAIGN))
    for name in ("PNG of: Exchanges by day", "PNG of the graph"):
        with page.expect_download() as kept:
            page.get_by_role("button", name=name).click()
        place = tmp_path / "drawing.png"
        kept.value.save_as(place)
        assert place.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert place.stat().st_size > 5_000


def test_light_and_dark_are_remembered(visit: Visit) -> None:
    """The switch wins over the system, on the next page too and before anything is drawn."""
    visit.go("/console")
    visit.page.get_by_role("button", name="Light or dark").click()
    visit.go("/console/runs")
    assert visit.page.locator("html").get_attribute("data-theme") == "dark"


def test_a_sheet_is_searched_without_a_new_page(visit: Visit) -> None:
    """Htmx fetches the table alone; the address follows."""
    page = visit.page
    visit.go(address("/account", id="acct_0000000000000001"))
    page.wait_for_function("() => window.htmx")
    page.evaluate("() => { window.kept = true; }")
    page.locator("#sheet-exchanges thead").get_by_role("link", name="Tokens out").click()
    page.wait_for_url("**exchanges.sort=-output_tokens**")
    assert page.evaluate("() => window.kept === true")
