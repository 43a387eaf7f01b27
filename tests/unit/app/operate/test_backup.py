"""A backup, while others write, is brought back as it was; half of one, or another, is refused."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from threading import Event, Thread

import orjson
import polars as pl
import pytest
from incidents_by_hand import (
    AUDIT,
    NOW,
    PSEUDONYM,
    ingest,
    ledger_with_decisions,
    record,
    run,
    run_json,
)

from stillwatch.app.operate.backing_up import BackupRequest, back_up
from stillwatch.app.operate.backup_form import list_backups
from stillwatch.app.operate.restoring import Proof, verify_backup
from stillwatch.store.lake import Lake
from stillwatch.store.ledger import AuditKey, make_ledger, open_ledger
from stillwatch.store.ledger.nouns.people import NewUser
from stillwatch.store.manifest import FORMAT
from stillwatch.store.upkeep.errors import BackupError

KEY = AuditKey(bytes.fromhex(AUDIT))


_ENTRIES = 2
"""Audit entries of the ledger before anybody writes on."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a lake with two days."""
    folder = tmp_path_factory.mktemp("made")
    for day in range(2):
        records = [record(f"acct-{n % 4}", n, day=day) for n in range(12)]
        ingest(folder / "lake", folder / f"day-{day}", records)
    return folder / "lake"


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Path:
    """Give a copy of it."""
    return Path(shutil.copytree(made, tmp_path / "lake"))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Give a ledger with a decision."""
    place = tmp_path / "ledger.db"
    ledger_with_decisions(place, ("acct-1", "acct-2")).close()
    return place


def test_what_is_brought_back_is_what_was_there(lake: Path, ledger: Path, tmp_path: Path) -> None:
    """The lake's rows, the ledger whole, and a result, by the commands alone."""
    (tmp_path / "results" / "first").mkdir(parents=True)
    (tmp_path / "results" / "first" / "run.json").write_bytes(b"{}")
    (tmp_path / "results" / ".second.partial-1").mkdir()
    named = ("--lake", lake, "--ledger", ledger, "--results", tmp_path / "results")
    done = run_json("backup", *named, "--to", tmp_path / "b")
    told = run_json("restore", done["place"], "--to", tmp_path / "r", "--digest", done["digest"])
    assert (told["audit_is_whole"], told["lake_appends"]) == (True, 2)
    back = tmp_path / "r"
    assert Lake(back / "lake").read("observed").equals(Lake(lake).read("observed"))
    assert "whole" in run("audit", "verify", back / "ledger.db", "--anchor", back / "ledger.anchor")
    assert [p.name for p in (back / "results").iterdir()] == ["first"]
    records = [record("acct-9", 1, day=2)]
    ingest(back / "lake", tmp_path / "later", records)
    assert len(Lake(back / "lake").read("observed")) == 25


def test_a_second_backup_copies_what_is_new(lake: Path, ledger: Path, tmp_path: Path) -> None:
    """Files of the lake that are there already are names; each backup stands for itself."""
    named = ("--lake", lake, "--ledger", ledger, "--to", tmp_path / "b")
    first = run_json("backup", *named)
    ingest(lake, tmp_path / "later", [record("acct-7", 1, day=2)])
    second = run_json("backup", *named)
    lake_files = sum(1 for _ in Lake(lake).files())
    assert first["linked"] == 0
    assert second["linked"] >= first["files"] - 3
    shutil.rmtree(first["place"])
    run("restore", second["place"], "--to", tmp_path / "r")
    assert sum(1 for _ in Lake(tmp_path / "r" / "lake").files()) == lake_files


def test_a_backup_during_writes_holds_one_moment(lake: Path, ledger: Path, tmp_path: Path) -> None:
    """What goes on meanwhile is there whole or not; what the ledger knows, the lake knows too."""
    stop, begun = Event(), Event()
    opened = open_ledger(ledger, key=KEY)

    def write_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            Lake(lake).append("ours", pl.DataFrame({"number": [number]}))
            with opened.write(actor="root", now=NOW) as change:
                change.add_user(NewUser(user_id=f"user-{number}", roles=("viewer",)))
            begun.set()

    writer = Thread(target=write_on)
    writer.start()
    try:
        begun.wait()
        for _ in range(3):
            done = back_up(
                BackupRequest(tmp_path / "b", lake, str(ledger)),
                keys={},
                now=NOW.replace(second=len(list_backups(tmp_path / "b"))),
            )
            verified = verify_backup(done.place, Proof(digest=done.digest, key=KEY))
            assert verified.audit
            assert verified.audit.is_whole
            appended = Lake(done.place / "lake").read("ours")["number"].to_list()
            assert appended == list(range(1, len(appended) + 1))
            assert verified.audit.entries - _ENTRIES <= len(appended)
    finally:
        stop.set()
        writer.join()
        opened.close()


def test_a_backup_of_an_older_lake_is_brought_back_as_it_was(lake: Path, tmp_path: Path) -> None:
    """And migrated then: the program that made it may be gone."""
    done = run_json("backup", "--lake", lake, "--to", tmp_path / "b")
    told = Path(done["place"]) / "lake" / "lake.json"
    raw = told.read_bytes().replace(b'"stillwatch_lake":%d' % FORMAT, b'"stillwatch_lake":2')
    listed = Path(done["place"]) / "backup.json"
    digests = [hashlib.sha256(one).hexdigest().encode() for one in (told.read_bytes(), raw)]
    listed.write_bytes(listed.read_bytes().replace(*digests))
    told.write_bytes(raw)
    run("restore", done["place"], "--to", tmp_path / "r")
    assert "is of format 2" in run(
        "watch", tmp_path / "r" / "lake", "--out", tmp_path / "o", code=2
    )
    assert run_json("lake", "migrate", tmp_path / "r" / "lake")["migrated"]
    assert Lake(tmp_path / "r" / "lake").read("observed").equals(Lake(lake).read("observed"))


@pytest.mark.parametrize("change", ["cut", "gone", "flipped", "list"])
def test_a_backup_that_is_not_whole_is_refused(
    change: str, lake: Path, ledger: Path, tmp_path: Path
) -> None:
    """A file shorter, missing or changed, or no list: nothing is brought back."""
    done = run_json("backup", "--lake", lake, "--ledger", ledger, "--to", tmp_path / "b")
    backup = Path(done["place"])
    victim = next((backup / "lake" / "observed").glob("*/*.parquet"))
    raw = victim.read_bytes()
    if change == "list":
        (backup / "backup.json").unlink()
    elif change == "gone":
        victim.unlink()
    else:
        victim.write_bytes(raw[:-1] if change == "cut" else bytes([raw[0] ^ 1]) + raw[1:])
    said = run("restore", backup, "--to", tmp_path / "r", code=2)
    assert "cannot be used" in said
    assert not (tmp_path / "r").exists()


def test_another_backup_than_was_meant_is_refused(ledger: Path, tmp_path: Path) -> None:
    """By the digest that was noted, and by an anchor that another party kept."""
    run("audit", "anchor", ledger, "--out", tmp_path / "before.anchor")
    run("backup", "--ledger", ledger, "--to", tmp_path / "b")
    (backup,) = list_backups(tmp_path / "b")
    run("restore", backup, "--anchor", tmp_path / "before.anchor")
    assert "another digest" in run("restore", backup, "--digest", "00" * 32, code=2)
    with open_ledger(ledger, key=KEY).write(actor="root", now=NOW) as change:
        change.add_user(NewUser(user_id="cora", roles=("viewer",)))
    run("audit", "anchor", ledger, "--out", tmp_path / "after.anchor")
    said = run("restore", backup, "--anchor", tmp_path / "after.anchor", code=2)
    assert "audit log of its ledger is not whole" in said
    run("restore", backup, "--anchor", tmp_path / "after.anchor", "--even-if-broken")


def test_a_rewritten_ledger_shows_when_it_is_brought_back(ledger: Path, tmp_path: Path) -> None:
    """A row that was changed past the log, in the ledger that was backed up."""
    import sqlite3  # noqa: PLC0415

    with sqlite3.connect(ledger) as database:
        database.execute("UPDATE decisions SET reason = 'nothing'")
    run("backup", "--ledger", ledger, "--to", tmp_path / "b")
    (backup,) = list_backups(tmp_path / "b")
    assert "is not as entry" in run("restore", backup, code=2)


def test_half_a_backup_has_no_name_and_the_next_one_clears_it(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it copies: nothing in the folder can be taken for a backup."""
    from stillwatch.app.operate import backing_up  # noqa: PLC0415

    with monkeypatch.context() as broken:
        broken.setattr(backing_up, "flush_tree", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        broken.setattr(backing_up.shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            back_up(BackupRequest(tmp_path / "b", lake), keys={}, now=NOW)
    assert list_backups(tmp_path / "b") == []
    (half,) = (tmp_path / "b").iterdir()
    run("backup", "--lake", lake, "--to", tmp_path / "b")
    assert not half.exists()
    assert len(list_backups(tmp_path / "b")) == 1


def test_keys_are_kept_apart_unless_they_are_asked_for(
    lake: Path, ledger: Path, tmp_path: Path
) -> None:
    """Without: no file holds them, and it is said. With: files that their owner alone can read."""
    named = ("--lake", lake, "--ledger", ledger)
    done = run_json("backup", *named, "--to", tmp_path / "b")
    assert done["kept_apart"] == ["pseudonym.key", "audit.key"]
    secrets = (PSEUDONYM.encode(), bytes.fromhex(PSEUDONYM), AUDIT.encode(), bytes.fromhex(AUDIT))
    held = b"".join(p.read_bytes() for p in Path(done["place"]).rglob("*") if p.is_file())
    assert not any(secret in held for secret in secrets)
    done = run_json("backup", *named, "--to", tmp_path / "c", "--with-keys")
    keys = Path(done["place"]) / "keys"
    assert (keys / "pseudonym.key").read_text().strip() == PSEUDONYM
    assert {oct(p.stat().st_mode & 0o777) for p in keys.iterdir()} == {"0o600"}
    assert done["kept_apart"] == []


def test_nothing_is_overwritten(lake: Path, tmp_path: Path) -> None:
    """A place in which something is, is not free; a backup of nothing is none."""
    run("backup", "--lake", lake, "--to", tmp_path / "b")
    (backup,) = list_backups(tmp_path / "b")
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "mine").write_text("mine")
    assert "is not free" in run("restore", backup, "--to", tmp_path / "r", code=2)
    assert "nothing was named" in run("backup", "--to", tmp_path / "b", code=2)


def test_a_list_that_names_files_elsewhere_is_refused(lake: Path, tmp_path: Path) -> None:
    """A backup from strangers writes nowhere but into its place."""
    run("backup", "--lake", lake, "--to", tmp_path / "b")
    (backup,) = list_backups(tmp_path / "b")
    told = orjson.loads((backup / "backup.json").read_bytes())
    told["files"][0]["path"] = "../../elsewhere"
    (backup / "backup.json").write_bytes(orjson.dumps(told))
    with pytest.raises(BackupError, match="outside of it"):
        verify_backup(backup, Proof())


def test_a_ledger_is_made_anew_from_a_restored_one(ledger: Path, tmp_path: Path) -> None:
    """The copy is a ledger like any: it can be written, and verifies after that."""
    run("backup", "--ledger", ledger, "--to", tmp_path / "b")
    (backup,) = list_backups(tmp_path / "b")
    run("restore", backup, "--to", tmp_path / "r")
    back = make_ledger(tmp_path / "r" / "ledger.db", key=KEY, ledger_id="other", now=NOW)
    with back.write(actor="root", now=NOW) as change:
        change.add_user(NewUser(user_id="dora", roles=("viewer",)))
    assert back.verify().is_whole
    back.close()
