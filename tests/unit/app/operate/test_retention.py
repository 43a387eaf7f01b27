"""What is too old goes, each kind after its own days; what stays adds up, and says what went."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import polars as pl
import pytest
from incidents_by_hand import FIRST, ingest, ledger_with_decisions, record, run, run_json

from stillwatch.app.commands.operate import retain as retain_command
from stillwatch.domain.lake_tables import EARLY, HEAD, TELLING
from stillwatch.store.lake import Lake
from stillwatch.store.ledger import open_ledger

TODAY = FIRST + timedelta(days=10)
EXCHANGES = {"STILLWATCH_RETENTION_EXCHANGES_DAYS": "7"}
"""Of ten days ago and nine: both go; of six and five: both stay."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a lake with four days, a gap between them, and early findings of two."""
    folder = tmp_path_factory.mktemp("made")
    for day in (0, 1, 4, 5):
        records = [record(f"acct-{n % 3}", n, day=day) for n in range(6)]
        records.append(record("acct-old" if day < 2 else "acct-1", 9, day=day))
        ingest(folder / "lake", folder / f"day-{day}", records)
    lake = Lake(folder / "lake")
    early = {
        "account_id": ["acct-1", "acct-2"],
        "campaign_id": "c",
        "verdict": "suspect",
        "time": [FIRST, FIRST + timedelta(days=5)],
        "exchanges": 1,
        "weight_bits": 9.0,
        "families": [["content"]] * 2,
        "channels": [["item"]] * 2,
    }
    lake.append(EARLY.name, EARLY.conform(pl.DataFrame(early)))
    return folder / "lake"


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Path:
    """Give a copy of it."""
    return Path(shutil.copytree(made, tmp_path / "lake"))


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Let it be ten days after the first."""
    monkeypatch.setattr(retain_command, "utc_now", lambda: TODAY)
    return TODAY


def gone(told: dict[str, list[dict[str, object]]]) -> dict[object, object]:
    """Give the rows by kind."""
    return {one["what"]: one["rows"] for one in told["gone"]}


def test_days_that_are_too_old_go_and_nothing_else(lake: Path) -> None:
    """Exchanges of whole days, and the system texts that only they had; files are gone at once."""
    told = run_json("retain", lake, **EXCHANGES)
    assert gone(told) == {"observed": 14, "system": 1}
    assert [str(day) for day in Lake(lake).days("observed")] == ["2026-11-05", "2026-11-06"]
    assert {p.name for p in (lake / "observed").iterdir()} == {"day=2026-11-05", "day=2026-11-06"}
    assert len(Lake(lake).read("register")) == 4
    assert run_json("retain", lake, **EXCHANGES)["gone"] == []


def test_a_trial_says_the_same_and_changes_nothing(lake: Path) -> None:
    """By kind, with the setting by which it would go."""
    before = {p: p.read_bytes() for p in lake.rglob("*") if p.is_file()}
    trial = run_json("retain", lake, "--dry-run", **EXCHANGES)
    assert {p: p.read_bytes() for p in lake.rglob("*") if p.is_file()} == before
    assert "exchanges_days = 7" in run("retain", lake, "--dry-run", **EXCHANGES)
    assert run_json("retain", lake, **EXCHANGES)["gone"] == trial["gone"]


def test_without_a_setting_nothing_goes(lake: Path) -> None:
    """The default is to keep; that is said."""
    assert "every kind is kept" in run("retain", lake)
    assert len(Lake(lake).read("observed")) == 28


def test_each_kind_goes_after_its_own_days(lake: Path) -> None:
    """Early findings by their day, quarantine by its ingest's; exchanges stay."""
    told = run_json("retain", lake, STILLWATCH_RETENTION_EARLY_DAYS="7")
    assert gone(told) == {"early_findings": 1}
    assert Lake(lake).read(EARLY.name)["account_id"].to_list() == ["acct-2"]
    told = run_json("retain", lake, STILLWATCH_RETENTION_QUARANTINE_DAYS="7")
    assert gone(told) == {"quarantine": 2}
    assert len(Lake(lake).read("observed")) == 28


@pytest.mark.long
def test_looks_add_up_and_say_which_days_have_gone(lake: Path, tmp_path: Path) -> None:
    """Also after a compaction, and where a look had seen the days."""
    run("watch", lake, "--out", tmp_path / "before")
    run("retain", lake, **EXCHANGES)
    run("lake", "compact", lake, "--sweep-now")
    run("watch", lake, "--out", tmp_path / "after")
    told = orjson.loads((tmp_path / "after" / "run.json").read_bytes())
    assert (told["counts"]["gone"], told["counts"]["exchanges"]) == (14, 14)
    assert (told["watch"]["look"], told["watch"]["is_new_look"]) == (2, True)
    (aside,) = [one for one in told["stood_aside"] if one["check"] == "exchanges that are gone"]
    assert aside["reason"] == "14 of 2026-11-01 to 2026-11-02 have left by retention"
    sent = pl.read_parquet(tmp_path / "after" / "accounts.parquet")["account_id"]
    assert "acct-old" not in sent
    assert not list(lake.glob("kept/*/day=2026-11-01"))


def test_campaigns_that_nobody_has_seen_for_long_are_forgotten_as_wholes(lake: Path) -> None:
    """Their history, heads and traits go; another's stay."""
    from stillwatch.domain.lake_tables import HISTORY  # noqa: PLC0415

    rows = {
        **{name: [0, 0] for name, column in HISTORY.columns.items() if column.dtype == pl.Int64},
        "campaign_id": ["old", "young"],
        "as_of": FIRST,
        "state": "steady",
        "kind": "distillation",
        "first_seen": FIRST,
        "last_seen": [FIRST, FIRST + timedelta(days=9)],
        "related": [[], []],
    }
    kept = Lake(lake)
    kept.append(HISTORY.name, HISTORY.conform(pl.DataFrame(rows)))
    head = {"campaign_id": ["old", "young"], "look": 1, "account_id": "acct-1", "is_in": True}
    kept.append(HEAD.name, HEAD.conform(pl.DataFrame(head)))
    trait = {"campaign_id": ["old", "young"], "look": 1, "channel": "item", "value": 1}
    kept.append(TELLING.name, TELLING.conform(pl.DataFrame({**trait, "weight_bits": 1.0})))
    told = run_json("retain", lake, STILLWATCH_RETENTION_CAMPAIGNS_DAYS="7")
    assert gone(told) == {"campaign_history": 1, "campaign_heads": 1, "campaign_traits": 1}
    for table in (HISTORY, HEAD, TELLING):
        assert Lake(lake).read(table.name)["campaign_id"].to_list() == ["young"]


def results_of(folder: Path) -> list[str]:
    """Name the results of a folder."""
    return sorted(one.name for one in folder.iterdir() if one.is_dir())


def made_result(folder: Path, name: str, *, day: int) -> Path:
    """Make what retention reads of a result, with text of a customer in it."""
    place = folder / name
    place.mkdir(parents=True)
    run_file = {"started_at": (FIRST + timedelta(days=day)).isoformat()}
    (place / "run.json").write_bytes(orjson.dumps(run_file))
    (place / "report.html").write_text("a prompt")
    templates = pl.DataFrame({"template_id": ["t"], "exemplars": [["a prompt"]]})
    templates.write_parquet(place / "templates.parquet")
    return place


def test_old_results_go_but_the_newest_and_old_text_in_those_that_stay(
    lake: Path, tmp_path: Path
) -> None:
    """The one that gateways follow stays, however old."""
    folder = tmp_path / "results"
    for name, day in (("a", 0), ("b", 1), ("c", 5)):
        made_result(folder, name, day=day)
    (folder / "newest.json").write_bytes(orjson.dumps({"result": "b"}))
    days = {"STILLWATCH_RETENTION_RESULTS_DAYS": "7", "STILLWATCH_RETENTION_TEXT_DAYS": "7"}
    told = run_json("retain", lake, "--results", folder, **days)
    assert gone(told) == {"results": 1, "text in b": 2}
    assert results_of(folder) == ["b", "c"]
    assert "a prompt" not in (folder / "b" / "report.html").read_text()
    assert pl.read_parquet(folder / "b" / "templates.parquet")["exemplars"].to_list() == [None]
    assert "a prompt" in (folder / "c" / "report.html").read_text()


def test_the_ledger_has_one_entry_with_the_figures(lake: Path, tmp_path: Path) -> None:
    """Who let what go, in rows; none where nothing went."""
    ledger_with_decisions(tmp_path / "ledger.db", ("acct-1",)).close()
    named = ("--ledger", tmp_path / "ledger.db", "--actor", "cora")
    run("retain", lake, *named, "--dry-run", **EXCHANGES)
    run("retain", lake, *named, **EXCHANGES)
    run("retain", lake, *named, **EXCHANGES)
    opened = open_ledger(tmp_path / "ledger.db")
    with opened.read() as view:
        entries = [one for one in view.list_audit_entries() if one.verb == "retention.apply"]
    opened.close()
    assert [(one.actor, orjson.loads(one.detail)) for one in entries] == [
        ("cora", {"observed": 14, "system": 1})
    ]
    assert "whole" in run("audit", "verify", tmp_path / "ledger.db")
