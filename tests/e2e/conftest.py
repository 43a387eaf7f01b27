"""A small demo, scanned once, and the command line as a function: what whole-run tests share."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result
from whole_runs import SECRET, Command, Write

from stillwatch.app.cli import app
from stillwatch_lab.simulate import Output, simulate


@pytest.fixture(scope="session")
def command() -> Command:
    """Run a command in this process: the second one is spared the start and the compiling."""

    def run(*args: object, code: int = 0) -> Result:
        environment = {"STILLWATCH_KEY": SECRET, "COLUMNS": "200"}
        found = CliRunner().invoke(app, [str(one) for one in args], env=environment)
        assert found.exit_code == code, found.output
        return found

    return run


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Give the environment of a command that runs as a process of its own."""
    return os.environ | {"STILLWATCH_KEY": SECRET}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the demo at a tenth of its size: 1,000 accounts, 40,000 exchanges, three campaigns."""
    folder = tmp_path_factory.mktemp("demo") / "traffic"
    simulate("demo", out=folder, scale=0.1, seed=1, output=Output("jsonl"))
    return folder


@pytest.fixture(scope="session")
def scanned(demo: Path, command: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give its result, made without --retain-text; nobody changes it."""
    result = tmp_path_factory.mktemp("result") / "run"
    command("scan", demo, "--out", result)
    return result


@pytest.fixture
def traffic(tmp_path: Path) -> Write:
    """Write a file into a traffic directory, and give the directory."""
    folder = tmp_path / "logs"
    folder.mkdir()

    def put(name: str, content: bytes | Iterable[dict[str, Any]]) -> Path:
        if not isinstance(content, bytes):
            content = b"".join(orjson.dumps(row) + b"\n" for row in content)
        (folder / name).write_bytes(content)
        return folder

    return put
