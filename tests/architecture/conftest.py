"""The repository as data: every Python file parsed once, and the text files by name."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest
from source_tree import Module


@pytest.fixture(scope="session")
def tracked(repository: Path) -> list[str]:
    """Every file that git tracks or would add, as a path from the root."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(name for name in listed.stdout.splitlines() if (repository / name).is_file())


@pytest.fixture(scope="session")
def texts(repository: Path, tracked: list[str]) -> dict[str, str]:
    """Text of every file that is text, by path."""
    found: dict[str, str] = {}
    for name in tracked:
        try:
            found[name] = (repository / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


@pytest.fixture(scope="session")
def modules(texts: dict[str, str]) -> list[Module]:
    """Every Python file, parsed."""
    return [
        Module(name, text, ast.parse(text, name))
        for name, text in texts.items()
        if name.endswith(".py")
    ]


@pytest.fixture(scope="session")
def product(modules: list[Module]) -> list[Module]:
    """The Python files that are shipped."""
    return [module for module in modules if module.path.startswith("src/")]
