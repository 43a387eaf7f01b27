"""The audit log: every change is in it, and what was tampered with is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from ledgers_by_hand import KEY, NOW, campaign, decision, fill, later, put_in_force

from stillwatch.domain.errors import SecretKeyError
from stillwatch.store.ledger import AuditKey, Ledger, open_ledger, read_anchor
from stillwatch.store.ledger.audit.chain import ENTRIES, HEADS, genesis_hash, hash_entry, mac_head
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.errors import AuditBroken, LedgerError, LedgerUnavailable, MoveRefused
from stillwatch.store.ledger.nouns import KINDS, TABLES
from stillwatch.store.ledger.nouns.cases import CASES
from stillwatch.store.ledger.nouns.decisions import DECIDED_ACCOUNTS, DECISIONS
from stillwatch.store.ledger.nouns.findings import FINDINGS

OTHER_KEY = AuditKey(bytes(range(32)))


def tamper(ledger: Ledger, *statements: sa.Executable | str) -> None:
    """Do what somebody with the database in their hands can do."""
    with ledger._engine.begin() as connection:
        on = " ON audit_entries" if connection.dialect.name == "postgresql" else ""
        for event in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER audit_entries_no_{event}{on}")
        for one in statements:
            connection.execute(sa.text(one) if isinstance(one, str) else one)


def test_every_change_leaves_an_entry_with_who_and_when(ledger: Ledger) -> None:
    """One entry a verb, in order, in the words that the page names."""
    fill(ledger)
    with ledger.read() as view:
        entries = view.list_audit_entries()
        rest = view.list_audit_entries(after=3, limit=2)
    assert [one.number for one in entries] == list(range(1, len(entries) + 1))
    assert [(one.verb, one.actor) for one in entries[-7:]] == [
        ("case.comment", "ann"),
        ("decision.propose", "ann"),
        ("decision.terms", "ann"),
        ("decision.approve", "ben"),
        ("decision.approved", "ben"),
        ("decision.in_force", "ben"),
        ("appeal.file", "service:form"),
    ]
    assert entries[-1].at == later(minutes=2)
    assert [one.number for one in rest] == [4, 5]
    assert ledger.verify().is_whole


def test_the_log_names_no_account(ledger: Ledger) -> None:
    """Entries speak of rows of the ledger by id, so that an account can be erased later."""
    fill(ledger)
    with ledger.read() as view:
        told = " ".join(f"{one.subject_id} {one.detail}" for one in view.list_audit_entries())
    assert "acct" not in told
    assert "school" not in told


def reject_after(change: Change) -> None:
    """Write something, and then do what the decision's state refuses."""
    change.record_campaign(campaign())
    change.reject("d-1", why="no")


def test_a_change_that_fails_leaves_neither_row_nor_entry(ledger: Ledger) -> None:
    """Rows and entries are one transaction."""
    put_in_force(ledger)
    before = ledger.verify()
    with pytest.raises(MoveRefused), ledger.write(actor="cora", now=NOW) as change:
        reject_after(change)
    assert ledger.verify() == before
    with ledger.read() as view:
        assert view.list_audit_entries(after=before.entries) == []


def test_a_change_of_nothing_leaves_no_entry(ledger: Ledger) -> None:
    """An empty transaction and a retry are silent."""
    put_in_force(ledger)
    before = ledger.verify()
    with ledger.write(actor="ann", now=NOW) as change:
        change.propose_decision(decision(), account_ids=("acct-1", "acct-2"))
    assert ledger.verify() == before


def test_the_database_refuses_to_change_an_entry(ledger: Ledger) -> None:
    """A slip is stopped by a trigger before the chain has to show it."""
    put_in_force(ledger)
    for statement in (
        sa.update(ENTRIES).values(actor="eve"),
        sa.delete(ENTRIES).where(ENTRIES.c.number == 1),
    ):
        with pytest.raises(sa.exc.DBAPIError, match="never changed"), ledger._engine.begin() as c:
            c.execute(statement)


def test_an_anchor_shows_a_chain_that_was_cut_and_sealed_again(ledger: Ledger) -> None:
    """Whoever brings an older head back deceives the ledger itself, and no anchor."""
    put_in_force(ledger)
    with ledger._engine.connect() as connection:
        older = dict(connection.execute(sa.select(HEADS)).mappings().one())
    with ledger.write(actor="cora", now=NOW) as change:
        change.revert_decision("d-1", why="a mistake")
        change.record_campaign(campaign())
    anchor = read_anchor(ledger.anchor(now=later(hours=1)).to_json())
    tamper(
        ledger,
        sa.delete(ENTRIES).where(ENTRIES.c.number > older["entries"]),
        "DELETE FROM campaigns",
        sa.update(DECISIONS).values(
            state="in_force", why=None, changed_by="ben", changed_at=NOW, version=3
        ),
        sa.update(HEADS).values(older),
    )
    assert ledger.verify().is_whole
    assert ledger.verify().stood_aside
    report = ledger.verify(anchor=anchor)
    assert report.first_bad == older["entries"] + 1
    assert "the anchor counts" in report.faults[0].says


def test_an_anchor_shows_a_chain_that_was_made_anew(ledger: Ledger) -> None:
    """As long, as whole, with the key even: another hash at that number."""
    put_in_force(ledger)
    anchor = ledger.anchor(now=NOW)
    with ledger._engine.connect() as connection:
        heads = connection.execute(sa.select(HEADS)).mappings().one()
        entries = connection.execute(sa.select(ENTRIES).order_by(ENTRIES.c.number)).mappings()
        rows = [dict(one) for one in entries]
    previous = genesis_hash(heads["ledger_id"])
    for row in rows:
        row |= {"actor": "eve", "previous_hash": previous}
        previous = row["entry_hash"] = hash_entry(row, ledger_id=heads["ledger_id"])
    mac = mac_head(KEY, ledger_id=heads["ledger_id"], entries=heads["entries"], head_hash=previous)
    tamper(ledger, sa.delete(ENTRIES), sa.update(HEADS).values(head_hash=previous, head_mac=mac))
    with ledger._engine.begin() as connection:
        connection.execute(sa.insert(ENTRIES), rows)
    assert ledger.verify().is_whole
    assert [f.says for f in ledger.verify(anchor=anchor).faults] == [
        f"the anchor has another hash for entry {anchor.entries}: the chain is new"
    ]


def test_without_the_key_no_new_head_can_be_made(ledger: Ledger, where: str) -> None:
    """A chain that was made anew without the key is refused by the next writer, not sealed."""
    put_in_force(ledger)
    with ledger._engine.connect() as connection:
        last = connection.execute(sa.select(sa.func.max(ENTRIES.c.number))).scalar_one()
        before = sa.select(ENTRIES.c.entry_hash).where(ENTRIES.c.number == last - 1)
        entry_hash = connection.execute(before).scalar_one()
    tamper(
        ledger,
        sa.delete(ENTRIES).where(ENTRIES.c.number == last),
        sa.update(HEADS).values(entries=last - 1, head_hash=entry_hash),
    )
    assert any("without the audit key" in f.says for f in ledger.verify().faults)
    with pytest.raises(AuditBroken), ledger.write(actor="ann", now=NOW) as change:
        change.record_campaign(campaign())
    keyless = open_ledger(where)
    found = keyless.verify()
    assert "no audit key" in found.stood_aside[0]
    with pytest.raises(LedgerError, match="without its audit key"):
        keyless.write(actor="ann", now=NOW).__enter__()
    keyless.close()


def test_a_writer_with_another_key_is_refused(ledger: Ledger, where: str) -> None:
    """Two keys would make a log that nobody can verify."""
    put_in_force(ledger)
    other = open_ledger(where, key=OTHER_KEY)
    with pytest.raises(AuditBroken, match="another"), other.write(actor="ann", now=NOW) as change:
        change.record_campaign(campaign())
    assert len(other.verify(anchor=ledger.anchor(now=NOW)).faults) == 2
    other.close()


def test_a_cut_log_stops_every_write(ledger: Ledger) -> None:
    """The head still counts what is gone."""
    put_in_force(ledger)
    last = ledger.verify().entries
    tamper(ledger, sa.delete(ENTRIES).where(ENTRIES.c.number == last))
    assert ledger.verify().first_bad == last
    with pytest.raises(AuditBroken), ledger.write(actor="ann", now=NOW) as change:
        change.record_campaign(campaign())


def test_a_log_without_its_head_is_broken(ledger: Ledger) -> None:
    """There is nothing to write behind, and nothing to verify."""
    tamper(ledger, "DELETE FROM audit_head")
    assert not ledger.verify().is_whole
    for act in (
        lambda: ledger.anchor(now=NOW),
        lambda: ledger.write(actor="a", now=NOW).__enter__(),
    ):
        with pytest.raises(AuditBroken):
            act()


def test_a_row_that_was_changed_past_the_log_is_found(ledger: Ledger) -> None:
    """Changed, gone, or never written by the ledger: each is named with the entry that knows."""
    fill(ledger)
    tamper(ledger, sa.update(CASES).values(title="Nothing to see"))
    (fault,) = ledger.verify().faults
    assert fault.says.startswith("case case-1 is not as entry")
    tamper_more = (
        sa.delete(FINDINGS),
        (
            "INSERT INTO users (user_id, roles, is_active, added_at, version)"
            " VALUES ('eve', '[\"admin\"]', true, 0, 1)"
        ),
        sa.update(DECIDED_ACCOUNTS)
        .where(DECIDED_ACCOUNTS.c.account_id == "acct-2")
        .values(account_id="acct-7"),
    )
    with ledger._engine.begin() as connection:
        for one in tamper_more:
            connection.execute(sa.text(one) if isinstance(one, str) else one)
    said = "\n".join(fault.says for fault in ledger.verify().faults)
    for words in (
        "finding f-1, written by entry",
        "no entry speaks of user eve",
        "decision d-1 has other accounts",
    ):
        assert words in said


def test_every_kind_of_row_has_an_image(ledger: Ledger) -> None:
    """A field of any row that `fill` writes, changed past the log, is found."""
    fill(ledger)
    with ledger.read() as view:
        kinds = {one.kind for one in view.list_audit_entries() if one.image_hash}
    elsewhere = {"disposition", "permission", "invitation", "session", "likeness", "kept_likeness"}
    assert kinds == set(KINDS.values()) - elsewhere
    assert len(TABLES) == len(KINDS)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"scheme": "another"}',
        b'{"scheme": "stillwatch-audit-1", "ledger_id": "x"}',
        (
            b'{"scheme": "stillwatch-audit-1", "ledger_id": "x", "entries": "1", "head_hash": "",'
            b' "head_mac": "", "at": ""}'
        ),
    ],
)
def test_what_is_no_anchor_is_refused(content: bytes) -> None:
    """A file that says something else is no proof of anything."""
    with pytest.raises(LedgerError, match="no anchor"):
        read_anchor(content)


def test_an_anchor_of_another_ledger_is_no_proof(ledger: Ledger) -> None:
    """It says which ledger it is of."""
    content = ledger.anchor(now=NOW).to_json().replace(b"ledger-1", b"ledger-2")
    assert not ledger.verify(anchor=read_anchor(content)).is_whole


def test_a_key_is_long_and_never_shown() -> None:
    """A short one is refused, and no `repr` has it."""
    with pytest.raises(SecretKeyError):
        AuditKey(b"short")
    assert "secret" not in repr(AuditKey(b"secret" * 5 + b"00"))


@pytest.mark.parametrize(
    ("where", "refusal"),
    [
        ("mysql://host/db", LedgerError),
        ("sqlite:///:memory:", LedgerError),
        ("not://a url:x", LedgerError),
        ("nowhere/ledger.db", LedgerError),
        ("postgresql://nobody:hunter2@/x?unix_sock=/nowhere", LedgerUnavailable),
    ],
)
def test_a_place_without_a_ledger_is_refused(where: str, refusal: type[LedgerError]) -> None:
    """With a hint, and without the password that was in the address."""
    with pytest.raises(refusal) as refused:
        open_ledger(where, key=KEY)
    assert "hunter2" not in str(refused.value)


def test_a_database_that_holds_something_else_is_no_ledger(tmp_path: Path) -> None:
    """An empty file isn't one."""
    (tmp_path / "empty.db").touch()
    with pytest.raises(LedgerError, match="holds no ledger"):
        open_ledger(tmp_path / "empty.db", key=KEY)
