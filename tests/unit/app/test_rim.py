"""Settings, progress, the clock and the ledger of a run."""

from __future__ import annotations

import io
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from stillwatch.app.ledger_of_run import RunLedger
from stillwatch.app.progress import QuietProgress, shown_progress
from stillwatch.app.settings import (
    has_screen,
    key_path,
    parse_instant,
    read_key,
    read_settings,
    utc_now,
)
from stillwatch.domain.errors import CountsDisagree, SecretKeyError, SettingError
from stillwatch.domain.settings import Settings

_NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_an_empty_environment_gives_the_defaults() -> None:
    """What nobody sets is what the domain says."""
    assert read_settings({"PATH": "somewhere", "STILLWATCHED": "1"}) == Settings()


def test_any_setting_can_be_set_by_section_and_name() -> None:
    """With the type of its default."""
    settings = read_settings(
        {
            "STILLWATCH_POLICY_SUSPEND_DAYS": "7",
            "STILLWATCH_DETECT_WATCH_Q_MAX": "0.3",
            "STILLWATCH_POLICY_APPEAL": "at appeals.example",
        }
    )
    assert (settings.policy.suspend_days, settings.detect.watch_q_max) == (7, 0.3)
    assert settings.policy.appeal == "at appeals.example"
    assert settings.link == Settings().link


@pytest.mark.parametrize("text", ["", "soon", "-1", "1.5"])
def test_an_impossible_value_is_refused(text: str) -> None:
    """By name, with the default as a hint."""
    with pytest.raises(SettingError, match="STILLWATCH_POLICY_SUSPEND_DAYS cannot be") as refused:
        read_settings({"STILLWATCH_POLICY_SUSPEND_DAYS": text})
    assert refused.value.hint == "its default is 30"
    with pytest.raises(SettingError):
        read_settings({"STILLWATCH_DETECT_WATCH_Q_MAX": "nan"})


def test_the_key_rests_where_the_user_s_configuration_does(tmp_path: Path) -> None:
    """The named file comes first, then the configuration folder, if it is absolute."""
    named = {"STILLWATCH_KEY_FILE": str(tmp_path / "k"), "XDG_CONFIG_HOME": str(tmp_path)}
    assert key_path(named) == tmp_path / "k"
    assert key_path({"XDG_CONFIG_HOME": str(tmp_path)}) == tmp_path / "stillwatch/pseudonym.key"
    fallback = Path.home() / ".config/stillwatch/pseudonym.key"
    assert key_path({"XDG_CONFIG_HOME": "relative"}) == fallback
    assert key_path({}) == fallback


def test_a_given_key_makes_no_file(tmp_path: Path) -> None:
    """The environment's key is used and nothing is written; without it the file is made."""
    environment = {"XDG_CONFIG_HOME": str(tmp_path), "STILLWATCH_KEY": "0f" * 16}
    given = read_key(environment)
    assert list(tmp_path.iterdir()) == []
    del environment["STILLWATCH_KEY"]
    made = read_key(environment)
    assert made not in (given, None)
    assert made == read_key(environment)
    with pytest.raises(SecretKeyError, match="STILLWATCH_KEY is not"):
        read_key({"STILLWATCH_KEY": "0f"})


def test_a_screen_is_looked_for_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """A display of either kind will do."""
    monkeypatch.setattr("sys.platform", "linux")
    assert not has_screen({"DISPLAY": ""})
    assert has_screen({"DISPLAY": ":0"})
    assert has_screen({"WAYLAND_DISPLAY": "wayland-0"})


def test_instants_are_read_as_utc() -> None:
    """A day, an instant with a zone, one without."""
    assert parse_instant("2026-11-23") == datetime(2026, 11, 23, tzinfo=UTC)
    assert parse_instant("2026-11-23T09:00:00+01:00") == _NOW
    assert parse_instant("2026-11-23T08:00:00") == _NOW
    assert utc_now().utcoffset() == _NOW.utcoffset()


def test_progress_is_silent_when_piped() -> None:
    """Not one byte, whatever is reported."""
    sink = io.StringIO()
    with shown_progress(Console(file=sink)) as progress:
        assert isinstance(progress, QuietProgress)
        with progress.stage("observe", total=10) as stage:
            stage.advance(10)
    assert sink.getvalue() == ""


def test_progress_on_a_terminal_names_the_stage_and_counts() -> None:
    """Stage, how many of how many; a stage without a total counts all the same."""
    sink = io.StringIO()
    console = Console(file=sink, force_terminal=True, width=120)
    with shown_progress(console) as progress:
        with progress.stage("observe", total=2000) as stage:
            stage.advance(1500)
            stage.advance(500)
        with progress.stage("link") as stage:
            stage.advance()
    assert "observe" in sink.getvalue()
    assert "2000/2000" in sink.getvalue()
    assert "link" in sink.getvalue()


def _ledger(**counts: int) -> RunLedger:
    return RunLedger(settings=Settings(), started_at=_NOW, counts=counts)


def test_the_ledger_writes_down_what_the_contract_asks_for() -> None:
    """Settings, counts, stages with seconds and peak memory, what stood aside, once each."""
    ledger = _ledger(read=10, exchanges=6, quarantined=1, duplicates=2, outside_window=1)
    with ledger.stage("observe", rows_in=6) as stage:
        stage.rows_out = 5
    ledger.stand_aside("device", reason="no record names one")
    ledger.stand_aside("device", reason="no record names one")
    run = ledger.content(finished_at=_NOW)
    assert run["settings"] == asdict(Settings())
    assert run["stood_aside"] == [{"check": "device", "reason": "no record names one"}]
    (observed,) = run["stages"]
    assert (observed["stage"], observed["rows_in"], observed["rows_out"]) == ("observe", 6, 5)
    assert 0 <= observed["seconds"] < 5
    assert 10 * 2**20 < observed["peak_bytes"] < 2**40
    assert ledger.quarantined_share() == 0.1


@pytest.mark.parametrize(
    "counts",
    [
        {"read": 10, "exchanges": 9},
        {"read": 10, "exchanges": 10, "duplicates": 1},
        {"exchanges": 1},
    ],
)
def test_records_that_do_not_add_up_stop_the_run(counts: dict[str, int]) -> None:
    """Lost, counted twice, or out of nowhere: nothing is written."""
    with pytest.raises(CountsDisagree, match="accounted for"):
        _ledger(**counts).content(finished_at=_NOW)


def test_a_stage_that_fails_is_not_recorded() -> None:
    """The exception passes on, and no figures of half a stage are kept."""
    ledger = _ledger()
    with pytest.raises(ZeroDivisionError):  # noqa: SIM117  the stage is what must let it through
        with ledger.stage("link"):
            _ = 1 // 0
    assert ledger.stages == []
    assert ledger.quarantined_share() == 0.0
