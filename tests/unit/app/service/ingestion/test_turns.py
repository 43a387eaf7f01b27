"""A look asks for long turns, where the system knows such a thing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from stillwatch.app.service.ingestion import turns

_SCRIPT = """
import os
from pathlib import Path
from stillwatch.app.service.ingestion.turns import take_long_turns
before = os.getpriority(os.PRIO_PROCESS, 0)
print(take_long_turns(0), os.getpriority(os.PRIO_PROCESS, 0) == before)
told = Path("/proc/self/sched")
lines = told.read_text().splitlines() if told.exists() else []
print(*(line.split(":")[1].strip() for line in lines if line.startswith("se.slice")))
"""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in turns._CALLS,
    reason="the system has no such call, or its number is not known",
)
def test_a_process_takes_long_turns_and_keeps_its_priority() -> None:
    """In a process of its own; where the kernel tells their length, it is the bound's."""
    told = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True
    )
    said, slices = told.stdout.split("\n")[:2]
    assert said == "True True"
    assert slices in {"", str(turns.LOOK_TURN_MS * 10**6)}


def test_where_there_is_no_such_call_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine, or a process that is gone."""
    assert not turns.take_long_turns(2**22 + os.getpid())
    monkeypatch.setattr(platform, "machine", lambda: "vax")
    assert not turns.take_long_turns(0)
