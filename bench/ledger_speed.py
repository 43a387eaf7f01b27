"""How fast the ledger writes and verifies, on SQLite and, where an address is given, PostgreSQL.

`python bench/ledger_speed.py [--postgres postgresql://USER@HOST/DATABASE]` makes a ledger in a
temporary folder (and in that database, which must be empty), and prints a table: single changes,
changes of a hundred entries, 20,000 accounts brought under an effect, delivered and taken back, and
verification. Durable as in use: every change is flushed to the disk.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stillwatch.store.ledger import AuditKey, Ledger, make_ledger
from stillwatch.store.ledger.nouns.decisions import NewDecision
from stillwatch.store.ledger.nouns.findings import NewDisposition

NOW = datetime(2026, 11, 30, tzinfo=UTC)
KEY = AuditKey(bytes(32))
SINGLE = 500
LARGE = 100
ACCOUNTS = 20_000


def require(held: bool) -> None:  # noqa: FBT001  the one thing that it is given
    """Stop where a step has not done what it was measured for."""
    if not held:
        raise SystemExit("a step did not do its work")  # noqa: EM101, TRY003  a script's last word


def note(number: int) -> NewDisposition:
    """Give the smallest row that there is."""
    return NewDisposition(
        disposition_id=f"n-{number}",
        subject_kind="account",
        subject_id=f"acct-{number}",
        answer="unsure",
        source_kind="case",
        source_id="case-1",
    )


def write_singly(ledger: Ledger) -> None:
    """One entry a transaction."""
    for number in range(SINGLE):
        with ledger.write(actor="bench", now=NOW) as change:
            change.note_disposition(note(number))


def write_in_hundreds(ledger: Ledger) -> None:
    """A hundred entries a transaction."""
    for start in range(LARGE):
        with ledger.write(actor="bench", now=NOW) as change:
            for number in range(100):
                change.note_disposition(note(SINGLE + 100 * start + number))


def propose(ledger: Ledger) -> None:
    """Write the accounts of a large decision down, and approve it."""
    decision = NewDecision(
        decision_id="d-1",
        effect="suspend",
        reason="Suspended.",
        subject_kind="campaign",
        subject_id="c-1",
        approvals_needed=0,
        expires_at=NOW + timedelta(days=30),
    )
    with ledger.write(actor="bench", now=NOW) as change:
        change.propose_decision(decision, account_ids=[f"acct-{n:06}" for n in range(ACCOUNTS)])
        change.approve("d-1")


def enforce(ledger: Ledger) -> None:
    """Put it in force on one channel."""
    with ledger.write(actor="bench", now=NOW) as change:
        change.enqueue_effects("d-1", channels=("gateway",))


def read_table(ledger: Ledger) -> None:
    """Read the gateway's table, page by page."""
    after, rows = ("", ""), 0
    with ledger.read() as view:
        while page := view.list_effects_in_force(now=NOW, after=after):
            after, rows = (page[-1].account_id, page[-1].decision_id), rows + len(page)
    require(rows == ACCOUNTS)


def deliver(ledger: Ledger) -> None:
    """Claim all of it, and say that it is delivered."""
    with ledger.write(actor="bench", now=NOW) as change:
        change.claim_effects("claim-1", channel="gateway", until=NOW + timedelta(minutes=1))
    with ledger.write(actor="bench", now=NOW) as change:
        require(change.note_delivered("claim-1") == ACCOUNTS)


def revert(ledger: Ledger) -> None:
    """Take it back."""
    with ledger.write(actor="bench", now=NOW) as change:
        change.revert_decision("d-1", why="bench")


def verify(ledger: Ledger) -> None:
    """Read all of it again."""
    require(ledger.verify(anchor=ledger.anchor(now=NOW)).is_whole)


STEPS: tuple[tuple[str, Callable[[Ledger], None], int, str], ...] = (
    ("changes of one entry", write_singly, SINGLE, "entries/s"),
    ("changes of 100 entries", write_in_hundreds, 100 * LARGE, "entries/s"),
    (f"propose and approve {ACCOUNTS:,} accounts", propose, ACCOUNTS, "accounts/s"),
    ("put them in force", enforce, ACCOUNTS, "accounts/s"),
    ("read the gateway's table", read_table, ACCOUNTS, "rows/s"),
    ("claim and deliver", deliver, ACCOUNTS, "effects/s"),
    ("take back", revert, ACCOUNTS, "effects/s"),
    ("verify the log and the rows", verify, SINGLE + 100 * LARGE, "entries/s"),
)


def measure(where: str) -> Iterator[str]:
    """Run every step once on a new ledger; give a line of the table for each."""
    ledger = make_ledger(where, key=KEY, ledger_id="bench", now=NOW)
    for name, step, amount, unit in STEPS:
        began = time.perf_counter()
        step(ledger)
        seconds = time.perf_counter() - began
        yield f"| {name} | {seconds:.2f} s | {amount / seconds:,.0f} {unit} |"
    ledger.close()


def main() -> None:
    """Print a table for each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", help="address of an empty database")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        places = {"SQLite": str(Path(folder) / "ledger.db"), "PostgreSQL": given.postgres}
        for name, where in places.items():
            if where:
                print(f"\n| {name} | time | rate |\n|---|---|---|")
                for line in measure(where):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
