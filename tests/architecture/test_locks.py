"""The locks: hashes and versions alone, one truth for both files, and no licence that spreads."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[\w.+!]+)(?: ; (?P<marker>[^\\]+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
COPYLEFT = re.compile(r"(?<!L)GPL|AGPL|(?<!Lesser )General Public", re.IGNORECASE)
LESSER = re.compile(r"LGPL|Lesser General Public", re.IGNORECASE)
LESSER_ARGUED: dict[str, str] = {}
"""Packages under the LGPL that we run with, and why that asks nothing of our users: none."""


def pins(path: Path) -> list[Requirement]:
    """Every pin of a lock, with its marker."""
    found = [PIN.match(line) for line in path.read_text().splitlines()]
    return [
        Requirement(
            f"{pin['name']}=={pin['version']}" + (f"; {pin['marker']}" if pin["marker"] else "")
        )
        for pin in found
        if pin
    ]


def licence(name: str) -> str:
    """What a distribution says of its licence, at its shortest."""
    about = metadata.metadata(name)
    classifiers = [c for c in about.get_all("Classifier") or [] if c.startswith("License")]
    first_line = (about.get("License") or "").strip().split("\n")[0]
    return about.get("License-Expression") or "; ".join(classifiers) or first_line


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_versions_and_hashes_alone(lock: str, repository: Path) -> None:
    """No URL, host, path, index or option: pip decides where from, the hashes decide what."""
    lines = (repository / lock).read_text().splitlines()
    assert [line for line in lines if not PIN.match(line) and not HASH.match(line)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str, repository: Path) -> None:
    """A pin without a hash would be refused at the install, after the clone."""
    lines = (repository / lock).read_text().splitlines()
    bare = [
        line
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if PIN.match(line) and not HASH.match(after)
    ]
    assert bare == []


def test_tests_run_with_the_versions_that_users_get(repository: Path) -> None:
    """The development lock pins everything of the other one, at the same versions."""
    runtime, development = ({str(pin) for pin in pins(repository / lock)} for lock in LOCKS)
    assert runtime - development == set()


@pytest.mark.parametrize(("lock", "group"), [(LOCKS[0], None), (LOCKS[1], "dev")])
def test_the_locks_follow_pyproject(lock: str, group: str | None, repository: Path) -> None:
    """Every dependency is pinned at a version that pyproject.toml allows, for every Python."""
    project = tomllib.loads((repository / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *extras["serve"], *extras["postgres"]]
    wanted += project["dependency-groups"][group] if group else []
    pinned: dict[str, list[str]] = {}
    for pin in pins(repository / lock):
        pinned.setdefault(canonicalize_name(pin.name), []).append(str(pin.specifier)[2:])
    unmet = [
        text
        for text in wanted
        if not (found := pinned.get(canonicalize_name(Requirement(text).name)))
        or not all(Requirement(text).specifier.contains(version) for version in found)
    ]
    assert unmet == [], "run python tools/lock.py"


def test_nothing_that_we_run_with_is_under_the_gpl(repository: Path) -> None:
    """Apache-2.0 for our users means: no GPL, no AGPL, and an LGPL only where it is argued."""
    here = [
        pin.name for pin in pins(repository / LOCKS[0]) if not pin.marker or pin.marker.evaluate()
    ]
    licences = {name: licence(name) for name in here}
    assert {n: said for n, said in licences.items() if not said} == {}
    assert {n: said for n, said in licences.items() if COPYLEFT.search(said)} == {}
    lesser = {name for name, said in licences.items() if LESSER.search(said)}
    assert lesser == set(LESSER_ARGUED)


@pytest.mark.parametrize(
    ("said", "is_copyleft"),
    [
        ("GPL-3.0-or-later", True),
        ("License :: OSI Approved :: GNU Affero General Public License v3", True),
        ("AGPL-3.0", True),
        ("LGPL-2.1", False),
        ("GNU Lesser General Public License", False),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", False),
    ],
)
def test_copyleft_is_recognised(said: str, *, is_copyleft: bool) -> None:
    """The pattern sees the licences that it is there for, and no other."""
    assert bool(COPYLEFT.search(said)) is is_copyleft
