"""What every test may ask for: the repository's root, the shared folder, a Java runtime.

A test that is marked `shared` or `spark` skips, with the reason, where the thing is absent; on the
build machine both are there and `.ci/run` prints every skip.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def has_java() -> bool:
    """Tell whether Spark could start here."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java") is not None or bool(home and Path(home, "bin/java").exists())


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a developer, never the build, write goldens and ratchets from what is there."""
    parser.addoption("--rewrite-goldens", action="store_true", help="write them from what is there")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to rewrite where nobody looks at the difference."""
    if os.environ.get("CI") and config.getoption("--rewrite-goldens"):
        message = "--rewrite-goldens is for a developer who reads the difference, not for the build"
        raise pytest.UsageError(message)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine can't run, and say why."""
    absent = {
        "shared": None if SHARED.is_dir() else "the folder `shared` is not beside this checkout",
        "spark": None if has_java() else "no Java runtime: install one, or set JAVA_HOME",
    }
    for item in items:
        for marker, reason in absent.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def rewrite_goldens(request: pytest.FixtureRequest) -> bool:
    """Whether to write a golden instead of comparing with it."""
    return bool(request.config.getoption("--rewrite-goldens"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of contracts, data and research; the test that asks must be marked `shared`."""
    if not SHARED.is_dir():
        pytest.skip("the folder `shared` is not beside this checkout")
    return SHARED
