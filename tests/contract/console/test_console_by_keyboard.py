"""The console by keyboard alone: real keys from the top of a page, and what the eye sees of them.

It needs Chromium and Playwright; where one is missing it skips, and says which.
"""

from __future__ import annotations

import shutil

import pytest
from made_for_console import CAMPAIGN
from visits import DONE, NARROW, Visit

from stillwatch.app.console.frame.asked import address

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed"),
]


def test_three_steps_lead_from_the_overview_to_the_line_of_evidence(visit: Visit) -> None:
    """See the evidence, read its strongest line, open the figures: Tab and Enter, nothing else."""
    visit.go("/console")
    assert visit.tab_to("Skip to the page") == 1
    visit.press("Enter")
    assert visit.tab_to("See the evidence", most=12)
    visit.press("Enter")
    visit.page.wait_for_url("**/console/campaign?id=*#evidence")
    visit.page.wait_for_function(DONE)
    assert visit.page.get_by_text("Strongest: they share").is_visible()
    assert visit.tab_to("The figures, channel by channel", most=4)
    visit.press("Enter")
    assert visit.page.locator("details[open] tbody tr").count() >= 6


@pytest.mark.parametrize("visit", [NARROW], indirect=True, ids=["narrow"])
def test_every_stop_of_the_campaign_page_is_seen(visit: Visit) -> None:
    """On a telephone's width, from the top to the history: outlined, in sight, under nothing."""
    visit.go(address("/campaign", id=CAMPAIGN))
    stops = visit.tab_to("Similar campaigns", most=110)
    assert stops > 50


def test_the_grid_is_walked_with_arrows_and_left_with_tab(visit: Visit) -> None:
    """Arrows choose a row, Space marks it, Enter opens its account; Tab goes on as one reads."""
    visit.go(address("/campaign", id=CAMPAIGN) + "#members")
    visit.tab_to("Accounts of the campaign; arrows", most=8)
    visit.press("ArrowDown", "ArrowDown", "Space", "ArrowUp")
    assert "1 chosen" in visit.page.locator(".chosen").inner_text()
    row = visit.page.locator(".grid tr.at")
    name = row.locator("a code").inner_text()
    assert visit.tab_to("Choose all that are listed") == 1
    for heading in ("Account", "Verdict", "Probability", "Bits", "Exchanges", "Effect", "Plan"):
        assert visit.tab_to(heading) == 1
    visit.press(*["Shift+Tab"] * 8, "Enter")
    visit.page.wait_for_url("**/console/account?id=*")
    assert name in visit.page.locator("h1").inner_text()


def test_the_graph_opens_a_bundle_and_goes_back(visit: Visit) -> None:
    """Reached with Tab; the place in it stands in the address."""
    visit.go(address("/campaign", id=CAMPAIGN) + "#graph")
    visit.tab_to("Graph:", most=6)
    visit.press("ArrowDown", "Enter")
    visit.page.wait_for_url("**graph=0**")
    visit.page.wait_for_selector(".graph-crumbs button")
    visit.press("Backspace")
    visit.page.wait_for_function("() => !location.search.includes('graph=')")


def test_single_letters_go_and_can_be_turned_off(visit: Visit) -> None:
    """`g c` opens the campaigns, `/` the search, `?` the list; WCAG 2.1.4 asks for a way out."""
    keys = visit.page.keyboard
    visit.go("/console")
    keys.press("g")
    keys.press("c")
    visit.page.wait_for_url("**/console/campaigns")
    keys.press("?")
    visit.page.get_by_label("Turn single-letter keys off").check()
    keys.press("Escape")
    keys.press("/")
    assert visit.page.evaluate("document.activeElement.id") != "search"
