"""Empty pages and errors are for everybody too: axe-core, light and dark, and words that help.

It needs Chromium, Playwright and axe; where one is missing it skips, and says which.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from asked_console import query_of
from made_for_console import make_empty_result, make_wide_result
from visits import Visit, opened

from stillwatch.app.console import CATALOGUE
from stillwatch.app.console.frame.asked import address

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed"),
]
LISTS = ("/", "/campaigns", "/groups", "/runs", "/search")
WITH_ID = ("/campaign", "/account", "/group", "/graph", "/members")
NEED_A_LEDGER = [page.path for page in CATALOGUE if "ledger" in page.needs and page.section]


def found_on(visit: Visit, *addresses: str) -> dict[str, list[object]]:
    """Ask axe-core on pages; give what it found, and those without a heading or advice."""
    found = {}
    for one in addresses:
        visit.page.goto(visit.base + one)
        violations = visit.violations_in_both()
        if visit.page.locator("main h1").count() != 1 or not visit.page.locator("main p").count():
            violations.append("no heading, or no word of advice")
        if violations:
            found[one] = violations
    return found


def test_what_is_not_there_is_said_to_everybody(visit: Visit) -> None:
    """Unknown ids, no id, no such page, a search without a hit, a page that needs the ledger."""
    unknown = [address(path, id="<none>") for path in WITH_ID]
    others = ["/console/nowhere", "/console/campaign", "/console/search?q=%3Cnone%3E"]
    needy = [address(path) for path in NEED_A_LEDGER[:2]]
    assert found_on(visit, *unknown, *others, *needy) == {}


def test_a_result_without_findings_is_for_everybody(browser: Any, tmp_path: Path) -> None:  # noqa: ANN401
    """No campaign, no group, no decision: each list says what that means."""
    with opened(make_empty_result(tmp_path / "empty")) as base:
        visit = Visit(browser, base)
        visit.enter()
        assert found_on(visit, *(address(path) for path in LISTS)) == {}
        assert visit.complaints == []
        visit.context.close()


def test_a_broken_result_is_a_page_and_no_blank(browser: Any, tmp_path: Path) -> None:  # noqa: ANN401
    """A file that is cut off and one that is gone: the page says so, and others go on."""
    result = make_wide_result(tmp_path / "broken")
    cut = result / "evidence.parquet"
    cut.write_bytes(cut.read_bytes()[:200])
    (result / "groups.parquet").unlink()
    with opened(result) as base:
        visit = Visit(browser, base)
        visit.enter()
        pages = [page for page in CATALOGUE if page.path in ("/", "/campaign", "/groups")]
        asked = [address(page.path, **query_of(page)) for page in pages]
        assert found_on(visit, *asked) == {}
        said = visit.page.locator("main").inner_text()
        assert "groups.parquet" in said
        assert "fault of Stillwatch" not in said
        visit.context.close()
