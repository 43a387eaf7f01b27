"""What others wrote: the very files that were pinned, under licences that anybody can take."""

from __future__ import annotations

import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

LICENCES = {"MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "ISC"}
BYTES_MAX = 2_000_000
"""Bytes of all files together: what a wheel carries for everybody."""


@pytest.fixture
def folder(repository: Path) -> Path:
    """Give where they stand."""
    return repository / "src/stillwatch/app/console/third_party"


@pytest.fixture
def packages(folder: Path) -> list[dict[str, Any]]:
    """Give what the list says of each package."""
    return tomllib.loads((folder / "packages.toml").read_text())["package"]


def test_every_file_is_the_one_that_was_pinned(
    folder: Path, packages: list[dict[str, Any]]
) -> None:
    """By its hash: nobody has edited it."""
    for package in packages:
        for file in package["file"]:
            content = (folder / file["to"]).read_bytes()
            assert sha256(content).hexdigest() == file["sha256"], file["to"]


def test_no_file_is_there_that_the_list_does_not_know(
    folder: Path, packages: list[dict[str, Any]]
) -> None:
    """Everything has a source, a version and a licence."""
    known = {file["to"] for package in packages for file in package["file"]} | {"packages.toml"}
    assert {path.name for path in folder.iterdir()} == known


def test_every_package_has_a_licence_that_anybody_can_take(packages: list[dict[str, Any]]) -> None:
    """And brings its text along."""
    for package in packages:
        assert package["licence"] in LICENCES
        assert any("LICENSE" in file["to"] for file in package["file"])


def test_all_together_are_small(folder: Path) -> None:
    """A wheel carries them to everybody."""
    assert sum(path.stat().st_size for path in folder.iterdir()) <= BYTES_MAX
