"""Make the screenshots of docs/console.md: every page of a result, in light, dark and narrow.

    python tools/screenshots.py            simulates and scans the demo first, about a minute
    python tools/screenshots.py RESULT     of a result that is there

Writes docs/images/console/PAGE-SCHEME.webp with Debian's Chromium and Playwright, three quarters of
the size of a screen, so that all of them together stay small enough for the repository.
"""

from __future__ import annotations

import base64
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import uvicorn
from playwright.sync_api import Browser, sync_playwright

from stillwatch.app.cli import main
from stillwatch.app.console import CATALOGUE
from stillwatch.app.console.frame.asked import address
from stillwatch.app.console.frame.page import Page
from stillwatch.app.console.opening import make_opened
from stillwatch.app.console.reading import Reading
from stillwatch.store.results import read_result

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs/images/console"
TOKEN: Final = "screenshots"  # noqa: S105  of a server that nobody else reaches
SCHEMES: Final[dict[str, dict[str, Any]]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 380, "height": 820}, "color_scheme": "light"},
}
PARTS: Final = {"campaign": ("evidence", "harvest", "graph", "members")}
"""Sections that get a picture of their own, in light."""
SCALE: Final = 0.75
QUALITY: Final = 55
READY: Final = """() => [...document.querySelectorAll("[data-grid],[data-graph]")]
  .every((one) => one.dataset.ready)"""


def pages_drawn() -> list[Page]:
    """Give the pages that a result alone can show."""
    data = (".json", "/alive")
    shown = [p for p in CATALOGUE if "ledger" not in p.needs and not p.path.endswith(data)]
    return [p for p in shown if p.path != "/sign-in"]  # the desk's has somebody to sign in


def name_of(page: Page) -> str:
    """Name the picture of a page."""
    return page.path.strip("/") or "overview"


def examples_of(result: Path) -> dict[str, str]:
    """Choose a campaign, an account of it and a group to be shown: the largest."""
    reading = Reading(read_result(result))
    campaign = reading.campaigns.sort("accounts", descending=True)["campaign_id"][0]
    members = reading.accounts.sort("exchanges", descending=True)
    account = next(r["account_id"] for r in members.to_dicts() if r["campaign_id"] == campaign)
    let_be = reading.findings.groups_let_be()
    return {"{campaign}": campaign, "{account}": account, "{group}": let_be["group_id"][0]}


def take(browser: Browser, base: str, stands_for: dict[str, str]) -> None:
    """Take every picture."""
    for scheme, shape in SCHEMES.items():
        context = browser.new_context(**shape)
        page = context.new_page()
        page.goto(f"{base}/enter?token={TOKEN}")
        session = context.new_cdp_session(page)
        for one in pages_drawn():
            query = {name: stands_for.get(value, value) for name, value in one.example.items()}
            page.goto(base.removesuffix("/console") + address(one.path, **query))
            page.wait_for_function(READY)
            page.wait_for_timeout(500)
            _keep(session, shape["viewport"], f"{name_of(one)}-{scheme}")
            for part in PARTS.get(name_of(one), ()) if scheme == "light" else ():
                page.evaluate("(id) => document.getElementById(id).scrollIntoView()", part)
                page.wait_for_timeout(300)
                _keep(session, shape["viewport"], f"{name_of(one)}-{part}-light")
        context.close()


def _keep(session: Any, size: dict[str, int], name: str) -> None:  # noqa: ANN401  Playwright's
    asked = {"format": "webp", "quality": QUALITY}
    offset = session.send("Page.getLayoutMetrics")["cssVisualViewport"]
    clip = {"x": offset["pageX"], "y": offset["pageY"], **size, "scale": SCALE}
    told = session.send("Page.captureScreenshot", {**asked, "clip": clip})
    content = base64.b64decode(told["data"])
    (FOLDER / f"{name}.webp").write_bytes(content)
    print(f"{name}.webp: {len(content):,} bytes")


@contextmanager
def served(result: Path) -> Iterator[str]:
    """Serve a result on loopback; give the address of the console."""
    bound = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(make_opened(result, token=TOKEN), log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{bound.getsockname()[1]}/console"
    server.should_exit = True
    thread.join()


def picture(result: Path) -> None:
    """Take the pictures of a result, in place of those that were there."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not installed")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with served(result) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take(browser, base, examples_of(result))
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        picture(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as place:
            sys.argv = ["stillwatch", "demo", "--out", place, "--no-open"]
            try:
                main()
            except SystemExit as ended:
                if ended.code:
                    raise
            picture(Path(place) / "result")
