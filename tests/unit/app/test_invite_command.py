"""`stillwatch invite`: the way in from the machine of the service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stillwatch.app.cli import app
from stillwatch.store.ledger import AuditKey, Ledger, make_ledger
from stillwatch.store.ledger.nouns.people import NewUser, User

_KEY = AuditKey(bytes(range(32)))


def run(*arguments: object) -> Result:
    """Run the command line."""
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """A ledger with one administrator, and its key in the environment."""
    monkeypatch.setenv("STILLWATCH_AUDIT_KEY", _KEY.secret.hex())
    now = datetime.now(UTC)
    made = make_ledger(tmp_path / "ledger.db", key=_KEY, ledger_id="house", now=now)
    with made.write(actor="service:access", now=now) as change:
        change.add_first_admin(NewUser(user_id="ann", roles=("admin",)))
    return made


def test_it_prints_a_code_that_opens_for_an_hour(ledger: Ledger) -> None:
    """For that person; the log says that it was made here, and the ledger has no code."""
    found = run("invite", ledger.name, "ann")
    assert (found.exit_code, found.stderr) == (0, "")
    code, now = found.stdout.strip(), datetime.now(UTC)
    with ledger.read() as view:
        invitation = view.find_invitation(code, now=now)
        assert invitation is not None
        assert (invitation.user_id, invitation.made_by) == ("ann", "service:terminal")
        assert view.find_invitation(code, now=now + timedelta(hours=1)) is None
        assert code not in str(view.list_audit_entries())
    assert ledger.verify().is_whole


@pytest.mark.parametrize("user", ["eve", "service:edge", "Ann"])
def test_nobody_unknown_is_invited(ledger: Ledger, user: str) -> None:
    """Neither a stranger nor a program; one line says why."""
    found = run("invite", ledger.name, user)
    assert (found.exit_code, found.stdout) == (2, "")


def test_without_the_audit_key_nobody_is(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who can't write into the ledger invites nobody."""
    monkeypatch.delenv("STILLWATCH_AUDIT_KEY")
    assert run("invite", ledger.name, "ann").exit_code == 2


def test_the_first_administrator_is_added_where_there_is_none(
    ledger: Ledger, tmp_path: Path
) -> None:
    """And nowhere else: with one there, nothing is written."""
    assert run("invite", ledger.name, "eve", "--first").exit_code == 2
    fresh = make_ledger(tmp_path / "new.db", key=_KEY, ledger_id="new", now=datetime.now(UTC))
    found = run("invite", fresh.name, "eve", "--first")
    assert (found.exit_code, found.stderr) == (0, "")
    with fresh.read() as view, ledger.read() as other:
        assert view.find(User, "eve").roles == ("admin",)
        assert view.find_invitation(found.stdout.strip(), now=datetime.now(UTC)) is not None
        assert [one.user_id for one in other.list_active_users()] == ["ann"]
