"""The command as a process of its own: streams, signals and exit codes as a shell sees them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

_COMMAND = "from stillwatch.app.cli import main; main()"
_SLOW_SCAN = """
import sys, time
from types import ModuleType

from stillwatch.app.cli import main
from stillwatch.store.results import draft_result

def run_scan(request, **_):
    with draft_result(request.out) as draft:
        draft.write_bytes("report.html", b"half")
        (request.traffic / "started").touch()
        time.sleep(60)

pipeline = ModuleType("stillwatch.app.pipeline")
pipeline.run_scan = run_scan
sys.modules[pipeline.__name__] = pipeline
main()
"""
_PATIENCE_S = 30
"""Seconds for a cold interpreter on a busy machine."""


def _run(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _COMMAND, *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "100"},
    )


def test_the_version_is_one_line_on_the_standard_output() -> None:
    """A script can read it."""
    found = _run("--version")
    assert (found.returncode, found.stdout) == (0, "stillwatch 0.1.0\n")


def test_bad_usage_leaves_the_standard_output_empty() -> None:
    """A pipe that reads JSON gets nothing rather than a message."""
    found = _run("scan", "logs", "--json")
    assert (found.returncode, found.stdout) == (2, "")
    lines = found.stderr.splitlines()[-2:]
    assert [line.split()[0] for line in lines] == ["error:", "hint:"]


def test_piped_output_has_no_escape_codes() -> None:
    """Help, tables and errors are plain where nobody's terminal reads them."""
    for args in (("schema",), ("--help",), ("scna",)):
        found = _run(*args)
        assert "\x1b" not in found.stdout + found.stderr


def test_the_shell_completes_commands() -> None:
    """The completion that Typer installs asks the command itself, and gets its names."""
    asked = {
        "_STILLWATCH_COMPLETE": "complete_bash",
        "COMP_WORDS": "stillwatch sc",
        "COMP_CWORD": "1",
    }
    script = "import sys; sys.argv[0] = 'stillwatch'; " + _COMMAND
    found = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | asked,
    )
    assert {"scan", "schema"} <= set(found.stdout.split())


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_a_scan_that_is_stopped_leaves_no_result(
    tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    """Ctrl-C ends in one line and code 130 with nothing left; after kill -9 the name is absent."""
    out = tmp_path / "out" / "run"
    command = [sys.executable, "-c", _SLOW_SCAN, "scan", str(tmp_path), "--out", str(out)]
    environment = os.environ | {"STILLWATCH_KEY": "ab" * 16}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as scan:
        began = time.monotonic()
        while not (tmp_path / "started").exists() and time.monotonic() - began < _PATIENCE_S:
            time.sleep(0.05)
        scan.send_signal(sent)
        stdout, stderr = scan.communicate(timeout=_PATIENCE_S)
    assert (scan.returncode, stdout) == (code, "")
    assert not out.exists()
    if sent is signal.SIGINT:
        assert stderr.splitlines()[-1] == "error: interrupted"
        assert "Traceback" not in stderr
        assert list(out.parent.iterdir()) == []
