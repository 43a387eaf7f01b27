"""The report in a real browser: it fits a phone, follows the dark, runs nothing but its own."""

from __future__ import annotations

import html
import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from stillwatch.report import render_html

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS_MAX = 90
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=4000",
    "--dump-dom",
)
PROBE = """
const page = document.querySelector("iframe").contentDocument;
const root = page.documentElement;
const seen = (node) => getComputedStyle(node);
const right = (node) => node.getBoundingClientRect().right;
const left = (node) => node.getBoundingClientRect().left;
const table = page.querySelector("table.sortable.accounts");
const before = [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);
table.tHead.rows[0].cells[0].querySelector("button").click();
table.tHead.rows[0].cells[0].querySelector("button").click();
const after = [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);
const filter = page.querySelector("input.filter");
document.body.dataset.report = JSON.stringify({
  scroll: root.scrollWidth,
  width: root.clientWidth,
  beyond: [...page.querySelectorAll("main *")].filter((node) =>
    !node.closest(".scroll, svg, .skip") && right(node) > root.clientWidth + 1
  ).map((node) => node.outerHTML.slice(0, 80)),
  background: seen(page.body).backgroundColor,
  ink: seen(page.body).color,
  bar: seen(page.querySelector("figure svg path[fill^='var']")).fill,
  drawings: [...page.querySelectorAll("figure svg")].map((node) => right(node) - left(node)),
  before, after,
  filters: Boolean(filter),
  hacked: page.defaultView.hacked === true,
  title: page.title,
});
"""


def test_the_frame_is_read(tmp_path: Path) -> None:
    """The harness itself: a page with a known width is measured as such."""
    found = measure(b"<title>x</title><main></main>" + MINIMUM, width=640, folder=tmp_path)
    assert found["width"] == 640


MINIMUM = (
    b"<figure><svg><path fill='var(--x)'/></svg></figure>"
    b"<table class='sortable accounts'><thead><tr><th><button></button></th></tr></thead>"
    b"<tbody></tbody></table>"
)


def measure(page: bytes, *, width: int, folder: Path, dark: bool = False) -> dict[str, object]:
    """Open a page in a frame of the given width and measure it there."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        pytest.skip("no Chromium on this machine: the report is not looked at in a browser")
    outer = folder / "outer.html"
    outer.write_text(
        f'<body style="margin:0"><iframe width="{width}" height="900" style="border:0" '
        f'srcdoc="{html.escape(page.decode())}"></iframe>'
        f'<script>addEventListener("load", () => {{{PROBE}}});</script>',
        encoding="utf-8",
    )
    scheme = ["--force-dark-mode"] if dark else []
    profile = f"--user-data-dir={folder / 'profile'}"
    done = subprocess.run(
        [browser, *FLAGS, *scheme, profile, "--window-size=1400,1000", outer.as_uri()],
        capture_output=True,
        check=True,
        timeout=SECONDS_MAX,
        text=True,
    )
    told = re.search(r'data-report="([^"]*)"', done.stdout)
    assert told is not None, done.stderr[-2_000:]
    return json.loads(html.unescape(told[1]))


@pytest.fixture(scope="module")
def page() -> bytes:
    """A report of two campaigns whose accounts have long and hostile names."""
    made = runpy.run_path(
        str(Path(__file__).resolve().parents[1] / "unit" / "report" / "findings_by_hand.py")
    )
    hostile = "<script>window.hacked=true</script>" + "x" * 90
    return render_html(
        made["gather"](
            made["campaign_rows"](1, heads=30, exemplars=[hostile, "word " * 80]),
            made["campaign_rows"](2, heads=12, changed={"summary": hostile}),
            made["honest_rows"](20),
            {"accounts": [made["account"](hostile, verdict="suspect")]},
        )
    )


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_the_page_never_scrolls_sideways(page: bytes, width: int, tmp_path: Path) -> None:
    """At a phone's width, a tablet's and a desk's, wide tables scroll inside their own frame."""
    found = measure(page, width=width, folder=tmp_path)
    assert found["scroll"] <= found["width"]
    assert found["beyond"] == []
    assert min(found["drawings"]) >= 0.8 * min(width - 70, 400) / (2 if width >= 1_000 else 1)


def test_light_and_dark_differ_in_ground_ink_and_drawings(page: bytes, tmp_path: Path) -> None:
    """The page follows the reader's scheme, and the drawings follow the page."""
    (tmp_path / "light").mkdir()
    (tmp_path / "dark").mkdir()
    light = measure(page, width=1_000, folder=tmp_path / "light")
    dark = measure(page, width=1_000, folder=tmp_path / "dark", dark=True)
    for part in ("background", "ink", "bar"):
        assert light[part] != dark[part], part
    assert brightness(light["background"]) > brightness(light["ink"])
    assert brightness(dark["background"]) < brightness(dark["ink"])


def brightness(colour: object) -> int:
    """Sum the three channels of `rgb(…)`."""
    return sum(int(part) for part in re.findall(r"\d+", str(colour))[:3])


def test_its_own_script_runs_and_no_other(page: bytes, tmp_path: Path) -> None:
    """Sorting and filtering work under the page's policy; markup from a log does not run."""
    found = measure(page, width=1_000, folder=tmp_path)
    assert found["hacked"] is False
    assert found["filters"] is True
    assert found["after"] == sorted(found["before"], reverse=True)
    assert found["title"] == "Stillwatch report: 2 campaigns found"
