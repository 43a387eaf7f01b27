"""Many writers at once, threads and processes, on both databases: one chain, no gap, one answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from ledgers_by_hand import KEY, NOW, decision, put_in_force

from stillwatch.domain.errors import StillwatchError
from stillwatch.store.ledger import Ledger, make_ledger
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.errors import MoveRefused
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.findings import NewDisposition

WRITERS = 4
CHANGES = 12
PROCESS = """
import sys
from datetime import UTC, datetime
from stillwatch.store.ledger import AuditKey, make_ledger
from stillwatch.store.ledger.nouns.findings import NewDisposition

where, name, changes, secret = sys.argv[1:]
now = datetime(2026, 11, 30, tzinfo=UTC)
key = AuditKey(bytes.fromhex(secret))
ledger = make_ledger(where, key=key, ledger_id="ledger-1", now=now)
for number in range(int(changes)):
    with ledger.write(actor=name, now=now) as change:
        for part in "ab":
            change.note_disposition(NewDisposition(
                disposition_id=f"{name}-{number}{part}", subject_kind="account", subject_id="acct",
                answer="unsure", source_kind="case", source_id="case-1"))
ledger.close()
"""


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do several things in threads that start together; give each one's result or failure."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return act()
        except StillwatchError as failure:
            return failure

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_threads_write_one_chain(ledger: Ledger) -> None:
    """N threads with M changes each: N times M entries, numbered without a gap, and whole."""

    def write(name: str) -> None:
        for number in range(CHANGES):
            with ledger.write(actor=name, now=NOW) as change:
                change.note_disposition(
                    NewDisposition(
                        disposition_id=f"{name}-{number}",
                        subject_kind="account",
                        subject_id="acct-1",
                        answer="unsure",
                        source_kind="case",
                        source_id="case-1",
                    )
                )

    assert at_once(*(lambda name=f"w{n}": write(name) for n in range(WRITERS))) == [None] * WRITERS
    report = ledger.verify(anchor=ledger.anchor(now=NOW))
    assert (report.entries, report.faults) == (WRITERS * CHANGES, ())


def test_processes_make_and_write_one_chain(where: str) -> None:
    """Processes that find no ledger agree on one, and interleave without a gap."""
    command = [sys.executable, "-c", PROCESS, where]
    running = [
        subprocess.Popen(
            [*command, f"p{number}", str(CHANGES), KEY.secret.hex()],
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(WRITERS)
    ]
    ends = [(one.communicate()[1], one.returncode) for one in running]
    assert ends == [("", 0)] * WRITERS
    ledger = make_ledger(where, key=KEY, ledger_id="ledger-2", now=NOW)
    report = ledger.verify()
    assert (report.entries, report.faults) == (2 * WRITERS * CHANGES, ())
    assert report.ledger_id == "ledger-1"
    with ledger.read() as view:
        names = [one.actor for one in view.list_audit_entries()]
    assert names[::2] == names[1::2], "the two entries of one transaction stand together"
    ledger.close()


@pytest.mark.parametrize("number", range(5))
def test_a_decision_is_approved_or_rejected_and_never_both(number: int, ledger: Ledger) -> None:
    """Two people who decide in two ways at once: one is heard, the other is told."""
    with ledger.write(actor="ann", now=NOW) as change:
        change.propose_decision(decision(f"d-{number}"), account_ids=["acct-1"])

    def decide(actor: str, act: Callable[[Change], Decision]) -> str:
        with ledger.write(actor=actor, now=NOW) as change:
            return act(change).state

    outcomes = at_once(
        lambda: decide("ben", lambda change: change.approve(f"d-{number}")),
        lambda: decide("cora", lambda change: change.reject(f"d-{number}", why="no")),
    )
    with ledger.read() as view:
        state = view.find(Decision, f"d-{number}").state
        approvals = len(view.list_approvals(f"d-{number}"))
    assert [one for one in outcomes if isinstance(one, str)] == [state]
    assert [type(one) for one in outcomes if not isinstance(one, str)] == [MoveRefused]
    assert approvals == (1 if state == "approved" else 0)
    assert ledger.verify().is_whole


def test_effects_are_claimed_by_one_alone(ledger: Ledger) -> None:
    """Deliverers that claim at once share the outbox; no row goes to two."""
    accounts = tuple(f"acct-{number:03}" for number in range(40))
    put_in_force(ledger, accounts)

    def claim(name: str) -> list[str]:
        taken: list[str] = []
        for number in range(5):
            with ledger.write(actor="service:deliverer", now=NOW) as change:
                rows = change.claim_effects(
                    f"{name}-{number}", channel="webhook", until=decision().expires_at, limit=3
                )
            taken += [one.account_id for one in rows]
        return taken

    shares = at_once(*(lambda name=f"w{n}": claim(name) for n in range(3)))
    taken = [account for share in shares if isinstance(share, list) for account in share]
    assert len(taken) == len(set(taken)) == 40


def test_a_reader_sees_one_instant(ledger: Ledger) -> None:
    """What is written while somebody reads is not seen by them, and doesn't wait for them."""
    put_in_force(ledger)
    with ledger.read() as view:
        before = view.find(Decision, "d-1")
        with ledger.write(actor="cora", now=NOW) as change:
            change.revert_decision("d-1", why="a mistake")
        assert view.find(Decision, "d-1") == before
    with ledger.read() as view:
        assert view.find(Decision, "d-1").state == "reverted"
