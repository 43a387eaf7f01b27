"""The detection loop: a look only when something is new, and whole results under one name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from committed import KEY, Place, exchange, ndjson

from stillwatch.app.loops import detecting
from stillwatch.app.loops.detecting import Detector
from stillwatch.app.loops.results_folder import ResultsFolder
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import ScanOutcome, WatchRequest
from stillwatch.domain import service_limits
from stillwatch.domain.errors import LakeError
from stillwatch.domain.settings import Settings
from stillwatch.store.lake import Lake


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Give an empty journal and no lake yet."""
    return Place(tmp_path / "journal", tmp_path / "lake")


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[WatchRequest]:
    """Have looks leave a result and a record in the lake, and nothing else."""
    asked: list[WatchRequest] = []

    def look(request: WatchRequest, **_: object) -> ScanOutcome:
        asked.append(request)
        request.out.mkdir(parents=True)
        lake = Lake(request.lake)
        ingests = sum("ingest" in about for _, about in lake.appends())
        about = {"look": len(asked), "ingests": ingests, "window": ["2026-01-01"]}
        lake.commit([], {"look": about})
        return ScanOutcome(request.out, {"watch": {"look": len(asked)}}, 0.0)

    monkeypatch.setattr(detecting, "run_watch", look)
    return asked


def test_a_look_is_taken_when_something_was_ingested(
    place: Place, looks: list[WatchRequest], tmp_path: Path
) -> None:
    """Not without a lake, not twice at the same; each result is the newest when it is whole."""
    results = ResultsFolder(tmp_path / "results")
    detector = Detector(place.lake, results, KEY, Settings(), 14)
    assert detector.look_if_new(QuietProgress()) is None
    place.keep(ndjson([exchange(1)]))
    place.committer().commit_waiting()
    first = detector.look_if_new(QuietProgress())
    assert first is not None
    assert results.newest() == first.result
    assert detector.look_if_new(QuietProgress()) is None
    place.keep(ndjson([exchange(2)]))
    place.committer().commit_waiting()
    second = detector.look_if_new(QuietProgress())
    assert second is not None
    assert results.newest() == second.result != first.result
    assert [one.window_days for one in looks] == [14, 14]


def test_a_lake_without_an_exchange_is_not_looked_at(
    place: Place, looks: list[WatchRequest], tmp_path: Path
) -> None:
    """A register alone shows nothing, and a look at it would fail."""
    place.keep(ndjson([{"account_id": "a"}]), kind="accounts")
    place.committer().commit_waiting()
    detector = Detector(place.lake, ResultsFolder(tmp_path / "results"), KEY, Settings())
    assert detector.look_if_new(QuietProgress()) is None
    assert looks == []


def test_a_look_that_fails_is_no_result(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The newest stays what it was; the loop tells the failure and tries again."""

    def fail(*_: object, **__: object) -> ScanOutcome:
        message = "the lake is elsewhere"
        raise LakeError(message)

    monkeypatch.setattr(detecting, "run_watch", fail)
    place.keep(ndjson([exchange(1)]))
    place.committer().commit_waiting()
    results = ResultsFolder(tmp_path / "results")
    with pytest.raises(LakeError):
        Detector(place.lake, results, KEY, Settings()).look_if_new(QuietProgress())
    assert results.newest() is None


def test_results_are_kept_up_to_their_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest go first, drafts and the newest never."""
    monkeypatch.setattr(service_limits, "RESULTS_KEPT_MAX", 2)
    results = ResultsFolder(tmp_path)
    (tmp_path / ".draft").mkdir()
    for second in range(4):
        out = results.name_next(datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC))
        out.mkdir()
        results.publish(out)
        assert results.newest() == out
    assert [one.name for one in results.results()] == [
        "2026-01-01T000002.000000Z",
        "2026-01-01T000003.000000Z",
    ]
    assert (tmp_path / ".draft").is_dir()
    told = orjson.loads((tmp_path / "newest.json").read_bytes())
    assert told == {"result": "2026-01-01T000003.000000Z"}
