"""After another key nothing silently mismatches: what came before stands aside, and it is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import orjson
import polars as pl
import pytest
from incidents_by_hand import PSEUDONYM, ingest, record, run, run_json

from stillwatch.app.steps.opening import check_of_key, lake_to_fill, lake_to_watch
from stillwatch.app.steps.window import read_snapshot, take_window
from stillwatch.domain import lake_tables
from stillwatch.domain.lake_tables import KEYED
from stillwatch.domain.schema import Table
from stillwatch.domain.tables import OBSERVED, REGISTER, SYSTEM
from stillwatch.store.lake import Lake
from stillwatch.store.manifest import check_lake, read_borders
from stillwatch.store.secret_key import key_from_file, key_from_hex

USER = "u-17"
OLD = key_from_hex(PSEUDONYM, source="a test")


def mail(account: str) -> dict[str, object]:
    """Give an account of the register, suspended, with an e-mail address's hash."""
    return {"account_id": account, "status": "suspended", "email_hash": "h-1", "plan": "free"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a lake of one day, whose register has pseudonyms, and turn its key; then a day more."""
    folder = tmp_path_factory.mktemp("made")
    records = [record(f"acct-{n % 3}", n, user=USER) for n in range(6)]
    ingest(folder / "lake", folder / "day-0", records)
    (folder / "mails").mkdir()
    (folder / "mails" / "accounts.jsonl").write_bytes(orjson.dumps(mail("acct-1")) + b"\n")
    shutil.copy(folder / "day-0" / "exchanges.jsonl", folder / "mails")
    run("ingest", folder / "mails", "--lake", folder / "lake", "--max-quarantine", 1)
    shutil.copytree(folder / "lake", folder / "before")
    run("key", "rotate", folder / "lake", "--new-key", folder / "new.key")
    again = [record(f"acct-{n % 3}", n, day=1, user=USER) for n in range(5)]
    (folder / "day-1").mkdir()
    (folder / "day-1" / "exchanges.jsonl").write_bytes(b"\n".join(map(orjson.dumps, again)))
    run("ingest", folder / "day-1", "--lake", folder / "lake", **new(folder))
    return folder


def new(folder: Path) -> dict[str, str]:
    """Give the environment of whoever has the new key."""
    return {"STILLWATCH_KEY": (folder / "new.key").read_text().strip()}


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """Give a copy of it."""
    return Path(shutil.copytree(made, tmp_path / "made"))


def test_the_old_key_is_refused_and_the_new_one_let_in(folder: Path, tmp_path: Path) -> None:
    """To ingest and to look; turning again with the same file changes nothing."""
    said = run("watch", folder / "lake", "--out", tmp_path / "r", code=2)
    assert "another pseudonym key" in said
    assert "it did already" in run(
        "key", "rotate", folder / "lake", "--new-key", folder / "new.key"
    )
    check_lake(folder / "lake", key_check=check_of_key(key_from_file(folder / "new.key")))
    assert read_borders(folder / "lake") == [2]


def test_a_window_holds_rows_of_one_key(folder: Path) -> None:
    """Exchanges of before are outside of it, and every record is still accounted for."""
    for _ in range(2):  # also after a compaction, which puts no two keys into one file
        with lake_to_watch(folder / "lake", key=key_from_file(folder / "new.key")) as lake:
            window = take_window(lake, days=None)
            assert window.days == ("2026-11-02",)
            counts = window.arrived.counts
            assert (counts["exchanges"], counts["outside_window"]) == (5, 6)
            parts = ("exchanges", "quarantined", "duplicates", "outside_window")
            assert counts["read"] == sum(counts[name] for name in parts)
            assert lake.read(OBSERVED.name)["end_user_hash"].n_unique() == 1
            assert len(lake.read(SYSTEM.name)) == 3
        run("lake", "compact", folder / "lake", "--sweep-now")
    assert Lake(folder / "lake").read(OBSERVED.name)["end_user_hash"].n_unique() == 2


def test_the_register_keeps_what_an_account_is_and_lets_pseudonyms_go(folder: Path) -> None:
    """A suspended account stays suspended; its e-mail's pseudonym comes with the next register."""
    with lake_to_watch(folder / "before", key=OLD) as lake:
        assert read_snapshot(lake).register["email_hash"].drop_nulls().len() == 1
    key = key_from_file(folder / "new.key")
    with lake_to_watch(folder / "lake", key=key) as lake:
        register = read_snapshot(lake).register
    assert register["email_hash"].drop_nulls().len() == 0
    assert register.filter(pl.col("account_id") == "acct-1")["status"].to_list() == ["suspended"]
    run("ingest", folder / "mails", "--lake", folder / "lake", "--max-quarantine", 1, **new(folder))
    with lake_to_fill(folder / "lake", key=key) as (lake, _):
        register = read_snapshot(lake).register
    assert register["email_hash"].drop_nulls().len() == 1


def test_a_look_says_what_stands_aside(folder: Path, tmp_path: Path) -> None:
    """How many exchanges, of which days, and why."""
    run("watch", folder / "lake", "--out", tmp_path / "r", **new(folder))
    told = orjson.loads((tmp_path / "r" / "run.json").read_bytes())["stood_aside"]
    name = "exchanges under the pseudonym key before"
    (aside,) = [one["reason"] for one in told if one["check"] == name]
    assert aside == "6 of 2026-11-01 to 2026-11-01: pseudonyms under two keys never meet"


def test_an_erasure_says_what_it_cannot_find(folder: Path) -> None:
    """An end user's rows under the old key have a pseudonym that nobody can make any more."""
    words = ("erase", "--end-user", USER, "--lake", folder / "lake")
    told = run_json(*words, **new(folder))
    assert told["lake"]["rows"]["observed"] == 5
    assert "exchanges under the pseudonym key before" in str(told["not_erased"])
    told = run_json("erase", "--account", "acct-1", "--lake", folder / "lake", **new(folder))
    assert told["lake"]["rows"]["observed"] == 2
    rows = Lake(folder / "lake").read(OBSERVED.name)
    assert "acct-1" not in rows["account_id"].to_list()


def test_a_journal_in_which_something_waits_keeps_the_key(folder: Path, tmp_path: Path) -> None:
    """Only the old key opens its segments: commit them first."""
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / f"00000001-{'0' * 32}.sealed").write_bytes(b"")
    words = ("key", "rotate", folder / "before", "--new-key", tmp_path / "new.key")
    said = run(*words, "--segments", tmp_path / "journal", code=2)
    assert "1 segments wait" in said
    check_lake(folder / "before", key_check=check_of_key(OLD))
    (tmp_path / "journal" / f"00000001-{'0' * 32}.sealed").unlink()
    run(*words, "--segments", tmp_path / "journal")


def test_a_lake_of_neither_key_is_left_alone(folder: Path, tmp_path: Path) -> None:
    """Whoever lacks the lake's key can't turn it."""
    words = ("key", "rotate", folder / "before", "--new-key", tmp_path / "new.key")
    assert "another pseudonym key" in run(*words, code=2, STILLWATCH_KEY="ff" * 16)
    assert read_borders(folder / "before") == []


def test_every_table_of_a_lake_with_keyed_values_is_known_as_one() -> None:
    """A new table with pseudonyms or sketches can't be mixed by being forgotten."""
    kept = [OBSERVED, SYSTEM, *(t for t in vars(lake_tables).values() if isinstance(t, Table))]
    made_again = {"value_count", "first_use"}
    of_a_result = {"ties"}
    keyed = {
        table.name
        for table in kept
        if any(name.endswith("_hash") or name in {"value", "sketch"} for name in table.columns)
    }
    assert keyed - made_again - of_a_result == KEYED
    assert REGISTER.name not in KEYED
