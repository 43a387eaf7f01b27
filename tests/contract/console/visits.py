"""A visit to the console in Debian's Chromium, with axe-core, and all that it complained of."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import uvicorn

from stillwatch.app.console.opening import make_opened

TOKEN = "test"  # noqa: S105  of a server that nobody else reaches
NARROW = {"width": 380, "height": 800}
WIDE = {"width": 1280, "height": 900}
AXE = """async (only) => {
  const found = await axe.run(document, { runOnly: only });
  return found.violations.map((one) => [one.id, one.nodes.slice(0, 3).map((node) => node.html)]);
}"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DONE = """() => [...document.querySelectorAll("[data-grid],[data-graph]")]
  .every((one) => one.dataset.ready)"""
FOCUS = """() => {
  const one = document.activeElement;
  const box = one.getBoundingClientRect();
  const look = getComputedStyle(one);
  const inside = (at, most) => Math.min(Math.max(at, 1), most - 2);
  const top = document.elementFromPoint(
    inside(box.left + Math.min(box.width / 2, 20), innerWidth),
    inside(box.top + Math.min(box.height / 2, 20), innerHeight));
  return {
    name: (one.getAttribute("aria-label") || one.textContent || one.id).trim(),
    tag: one.tagName,
    outlined: parseFloat(look.outlineWidth) >= 2 && look.outlineStyle !== "none",
    covered: !(top && (one.contains(top) || top.contains(one))),
  };
}"""
"""Where the keyboard is: what a person who presses Tab sees of it."""


@contextmanager
def opened(result: Path) -> Iterator[str]:
    """Open a result as `stillwatch open` does; give the address of the service."""
    bound = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(make_opened(result, token=TOKEN), log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Debian's Chromium."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  not installed everywhere

    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


class Visit:
    """A page in the browser, and everything that it complained of."""

    def __init__(self, browser: Any, base: str, *, size: dict[str, int] = WIDE) -> None:  # noqa: ANN401  Playwright's
        self.base = base
        self.complaints: list[str] = []
        self.context = browser.new_context(viewport=size, color_scheme="light")
        self.page = self.context.new_page()
        self.page.on("console", lambda said: self._note(said.type, said.text))
        self.page.on("pageerror", lambda fault: self._note("error", str(fault)))
        self.page.on("dialog", lambda dialog: self._note("error", f"dialog {dialog.message}"))

    def enter(self) -> None:
        """Come in by the address that was printed."""
        self.page.goto(f"{self.base}/console/enter?token={TOKEN}")

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and "status of 4" not in text and "status of 503" not in text:
            self.complaints.append(text)

    def go(self, path: str) -> None:
        """Open a page and wait until it can be used."""
        self.page.goto(self.base + path)
        self.page.wait_for_function(DONE)

    def violations(self, only: list[str] = RULES) -> list[object]:
        """Ask axe-core."""
        self.page.evaluate(_axe())
        return list(self.page.evaluate(AXE, only))

    def violations_in_both(self) -> list[object]:
        """Ask axe-core in the light, and for contrast in the dark: nothing else differs there."""
        found = self.violations()
        self.page.emulate_media(color_scheme="dark")
        found += self.page.evaluate(AXE, ["color-contrast"])
        self.page.emulate_media(color_scheme="light")
        return found

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def focus(self) -> dict[str, Any]:
        """Say where the keyboard is."""
        return dict(self.page.evaluate(FOCUS))

    def tab_to(self, name: str, *, most: int = 40) -> int:
        """Press Tab until something that begins with a name has the keyboard; give how often."""
        passed = []
        for presses in range(1, most + 1):
            self.press("Tab")
            at = self.focus()
            assert at["outlined"], f"nobody sees that the keyboard is at {at}"
            assert not at["covered"], f"the keyboard is at {at}, and something lies over it"
            passed.append(at["name"][:30])
            if at["name"].startswith(name):
                return presses
        raise AssertionError(passed)

    def width(self) -> int:
        """Give how wide the page is, what hangs out of it too."""
        return int(self.page.evaluate("() => document.documentElement.scrollWidth"))
