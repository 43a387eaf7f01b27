"""A console over a made-up result, asked as a person with every right and no ledger would.

And in a browser, where there is one: `visit` is a page of an opened result.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asked_console import serve
from fastapi.testclient import TestClient
from made_for_console import make_empty_result, make_wide_result
from visits import WIDE, Visit, chromium, opened


@pytest.fixture(scope="session")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a result with hostile text wherever text is."""
    return make_wide_result(tmp_path_factory.mktemp("console") / "wide")


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a result in which nothing was found."""
    return make_empty_result(tmp_path_factory.mktemp("console") / "empty")


@pytest.fixture(scope="session")
def client(wide: Path) -> TestClient:
    """Give a client of the console."""
    return serve(wide)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of an opened result with hostile text wherever text is."""
    result = make_wide_result(tmp_path_factory.mktemp("browser") / "wide", accounts=400)
    with opened(result) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Give Debian's Chromium; of a module, since one thread has one Playwright at a time."""
    with chromium() as started:
        yield started


@pytest.fixture
def visit(browser: Any, base: str, request: pytest.FixtureRequest) -> Iterator[Visit]:  # noqa: ANN401
    """Give a page at the size that the test names, and let no complaint pass."""
    made = Visit(browser, base, size=getattr(request, "param", WIDE))
    made.enter()
    yield made
    made.context.close()
    assert made.complaints == []
