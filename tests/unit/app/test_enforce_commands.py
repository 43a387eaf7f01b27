"""`stillwatch revert --ledger`, `enforce --once`, and what `serve --ledger` refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from made_result import make_result
from typer.testing import CliRunner, Result

from stillwatch.app.cli import app
from stillwatch.app.commands.serving.places import Places, check_places
from stillwatch.app.loops.results_folder import ResultsFolder
from stillwatch.domain.errors import SettingError
from stillwatch.store.ledger import AuditKey, Ledger, make_ledger, open_ledger
from stillwatch.store.ledger.nouns.decisions import Decision, NewDecision
from stillwatch.store.manifest import make_lake

_NOW = datetime(2026, 11, 30, tzinfo=UTC)
_KEY = AuditKey(bytes(range(32)))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger with a suspension of two accounts in force, and its key in the environment."""
    monkeypatch.setenv("STILLWATCH_AUDIT_KEY", _KEY.secret.hex())
    monkeypatch.delenv("STILLWATCH_LEDGER", raising=False)
    path = tmp_path / "ledger.db"
    ledger = make_ledger(path, key=_KEY, ledger_id="house", now=_NOW)
    decision = NewDecision(
        decision_id="d-1",
        effect="suspend",
        reason="Because.",
        subject_kind="account",
        subject_id="a",
        approvals_needed=0,
        expires_at=datetime.now(UTC) + timedelta(days=30),
    )
    with ledger.write(actor="ann", now=datetime.now(UTC)) as change:
        change.propose_decision(decision, account_ids=["a", "b"])
        change.approve("d-1")
        change.enqueue_effects("d-1", channels=())
    ledger.close()
    return path


def run(*arguments: object) -> Result:
    """Run the command line."""
    return CliRunner().invoke(app, [str(one) for one in arguments])


def decision_of(path: Path) -> Decision:
    """Read the decision."""
    ledger: Ledger = open_ledger(path)
    with ledger.read() as view:
        found = view.find(Decision, "d-1")
    ledger.close()
    return found


def test_one_account_is_released_and_then_the_decision_is_reverted(place: Path) -> None:
    """With the name and the reason of whoever did it; a second time says that it is so already."""
    words = ("revert", "d-1", "--ledger", place, "--by", "cora", "--why", "a school")
    found = run(*words, "--account", "b")
    assert (found.exit_code, found.stdout) == (0, "reverted: suspend of account b (d-1)\n")
    assert decision_of(place).state == "in_force"
    assert run(*words).stdout == "reverted: suspend of 2 accounts (d-1)\n"
    done = decision_of(place)
    assert (done.state, done.changed_by, done.why) == ("reverted", "cora", "a school")
    assert run(*words).stdout.startswith("already not in force")


def test_a_reversal_needs_a_place_and_the_key(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is changed without both."""
    assert run("revert", "d-1").exit_code == 2
    monkeypatch.delenv("STILLWATCH_AUDIT_KEY")
    refused = run("revert", "d-1", "--ledger", place)
    assert refused.exit_code == 2
    assert "STILLWATCH_AUDIT_KEY" in refused.stderr
    assert decision_of(place).state == "in_force"


def test_results_are_never_ruled_without_the_register(place: Path, tmp_path: Path) -> None:
    """Nobody would be known to be protected."""
    refused = run("enforce", "--ledger", place, "--results", tmp_path, "--once")
    assert refused.exit_code == 2
    assert "--lake" in refused.stderr
    with pytest.raises(SettingError, match="register"):
        check_places(Places(ledger=str(place), results=tmp_path))
    with pytest.raises(SettingError, match="both say"):
        check_places(Places(ledger=str(place), decisions=tmp_path))
    with pytest.raises(SettingError, match="policy"):
        check_places(Places(results=tmp_path, policy=tmp_path))
    check_places(Places(ledger=str(place)))


def test_a_lake_that_is_gone_stops_the_machine(place: Path, tmp_path: Path) -> None:
    """The newest look isn't ruled with an empty register."""
    results = ResultsFolder(tmp_path / "results")
    made = make_result(results.name_next(_NOW))
    run_file = made / "run.json"
    run_file.write_bytes(
        orjson.dumps({**orjson.loads(run_file.read_bytes()), "started_at": _now_text()})
    )
    results.publish(made)
    words = ("enforce", "--ledger", place, "--results", results.place, "--once")
    lake = tmp_path / "lake"
    refused = run(*words, "--lake", lake)
    assert refused.exit_code == 2
    make_lake(lake, key_check=1)
    done = run(*words, "--lake", lake)
    assert done.exit_code == 0, done.output
    assert "under shipped@1" in done.stdout
    ledger = open_ledger(place)
    with ledger.read() as view:
        suspended = {one.account_id for one in view.list_effects_in_force(now=datetime.now(UTC))}
    ledger.close()
    assert suspended == {"a", "b", "acct-1", "acct-2", "acct-3"}


def _now_text() -> str:
    return datetime.now(UTC).isoformat()
