"""Backtests of the service: which history, one at a time, ended with the service."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

import pytest

from stillwatch.app.service.control.rules.backtests import Backtests
from stillwatch.app.service.control.settings import Places
from stillwatch.app.service.problems import RefusedError
from stillwatch.decide.policy.shipped import shipped_text


def test_history_is_the_newest_results_or_the_lake(tmp_path: Path) -> None:
    """As many as are asked for, the oldest first; a single result where there is no folder."""
    results, lake = tmp_path / "results", tmp_path / "lake"
    for name in ("2026-11-28", "2026-11-29", "2026-11-30", "../lake"):
        (results / name).mkdir(parents=True)
    found = Backtests(Places(results=results, lake=lake), seconds=1)
    assert found.history(against="results", newest=2) == [
        "--result",
        str(results / "2026-11-29"),
        "--result",
        str(results / "2026-11-30"),
    ]
    assert found.history(against="lake", newest=2) == ["--lake", str(lake)]
    single = Backtests(Places(newest=lambda: tmp_path / "monday"), seconds=1)
    assert single.history(against="results", newest=2) == ["--result", str(tmp_path / "monday")]


@pytest.mark.parametrize("against", ["results", "lake"])
def test_history_that_is_not_there_is_refused(against: str) -> None:
    """With 409: nothing is wrong with the question."""
    with pytest.raises(RefusedError) as refused:
        Backtests(Places(), seconds=1).history(against=against, newest=1)
    assert refused.value.status == 409


def test_one_runs_at_a_time_and_ends_with_the_service(tmp_path: Path) -> None:
    """The second is told to come again; the first is ended and says that it failed."""
    found = Backtests(Places(), seconds=60)
    begun, said = Event(), list[int]()

    def run() -> None:
        try:
            found.run(shipped_text(), options=["--result", str(tmp_path)], answers=[])
        except RefusedError as refused:
            said.append(refused.status)

    thread = Thread(target=run)
    thread.start()
    while found._process is None and thread.is_alive():
        begun.wait(0.005)
    with pytest.raises(RefusedError) as refused:
        found.run(shipped_text(), options=[], answers=[])
    assert (refused.value.status, refused.value.headers["retry-after"]) == (503, "5")
    found.end()
    thread.join(30)
    assert said == [409]


@pytest.mark.long
def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    """Its one line, without our traces."""
    with pytest.raises(RefusedError) as refused:
        Backtests(Places(), seconds=60).run(
            shipped_text(), options=["--result", str(tmp_path)], answers=[("a", "innocent")]
        )
    assert refused.value.status == 409
    assert "is no result" in refused.value.detail or "run.json" in refused.value.detail
    assert "Traceback" not in refused.value.detail
