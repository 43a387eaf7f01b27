"""The linters, run as a developer runs them; all start at once and each test waits for its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
TOOLS = {
    "mypy": ("mypy",),
    "import-linter": ("lint-imports",),
    "ruff": ("ruff", "check"),
    "ruff-format": ("ruff", "format", "--check"),
    "codespell": ("codespell",),
}
ILLEGAL_IMPORTS = {
    "a stage imports another stage": {"link/planted.py": "import stillwatch.detect\n"},
    "a stage imports the rim": {"report/planted.py": "import stillwatch.app\n"},
    "the store imports a stage": {"store/planted.py": "import stillwatch.ingest\n"},
    "a noun imports the store": {"domain/planted.py": "import stillwatch.store\n"},
    "a pure stage imports os": {"observe/planted.py": "import os\n"},
    "the product imports the lab": {"app/planted.py": "import stillwatch_lab\n"},
    "the lab imports a stage": {"../stillwatch_lab/planted.py": "import stillwatch.detect\n"},
    "ingest opens a connection": {"ingest/planted.py": "import socket\n"},
    "modules in a circle": {
        "act/planted.py": "import stillwatch.act.planted_too\n",
        "act/planted_too.py": "import stillwatch.act.planted\n",
    },
    "a layer without a place": {"planted/__init__.py": ""},
}

Process = subprocess.Popen[str]


def start(command: tuple[str, ...], folder: Path, source: Path | None = None) -> Process:
    """Start one tool of this environment; `source` comes first on its import path."""
    environment = {**os.environ, "PYTHONPATH": str(source)} if source else None
    return subprocess.Popen(
        [BIN / command[0], *command[1:]],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def running(repository: Path) -> Iterator[dict[str, Process]]:
    """Every tool, started."""
    processes = {name: start(command, repository) for name, command in TOOLS.items()}
    yield processes
    for process in processes.values():
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("tool", sorted(TOOLS, reverse=True))
def test_the_tool_has_nothing_to_say(tool: str, running: dict[str, Process]) -> None:
    """Formatting, rules, spelling, types and import contracts hold for every file."""
    output, _ = running[tool].communicate()
    assert running[tool].returncode == 0, f"{' '.join(TOOLS[tool])}\n{output[-6000:]}"


def copy_source(repository: Path, folder: Path) -> Path:
    """Copy what the import contracts need."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(repository / "src", folder / "src", ignore=ignore)
    shutil.copy(repository / "pyproject.toml", folder)
    return folder / "src"


@pytest.mark.parametrize("case", sorted(ILLEGAL_IMPORTS))
def test_the_import_contracts_refuse_it(case: str, repository: Path, tmp_path: Path) -> None:
    """A contract that nothing can break protects nothing: a planted import breaks it."""
    source = copy_source(repository, tmp_path)
    for name, text in ILLEGAL_IMPORTS[case].items():
        planted = source / "stillwatch" / name
        planted.parent.mkdir(exist_ok=True)
        planted.write_text(text)
    process = start(("lint-imports", "--no-cache"), tmp_path, source)
    output, _ = process.communicate()
    assert process.returncode == 1, output
    assert "planted" in output, output
