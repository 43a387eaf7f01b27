"""The pictures of the documentation: every page of a result, three times, and small together."""

from __future__ import annotations

from pathlib import Path

import pytest

from stillwatch.app.console import CATALOGUE
from stillwatch.app.console.frame.page import Page

BYTES_MAX = 1_500_000
"""Bytes of all pictures: a clone carries them."""
DRAWN = [
    page
    for page in CATALOGUE
    if "ledger" not in page.needs and "result" in page.needs and not page.path.endswith(".json")
]


@pytest.mark.parametrize("page", DRAWN, ids=[page.path for page in DRAWN])
def test_a_page_has_its_pictures(repository: Path, page: Page) -> None:
    """Light, dark and narrow; `python tools/screenshots.py` makes them."""
    name = page.path.strip("/") or "overview"
    folder = repository / "docs/images/console"
    for scheme in ("light", "dark", "narrow"):
        assert (folder / f"{name}-{scheme}.webp").read_bytes()[8:12] == b"WEBP"


def test_the_pictures_are_small_together(repository: Path) -> None:
    """And whoever adds a page looks at what it costs."""
    sizes = [path.stat().st_size for path in (repository / "docs/images/console").iterdir()]
    assert sum(sizes) <= BYTES_MAX
