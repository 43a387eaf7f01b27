"""What the check of the packaging stands on: trees of Debian, pip's settings, commands with an end.

A base image and a machine to boot are made here, by debootstrap from the mirror that apt has, since
a registry is not always at hand. How pip finds its index is this machine's business: it is read
from pip itself, lent to the build as a mounted file, and is in no layer and no tree afterwards.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[1]
PYTHON: Final = ("python3", "python3-venv", "python-is-python3", "adduser", "openssl")
"""Packages of the base: what `python:3.x-slim` has, and what the page of the installation types."""
SOURCES: Final = ("pyproject.toml", "README.md", "LICENSE", "requirements.lock", "src", "packaging")
COMMAND_S: Final = 120
"""Seconds for one command; trees, installations and builds have `LONG_S`."""
LONG_S: Final = 900
_SHOWN: Final = 1500
"""Characters of a failure that are shown."""
_PIP_SETTING: Final = re.compile(r"^[\w:-]+\.([\w-]+)=(.*)$")
_PIP_LISTS: Final = frozenset({"extra-index-url", "find-links", "trusted-host"})
_PIP_KEYS: Final = _PIP_LISTS | {"index-url", "cert", "proxy", "timeout"}


class PackagingError(Exception):
    """Something that the packaging promises is not so."""


def run(*words: str | Path, limit_s: float = COMMAND_S, told: str = "", ok: bool = True) -> str:
    """Run a command to its end and give what it printed, errors too.

    Raises:
        PackagingError: it ended with another code than 0 (where that is asked), or not in time.
    """
    line = [str(word) for word in words]
    try:
        done = subprocess.run(
            line,
            input=told,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        message = f"{' '.join(line)[:200]}: not done after {limit_s:g} s"
        raise PackagingError(message) from late
    if ok and done.returncode != 0:
        message = f"{' '.join(line)[:200]}: ended with {done.returncode}\n{done.stdout[-_SHOWN:]}"
        raise PackagingError(message)
    return done.stdout


def hold(claim: str, *, holds: bool, seen: object = "") -> None:
    """Go on where a claim holds.

    Raises:
        PackagingError: it doesn't; what was seen is said.
    """
    if not holds:
        message = f"{claim}: not so; seen: {str(seen)[-_SHOWN:]}"
        raise PackagingError(message)


def wait_until(what: str, is_so: Callable[[], bool], *, limit_s: float = COMMAND_S) -> float:
    """Ask again and again; give the seconds that it took.

    Raises:
        PackagingError: it was not so in time.
    """
    begun = time.monotonic()
    while not is_so():
        if time.monotonic() - begun > limit_s:
            message = f"{what}: not within {limit_s:g} s"
            raise PackagingError(message)
        time.sleep(0.1)
    return time.monotonic() - begun


def make_base(work: Path) -> Path:
    """Make a minimal Debian with Python, of this machine's release, unless an earlier run did."""
    base = work / "base"
    if not (base / "made").exists():
        shutil.rmtree(base, ignore_errors=True)
        packages = f"--include={','.join(PYTHON)}"
        run(
            "debootstrap",
            "--variant=minbase",
            packages,
            _release(),
            base,
            _mirror(),
            limit_s=LONG_S,
        )
        run("chroot", base, "apt-get", "clean")
        shutil.rmtree(base / "var/lib/apt/lists", ignore_errors=True)
        (base / "made").touch()
    return base


def lend_names(tree: Path) -> None:
    """Let programs in a tree find hosts as this machine does."""
    for name in ("resolv.conf", "hosts"):
        (tree / "etc" / name).write_bytes((Path("/etc") / name).read_bytes())


def copy_sources(to: Path) -> None:
    """Copy what is built and installed, as a checkout has it."""
    to.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, to / name)


@dataclass(frozen=True, slots=True)
class PipSettings:
    """How pip finds its packages here: a configuration, and the folders that it names."""

    configuration: Path
    folders: tuple[Path, ...]

    @property
    def mounts(self) -> list[tuple[Path, Path]]:
        """What has to be seen inside, and where."""
        return [(self.configuration, Path("/etc/pip.conf")), *((one, one) for one in self.folders)]


def read_pip_settings(work: Path) -> PipSettings:
    """Ask pip for its settings, environment and files, and write them as one file."""
    said = next(filter(None, map(_pip_says, (sys.executable, "/usr/bin/python3"))), "")
    values: dict[str, list[str]] = {}
    for name, quoted in filter(None, map(_setting_of, said.splitlines())):
        words = str(ast.literal_eval(quoted)).split()
        values[name] = [*(values.get(name, ()) if name in _PIP_LISTS else ()), *words]
    folders: dict[Path, None] = {}
    for word in (word for words in values.values() for word in words):
        place = Path(word.removeprefix("file://"))
        if place.is_absolute() and place.exists():  # an index has its files beside its pages
            folders[place.parent if word.startswith("file://") else place] = None
    lines = [f"{name} = {' '.join(dict.fromkeys(words))}" for name, words in values.items()]
    configuration = work / "pip.conf"
    configuration.write_text("\n".join(["[global]", *lines, ""]))
    return PipSettings(configuration, tuple(folders))


def _pip_says(python: str) -> str:
    return run(python, "-m", "pip", "config", "list", ok=False) if Path(python).exists() else ""


def _setting_of(line: str) -> tuple[str, str] | None:
    found = _PIP_SETTING.match(line)
    return (found[1], found[2]) if found and found[1] in _PIP_KEYS else None


@contextmanager
def mounted(pairs: Sequence[tuple[Path, Path]], tree: Path) -> Iterator[None]:
    """Show files and folders of this machine in a tree, to be read, for as long as it takes."""
    done: list[Path] = []
    try:
        for source, place in pairs:
            inside = tree / place.relative_to("/")
            inside.parent.mkdir(parents=True, exist_ok=True)
            inside.mkdir(exist_ok=True) if source.is_dir() else inside.touch()
            run("mount", "--bind", "-o", "ro", source, inside)
            done.append(inside)
        yield
    finally:
        for inside in reversed(done):
            run("umount", inside)
            inside.rmdir() if inside.is_dir() else inside.unlink()


def _release() -> str:
    text = Path("/etc/os-release").read_text()
    found = re.search(r"^VERSION_CODENAME=(\w+)", text, re.MULTILINE)
    hold("this machine is a Debian with a name", holds=found is not None, seen=text)
    return found[1] if found else ""


def _mirror() -> str:
    """Give the first address that apt has for this release, of either form of its lists."""
    lists = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    text = "\n".join(
        one.read_text() for one in lists if one.suffix in {".list", ".sources"} and one.exists()
    )
    found = re.search(r"^(?:URIs:|deb(?: \[.*?\])?) *(\S+)", text, re.MULTILINE)
    return found[1] if found else "http://deb.debian.org/debian"
