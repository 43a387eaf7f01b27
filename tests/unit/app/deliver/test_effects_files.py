"""Effects as files: whole, in order, bounded, and one writer at a time."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from deliveries_by_hand import Clock, effect_states, enforce

from stillwatch.act import batch_files
from stillwatch.act.batch_files import IN_FORCE_FILE, list_effects_files, write_effects_file
from stillwatch.app.deliver.effects_files import EffectsFiles
from stillwatch.app.deliver.jobs import make_jobs, run_once
from stillwatch.app.deliver.settings import DeliverSettings
from stillwatch.store.durable import try_to_hold
from stillwatch.store.ledger import Ledger


def read_lines(path: Path) -> list[dict[str, object]]:
    """Read a file of JSON objects."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_round_writes_what_changed_and_what_is_in_force(
    either: Ledger, clock: Clock, tmp_path: Path
) -> None:
    """One file of operations; the cumulative one names it; a reversal empties that again."""
    folder = tmp_path / "effects"
    work = EffectsFiles(either, folder, clock.means())
    enforce(either, channels=("file",))
    work.round()
    (name,) = list_effects_files(folder)
    assert [one["operation"] for one in read_lines(folder / name)] == ["apply", "apply"]
    head, *rows = read_lines(folder / IN_FORCE_FILE)
    assert (head["through"], head["rows"], len(rows)) == (name, 2, 2)
    with either.write(actor="cora", now=clock.now) as change:
        change.revert_decision("d-1", why="a mistake")
    work.round()
    assert len(list_effects_files(folder)) == 2
    assert read_lines(folder / IN_FORCE_FILE)[1:] == []
    assert effect_states(either) == {("file", "delivered"): 2, ("file", "reverted"): 2}


def test_what_is_past_its_end_is_taken_back(ledger: Ledger, clock: Clock, tmp_path: Path) -> None:
    """A decision whose time is over ends by itself, and its effects are reverted."""
    enforce(ledger, channels=("file",))
    settings = DeliverSettings(files=str(tmp_path))
    jobs = make_jobs(ledger, settings, clock.means())
    run_once(jobs, complain=pytest.fail)
    clock.move(days=31)
    run_once(jobs, complain=pytest.fail)
    first, second = list_effects_files(tmp_path)
    assert {one["operation"] for one in read_lines(tmp_path / first)} == {"apply"}
    assert {one["operation"] for one in read_lines(tmp_path / second)} == {"revert"}


def test_nothing_in_force_is_an_answer_too(ledger: Ledger, clock: Clock, tmp_path: Path) -> None:
    """The first round writes the cumulative file, and the next leaves it alone."""
    work = EffectsFiles(ledger, tmp_path / "effects", clock.means())
    work.round()
    written = tmp_path / "effects" / IN_FORCE_FILE
    assert read_lines(written)[0]["rows"] == 0
    before = written.stat().st_mtime_ns
    work.round()
    assert written.stat().st_mtime_ns == before
    assert list_effects_files(tmp_path / "effects") == []


def test_names_keep_their_order_when_a_clock_goes_back(clock: Clock, tmp_path: Path) -> None:
    """A file that is written later comes later."""
    names = []
    for step_s in (0, -3600, 0):
        clock.move(seconds=step_s)
        names.append(write_effects_file(tmp_path, [b"{}"], now=clock.now))
    assert names == sorted(set(names)) == list_effects_files(tmp_path)


def test_old_files_go_and_what_is_in_force_stays(
    ledger: Ledger, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is bounded; the cumulative file holds what the lost ones said."""
    monkeypatch.setattr(batch_files, "EFFECTS_FILES_KEPT", 2)
    work = EffectsFiles(ledger, tmp_path, clock.means())
    for number in range(4):
        enforce(ledger, f"d-{number}", ("acct-1",), channels=("file",), now=clock.now)
        work.round()
        clock.move(seconds=1)
    assert len(list_effects_files(tmp_path)) == 2
    assert read_lines(tmp_path / IN_FORCE_FILE)[0]["rows"] == 4


def test_a_second_deliverer_leaves_the_folder_alone(
    ledger: Ledger, clock: Clock, tmp_path: Path
) -> None:
    """Who holds the folder writes; the other claims nothing."""
    enforce(ledger, channels=("file",))
    held = try_to_hold(tmp_path)
    assert held is not None
    work = EffectsFiles(ledger, tmp_path, clock.means())
    assert not work.round()
    assert effect_states(ledger) == {("file", "queued"): 2}
    os.close(held)
    work.round()
    assert effect_states(ledger) == {("file", "delivered"): 2}
