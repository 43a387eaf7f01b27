"""A name leaves the ledger, on both databases, and the audit log still holds."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from ledgers_by_hand import KEY, NOW, appeal, decision, fill, finding, later
from typer.testing import CliRunner

from stillwatch.app.cli import app
from stillwatch.store.ledger import Ledger, make_ledger, open_ledger
from stillwatch.store.ledger.changes.erasure import ERASED, FADED
from stillwatch.store.ledger.engine import open_engine
from stillwatch.store.ledger.errors import MoveRefused
from stillwatch.store.ledger.nouns.appeals import Appeal
from stillwatch.store.ledger.nouns.cases import Comment
from stillwatch.store.ledger.nouns.columns import metadata
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.findings import Disposition, NewDisposition
from stillwatch.store.ledger.nouns.policies import NewPermission, Permission

TOMB = "erased:00000000000000aa"


def deliver(ledger: Ledger, *, hours: int) -> None:
    """Deliver everything that is due."""
    with ledger.write(actor="service:webhook", now=later(hours=hours)) as change:
        change.claim_effects(f"x-{hours}", channel="webhook", until=later(hours=hours + 1))
        change.note_delivered(f"x-{hours}")


def settle(ledger: Ledger) -> None:
    """Fill a ledger, and end everything that is still to be done to its accounts."""
    fill(ledger)
    with ledger.write(actor="cora", now=later(hours=1)) as change:
        change.review_appeal("a-1")
        change.resolve_appeal("a-1", outcome="overturned", answer="Sorry.", disposition="innocent")
        change.comment_case("case-1", text="acct-1 is a school; acct-11 is not.")
        change.record_finding(finding("f-2", subject_kind="account", subject_id="acct-1"))
        change.grant_permission(
            NewPermission(
                permission_id="p-1", account_id="acct-1", scope="evaluation", granted_by="cora"
            )
        )
        change.note_disposition(
            NewDisposition(
                disposition_id="acct-1/noted",
                subject_kind="account",
                subject_id="acct-1",
                answer="innocent",
                source_kind="case",
                source_id="case-1",
            )
        )
        change.revert_decision("d-1", why="all of it")
    deliver(ledger, hours=2)


def every_text(where: str) -> str:
    """Give everything that the tables hold, the audit log included."""
    engine = open_engine(where, may_make=False)
    with engine.connect() as connection:
        rows = [connection.execute(sa.select(t)).all() for t in metadata.tables.values()]
    engine.dispose()
    return str(rows)


def test_a_name_is_gone_from_every_table_and_the_log_holds(ledger: Ledger, where: str) -> None:
    """Another account whose id begins alike stays; ids of rows stay, and are counted."""
    settle(ledger)
    with ledger.write(actor="cora", now=later(days=1)) as change:
        done = change.erase_account("acct-1", tombstone=TOMB)
        change.note_upkeep("account.erase", "receipt-1", {"rows": done})
    assert ledger.verify().is_whole
    assert done.pop("left") == 1
    assert set(done) == {
        "appeals",
        "comments",
        "decided_accounts",
        "dispositions",
        "effects",
        "findings",
        "permissions",
    }
    text = every_text(where).replace("acct-1/noted", "").replace("acct-11", "")
    assert "acct-1" not in text
    with ledger.read() as view:
        assert view.find(Appeal, "a-1").statement == ERASED
        assert view.find(Permission, "p-1").account_id == TOMB
        assert view.find(Disposition, "acct-1/noted").subject_id == TOMB
        comments = [one.text for one in view.list_comments("case-1")]
        names = [one.account_id for one in view.list_accounts("d-1")]
    assert comments[-1] == f"{TOMB} is a school; acct-11 is not."
    assert sorted(names) == ["acct-2", TOMB]


def test_erasing_again_finds_nothing(ledger: Ledger) -> None:
    """A second run, after a kill, writes nothing new about the account."""
    settle(ledger)
    with ledger.write(actor="cora", now=later(days=1)) as change:
        change.erase_account("acct-1", tombstone=TOMB)
    with ledger.write(actor="cora", now=later(days=1)) as change:
        assert set(change.erase_account("acct-1", tombstone=TOMB)) <= {"left"}
        assert change.notes == []


def test_a_tampered_row_still_shows_after_an_erasure(ledger: Ledger, where: str) -> None:
    """The tombstone is sealed: who puts another name there is found."""
    settle(ledger)
    with ledger.write(actor="cora", now=later(days=1)) as change:
        change.erase_account("acct-1", tombstone=TOMB)
    engine = open_engine(where, may_make=False)
    with engine.begin() as connection:
        table = metadata.tables["decided_accounts"]
        connection.execute(
            sa.update(table).where(table.c.account_id == TOMB).values(account_id="acct-9")
        )
    engine.dispose()
    assert not ledger.verify().is_whole


@pytest.mark.parametrize("waits", ["decision", "appeal", "delivery"])
def test_what_is_still_to_be_done_refuses(waits: str, ledger: Ledger) -> None:
    """A decision in force, an appeal that waits, a delivery that is due: nothing is changed."""
    fill(ledger)
    deliver(ledger, hours=0)
    account = "acct-2" if waits == "decision" else "acct-1"
    if waits != "decision":
        with ledger.write(actor="cora", now=later(hours=1)) as change:
            change.release_account("d-1", "acct-1", why="a slip")
            if waits == "delivery":
                change.review_appeal("a-1")
                change.resolve_appeal("a-1", outcome="upheld", answer="No.", disposition="unsure")
    before = ledger.anchor(now=NOW).entries
    with (
        pytest.raises(MoveRefused, match=waits),
        ledger.write(actor="cora", now=later(days=1)) as change,
    ):
        change.erase_account(account, tombstone=TOMB)
    assert ledger.anchor(now=NOW).entries == before


def test_a_trial_leaves_nothing(ledger: Ledger) -> None:
    """What would come of it is told, and rolled back."""
    settle(ledger)
    before = ledger.anchor(now=NOW)
    with ledger.try_out(actor="cora", now=later(days=1)) as change:
        assert change.erase_account("acct-1", tombstone=TOMB)
    assert ledger.anchor(now=NOW) == before
    with ledger.read() as view:
        assert view.find(Appeal, "a-1").account_id == "acct-1"


def test_texts_fade_when_they_are_old_and_done(ledger: Ledger) -> None:
    """A resolved appeal's statement, a closed case's comments; what waits keeps its words."""
    settle(ledger)
    with ledger.write(actor="ann", now=later(hours=3)) as change:
        change.propose_decision(decision("d-9"), account_ids=["acct-7"])
    with ledger.write(actor="ben", now=later(hours=3)) as change:
        change.approve("d-9")
        change.enqueue_effects("d-9", channels=("webhook",))
        change.file_appeal(
            appeal("a-9", decision_id="d-9", account_id="acct-7", statement="Look again.")
        )
        change.close_case("case-1", outcome="done")
    with ledger.write(actor="cora", now=later(days=90)) as change:
        assert change.fade_texts(before=later(days=60)) == {"appeals": 1, "comments": 2}
        assert change.fade_texts(before=later(days=60)) == {}
    assert ledger.verify().is_whole
    with ledger.read() as view:
        assert (view.find(Appeal, "a-1").statement, view.find(Appeal, "a-1").answer) == (
            FADED,
            FADED,
        )
        assert view.find(Appeal, "a-9").statement == "Look again."
        assert {one.text for one in view.list_comments("case-1")} == {FADED}
        assert view.find(Comment, "case-1/1").author == "ann"
        assert view.find(Decision, "d-1").reason


def test_a_backup_of_either_database_comes_back_whole(
    ledger: Ledger, where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """By the command; PostgreSQL's dump by its own program, as `restore` says."""
    import shutil  # noqa: PLC0415
    import subprocess  # noqa: PLC0415

    from stillwatch.app.operate.backing_up import BackupRequest, back_up  # noqa: PLC0415
    from stillwatch.app.operate.restoring import Proof, verify_backup  # noqa: PLC0415

    fill(ledger)
    done = back_up(BackupRequest(tmp_path / "b", ledger=where), keys={}, now=NOW)
    verified = verify_backup(done.place, Proof(key=KEY))
    if verified.told.ledger == "ledger.db":
        assert verified.audit
        assert verified.audit.is_whole
        return
    server = request.getfixturevalue("postgres")
    program = shutil.which("pg_restore")
    assert program
    address = ["--host", str(server.folder), "--username", "postgres"]
    subprocess.run([Path(program).with_name("createdb"), *address, "again"], check=True)
    subprocess.run(
        [program, *address, "--no-owner", "--dbname=again", done.place / "ledger.dump"],
        check=True,
        capture_output=True,
    )
    schema = where.partition("//")[2].partition("@")[0]
    base = server.url("postgres").replace("/postgres?", "/again?")
    engine = sa.create_engine(
        base.replace("postgresql:", "postgresql+pg8000:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(
            f"ALTER ROLE postgres IN DATABASE again SET search_path = {schema}"
        )
    engine.dispose()
    done_said = CliRunner().invoke(
        app,
        ["audit", "verify", base, "--anchor", str(done.place / "ledger.anchor")],
        env={"STILLWATCH_AUDIT_KEY": KEY.secret.hex()},
    )
    assert done_said.exit_code == 0, done_said.output
    assert "whole: " in done_said.output


def test_migrating_by_the_command_makes_a_copy_first(tmp_path: Path) -> None:
    """An older SQLite ledger; the copy is of before, the ledger of this version."""
    from stillwatch.store.ledger import migrate  # noqa: PLC0415

    place = tmp_path / "ledger.db"
    make_ledger(place, key=KEY, ledger_id="ledger-1", now=NOW).close()
    engine = open_engine(place, may_make=False)
    with engine.begin() as connection:
        migrate.downgrade(connection, "0004")
    engine.dispose()
    said = CliRunner().invoke(app, ["ledger", "migrate", str(place)])
    assert said.exit_code == 0, said.output
    (copy,) = tmp_path.glob("ledger.db.before-*Z")
    engine = open_engine(copy, may_make=False)
    with engine.connect() as connection:
        assert migrate.revision_of(connection) == "0004"
    engine.dispose()
    open_ledger(place).close()
