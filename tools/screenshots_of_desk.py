"""Make the screenshots of docs/operate/desk.md: the desk's main pages, in light, dark and narrow.

    python tools/screenshots_of_desk.py

The service of the tests is run with something of every kind on it, and pictures are taken of it as
`tools/screenshots.py` takes them: docs/images/desk/PAGE-SCHEME.webp.
"""

from __future__ import annotations

import base64
import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from playwright.sync_api import sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "docs/images/desk"
SCHEMES: Final[dict[str, dict[str, Any]]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 380, "height": 820}, "color_scheme": "light"},
}
TAKEN: Final[tuple[tuple[str, str, str, dict[str, str]], ...]] = (
    ("decisions", "ben", "/decisions", {}),
    ("decide", "dora", "/decide", {"campaign": "campaign", "effect": "=suspend"}),
    ("decision", "ben", "/decision", {"id": "waiting"}),
    ("rollout", "dora", "/decision", {"id": "decision"}),
    ("case", "dora", "/case", {"id": "case"}),
    ("appeal", "carl", "/appeal", {"id": "appeal"}),
    ("policy", "adam", "/policy", {"id": "policy"}),
    ("audit", "dora", "/audit", {}),
    ("sign-in", "", "/sign-in", {}),
)
"""Name, who looks, page, and its query: `=` before a word that is meant as it stands."""
SCALE: Final = 0.6
QUALITY: Final = 45


def take() -> None:
    """Take every picture, in place of those that were there."""
    sys.path[:0] = [str(ROOT / "tests/contract/desk"), str(ROOT / "tests/contract/service")]
    desks, services = import_module("desks"), import_module("services")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as place, desks.desk_at(Path(place)) as desk:
        desk.fill()
        with desks.listening(desk, services.free_port()) as here, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            for scheme, shape in SCHEMES.items():
                for name, who, path, query in TAKEN:
                    context = browser.new_context(**shape)
                    jar = desk.person(who).client.cookies.items() if who else ()
                    context.add_cookies([{"name": k, "value": v, "url": here} for k, v in jar])
                    asked = {k: v[1:] if v[0] == "=" else desk.ids[v] for k, v in query.items()}
                    page = context.new_page()
                    page.goto(f"{here}/console{path}?{urlencode(asked)}")
                    session = context.new_cdp_session(page)
                    _keep(session, shape["viewport"], f"{name}-{scheme}")
                    context.close()
            browser.close()


def _keep(session: Any, size: dict[str, int], name: str) -> None:  # noqa: ANN401  Playwright's
    asked = {"format": "webp", "quality": QUALITY}
    clip = {"x": 0, "y": 0, **size, "scale": SCALE}
    told = session.send("Page.captureScreenshot", {**asked, "clip": clip})
    content = base64.b64decode(told["data"])
    (FOLDER / f"{name}.webp").write_bytes(content)
    print(f"{name}.webp: {len(content):,} bytes")


if __name__ == "__main__":
    take()
