"""`stillwatch audit`: anchors and verification, as a shell sees them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stillwatch.app.cli import app
from stillwatch.app.commands.audit import read_audit_key
from stillwatch.domain.errors import SecretKeyError
from stillwatch.store.ledger import AuditKey, make_ledger
from stillwatch.store.ledger.audit.key import audit_key_from_file
from stillwatch.store.ledger.nouns.cases import NewCase

_NOW = datetime(2026, 11, 30, tzinfo=UTC)
_KEY = AuditKey(bytes(range(32)))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger of two entries, with its key in the environment."""
    monkeypatch.setenv("STILLWATCH_AUDIT_KEY", _KEY.secret.hex())
    path = tmp_path / "ledger.db"
    ledger = make_ledger(path, key=_KEY, ledger_id="house", now=_NOW)
    with ledger.write(actor="ann", now=_NOW) as change:
        change.open_case(NewCase(case_id="case-1", title="one"))
        change.comment_case("case-1", text="hello")
    ledger.close()
    return path


def run(*arguments: object) -> Result:
    """Run the command line."""
    return CliRunner().invoke(app, [str(one) for one in arguments])


def change_past_the_log(path: Path, statement: str) -> None:
    """Write into the database as somebody could who has the file."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_a_whole_log_verifies_against_its_anchor(place: Path, tmp_path: Path) -> None:
    """Code 0 and one line; the anchor is written once, and never over another."""
    kept = tmp_path / "monday.anchor"
    assert run("audit", "anchor", place, "--out", kept).exit_code == 0
    assert json.loads(kept.read_bytes())["entries"] == 2
    found = run("audit", "verify", place, "--anchor", kept)
    assert (found.exit_code, found.stderr) == (0, "")
    assert found.stdout.startswith("whole: 2 entries of house, last ")
    assert run("audit", "anchor", place, "--out", kept).exit_code == 2


def test_a_row_that_was_tampered_with_gives_code_3(place: Path) -> None:
    """The first bad entry is named, for people and for machines."""
    change_past_the_log(place, "UPDATE cases SET title = 'two'")
    found = run("audit", "verify", place)
    assert found.exit_code == 3
    assert found.stdout == "not whole: 1 faults, the first at entry 1\n"
    assert "error: case case-1 is not as entry 1 left it" in found.stderr
    shown = run("audit", "verify", place, "--json")
    assert shown.exit_code == 3
    told = json.loads(shown.stdout)
    assert (told["is_whole"], told["first_bad"]) == (False, 1)


def test_a_head_that_was_tampered_with_gives_code_3(place: Path) -> None:
    """Without a number to name it says so too."""
    change_past_the_log(place, "UPDATE audit_head SET head_mac = 'none'")
    found = run("audit", "verify", place)
    assert (found.exit_code, found.stdout) == (3, "not whole: 1 faults\n")


def test_what_cannot_be_checked_is_said(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without key and anchor two checks stand aside, and the rest is done."""
    monkeypatch.delenv("STILLWATCH_AUDIT_KEY")
    found = run("audit", "verify", place)
    assert found.exit_code == 0
    assert found.stderr.count("warning: stood aside: ") == 2


def test_what_is_no_ledger_or_no_anchor_is_unusable_input(place: Path, tmp_path: Path) -> None:
    """Code 2 and one line, as everywhere."""
    (tmp_path / "no.anchor").write_text("{}")
    for arguments in ((tmp_path / "nowhere.db",), (place, "--anchor", tmp_path / "no.anchor")):
        found = run("audit", "verify", *arguments)
        assert (found.exit_code, found.stdout) == (2, "")
        assert found.stderr.startswith("error: ")


def test_the_key_is_given_or_in_a_file_that_is_named(tmp_path: Path) -> None:
    """Nothing is made by looking; a file that is made holds a key that is read again."""
    path = tmp_path / "audit.key"
    assert read_audit_key({}) is None
    with pytest.raises(SecretKeyError):
        read_audit_key({"STILLWATCH_AUDIT_KEY_FILE": str(path)})
    made = audit_key_from_file(path, may_make=True)
    assert read_audit_key({"STILLWATCH_AUDIT_KEY_FILE": str(path)}) == made
    assert read_audit_key({"STILLWATCH_AUDIT_KEY": made.secret.hex()}) == made
    with pytest.raises(SecretKeyError, match="64 hexadecimal digits"):
        read_audit_key({"STILLWATCH_AUDIT_KEY": "ab" * 16})
