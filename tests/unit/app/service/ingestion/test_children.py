"""Processes beside the service: kept running, and gone with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from ingestion_service import KEY, service_at
from starlette.testclient import TestClient

from stillwatch.app.loops.results_folder import ResultsFolder
from stillwatch.app.service.ingestion import children, part
from stillwatch.app.service.ingestion.children import LEDGER_VARIABLE, Child
from stillwatch.app.service.ingestion.part import Ingestion, _commands, _environment

_PATIENCE_S = 180


def wait_for(has_come: Callable[[], bool]) -> None:
    """Wait until a moment has come."""
    began = time.monotonic()
    while not has_come():
        assert time.monotonic() - began < _PATIENCE_S, "the moment never came"
        time.sleep(0.02)


@pytest.fixture
def sleepers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a child wait for the end of its input, as our commands do."""
    monkeypatch.setattr(children, "_RUN", (sys.executable, "-c", "import sys; sys.stdin.read()"))
    monkeypatch.setattr(children, "_FIRST_BACK_OFF_S", 0.01)
    monkeypatch.setattr(children, "_LOOK_S", 0.01)


@pytest.mark.usefixtures("sleepers")
def test_a_child_that_dies_is_started_again_and_ends_when_told() -> None:
    """`kill -9` of it is followed by another; at the end there is none."""
    child = Child(["commit"], clock_s=time.monotonic)
    child.start()
    wait_for(lambda: child.pid is not None)
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: child.pid not in {None, first})
    assert child.starts == 2
    child.end()
    assert child.pid is None


@pytest.mark.usefixtures("sleepers")
@pytest.mark.parametrize(("command", "lower"), [("commit", 5), ("watch", 15)])
def test_an_answer_comes_before_what_runs_beside_it(command: str, lower: int) -> None:
    """Commits keep up with what comes in; a look takes what is left."""
    own = os.getpriority(os.PRIO_PROCESS, 0)
    child = Child([command], clock_s=time.monotonic)
    child.start()
    wait_for(
        lambda: (
            child.pid is not None
            and os.getpriority(os.PRIO_PROCESS, child.pid) == min(own + lower, 19)
        )
    )
    child.end()


@pytest.mark.usefixtures("sleepers")
@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system pins no process")
@pytest.mark.parametrize(("command", "spared"), [("commit", 0), ("watch", 1)])
def test_a_look_leaves_a_core_to_answers(command: str, spared: int) -> None:
    """Where there is more than one; a commit, which is short, leaves none."""
    own = os.sched_getaffinity(0)
    left = max(len(own) - spared, 1)
    child = Child([command], clock_s=time.monotonic)
    child.start()
    wait_for(
        lambda: (
            child.pid is not None
            and len(cores := os.sched_getaffinity(child.pid)) == left
            and cores <= own
        )
    )
    child.end()


@pytest.mark.long
def test_a_child_goes_with_a_service_that_was_killed(tmp_path: Path) -> None:
    """The committer reads a pipe that closes when its parent is gone, however it went."""
    script = (
        "import sys, time\n"
        "from stillwatch.app.service.ingestion.children import Child\n"
        "child = Child(sys.argv[1:], clock_s=time.monotonic); child.start()\n"
        "while child.pid is None: time.sleep(0.01)\n"
        "print(child.pid, flush=True); time.sleep(60)\n"
    )
    asked = ["commit", str(tmp_path / "j"), "--lake", str(tmp_path / "l"), "--with-parent"]
    environment = os.environ | {"STILLWATCH_KEY": KEY.to_bytes().hex()}
    with subprocess.Popen(
        [sys.executable, "-c", script, *asked], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait(_PATIENCE_S)
    wait_for(lambda: not Path(f"/proc/{pid}").exists() or _is_dead(pid))


def _is_dead(pid: int) -> bool:
    return ") Z" in Path(f"/proc/{pid}/stat").read_text()


def test_what_runs_beside_the_service_is_what_its_settings_say(tmp_path: Path) -> None:
    """The committer unless it runs apart, the detector where results have a place."""
    settings = service_at(tmp_path).settings
    assert _commands(settings) == []
    both = replace(settings, commits=True, results=tmp_path / "r", account_field="team")
    commit, watch = _commands(both)
    assert commit[0] == "commit"
    assert commit[-2:] == ["--account-field", "team"]
    assert watch[0] == "watch"
    assert "--with-parent" in commit
    assert "--with-parent" in watch


def test_a_look_stands_beside_the_ledger_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its policy file is named; its address is in no list of processes."""
    settings = replace(service_at(tmp_path).settings, results=tmp_path / "r")
    monkeypatch.setenv(LEDGER_VARIABLE, "ledger.db of somebody else")
    assert LEDGER_VARIABLE not in _environment(settings)
    beside = replace(settings, ledger="postgresql://x:secret@h/d", policy=tmp_path / "house.yaml")
    (watch,) = _commands(beside)
    assert watch[-2:] == ["--policy", str(tmp_path / "house.yaml")]
    assert "secret" not in " ".join(watch)
    assert _environment(beside)[LEDGER_VARIABLE] == "postgresql://x:secret@h/d"


def test_the_service_is_told_of_a_new_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once, the last one at least."""
    monkeypatch.setattr(part, "_LOOK_S", 0.01)
    monkeypatch.setattr(part, "_commands", lambda _settings: [])
    told: list[Path] = []
    settings = replace(service_at(tmp_path).settings, results=tmp_path / "r")
    ingestion = Ingestion(settings, key=KEY, on_result=told.append)
    results = ResultsFolder(tmp_path / "r")
    with TestClient(FastAPI(lifespan=ingestion.lifespan)):
        for name in ("one", "two"):
            (tmp_path / "r" / name).mkdir(parents=True)
            results.publish(tmp_path / "r" / name)
            wait_for(lambda name=name: told[-1:] == [tmp_path / "r" / name])  # type: ignore[misc]
    assert [one.name for one in told] == ["one", "two"]
