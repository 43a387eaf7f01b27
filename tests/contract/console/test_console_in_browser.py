"""The console in a browser: every page with axe-core, the keyboard's path, a narrow screen.

It needs Chromium (the build installs Debian's), Playwright and axe; where one is missing it skips,
and says which.
"""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
import uvicorn
from asked_console import query_of
from made_for_console import CAMPAIGN, make_wide_result

from stillwatch.app.console import CATALOGUE
from stillwatch.app.console.frame.asked import address
from stillwatch.app.console.opening import make_opened

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed"),
]
TOKEN = "test"  # noqa: S105  of a server that nobody else reaches
DRAWN = [
    page
    for page in CATALOGUE
    if "ledger" not in page.needs and not page.path.endswith((".json", "/alive"))
]
NARROW = {"width": 380, "height": 800}
WIDE = {"width": 1280, "height": 900}
AXE = """async () => {
  const only = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const found = await axe.run(document, { runOnly: only });
  return found.violations.map((one) => [one.id, one.nodes.slice(0, 3).map((node) => node.html)]);
}"""
DONE = """() => [...document.querySelectorAll("[data-grid],[data-graph]")]
  .every((one) => one.dataset.ready)"""
FOUND = "() => document.querySelector('[data-grid] .tally').textContent.includes(' of ')"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of an opened result with hostile text wherever text is."""
    result = make_wide_result(tmp_path_factory.mktemp("browser") / "wide", accounts=400)
    bound = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(make_opened(result, token=TOKEN), log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Give Debian's Chromium."""
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


class Visit:
    """A page in the browser, and everything that it complained of."""

    def __init__(self, browser, base: str, *, size: dict[str, int], scheme: str = "light") -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  Playwright's
        self.base = base
        self.complaints: list[str] = []
        context = browser.new_context(viewport=size, color_scheme=scheme)
        self.page = context.new_page()
        self.page.on("console", lambda said: self._note(said.type, said.text))
        self.page.on("pageerror", lambda fault: self._note("error", str(fault)))
        self.page.on("dialog", lambda dialog: self._note("error", f"dialog {dialog.message}"))
        self.page.goto(f"{base}/console/enter?token={TOKEN}")

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and "status of 404" not in text:
            self.complaints.append(text)

    def go(self, path: str) -> None:
        """Open a page and wait until it can be used."""
        self.page.goto(self.base + path)
        self.page.wait_for_function(DONE)

    def violations(self) -> list[object]:
        """Ask axe-core."""
        axe = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
        self.page.evaluate(axe)
        return list(self.page.evaluate(AXE))

    def width(self) -> int:
        """Give how wide the page is, what hangs out of it too."""
        return int(self.page.evaluate("() => document.documentElement.scrollWidth"))


@pytest.fixture
def visit(browser: object, base: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Give a page at the size and scheme that the test names, and let no complaint pass."""
    size, scheme = getattr(request, "param", (WIDE, "light"))
    opened = Visit(browser, base, size=size, scheme=scheme)
    yield opened
    opened.page.context.close()
    assert opened.complaints == []


@pytest.mark.parametrize(
    "visit",
    [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light")],
    indirect=True,
    ids=["light", "dark", "narrow"],
)
def test_every_page_is_for_everybody(visit: Visit) -> None:
    """WCAG 2.2 AA as far as axe-core can tell; nothing hangs out; no error, no blocked script."""
    found = {}
    for page in DRAWN:
        visit.go(address(page.path, **query_of(page)))
        if violations := visit.violations():
            found[page.path] = violations
        assert visit.width() <= (visit.page.viewport_size or {})["width"], page.path
    assert found == {}


def test_refusals_and_empty_searches_are_for_everybody(visit: Visit) -> None:
    """An error page and a search without a hit are checked like the others."""
    for path in ("/console/nowhere", "/console/campaign?id=none", "/console/search?q=%3Cnone%3E"):
        visit.page.goto(visit.base + path)
        assert visit.violations() == []


def test_the_keyboard_leads_to_the_evidence_in_three_steps(visit: Visit) -> None:
    """Overview, the first campaign of the table, the figures of one channel: without a mouse."""
    keys = visit.page.keyboard
    visit.go("/console")
    keys.press("j")
    keys.press("Enter")
    visit.page.wait_for_url("**/console/campaign?id=*")
    visit.page.wait_for_function(DONE)
    summary = visit.page.locator("summary", has_text="channel by channel")
    summary.focus()
    keys.press("Enter")
    assert visit.page.get_by_role("rowheader", name="a payment instrument").first.is_visible() or (
        visit.page.locator("details[open] tbody tr").count() >= 6
    )


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


def test_the_table_finds_sorts_and_chooses(visit: Visit) -> None:
    """All rows are there, those in sight are drawn; what was asked for stands in the address."""
    page = visit.page
    visit.go(address("/campaign", id=CAMPAIGN))
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


def test_the_graph_opens_a_bundle_and_goes_back(visit: Visit) -> None:
    """By keyboard; the place in it stands in the address."""
    page = visit.page
    visit.go(address("/campaign", id=CAMPAIGN))
    canvas = page.locator(".graph canvas")
    canvas.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**graph=0**")
    page.wait_for_selector(".graph-crumbs button")
    page.keyboard.press("Backspace")
    page.wait_for_function("() => !location.search.includes('graph=')")


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
