"""From a ruled look to every gateway: 20,000 accounts under effect, approved, and taken back.

`python bench/ledger_table.py [--postgres [ADDRESS]]` runs a service on a ledger (a file; with
--postgres an empty database too, without an address one of a server that is started here, as the
tests start theirs, with fsync), and a gateway's client in this process that follows it by long
poll. Ledger changes are made here, as people's programs make them. Prints a table with the targets,
the processor's time here, of the service with its round of enforcement, and of a database that was
started here, and the load of the machine, without which no figure of the clock means anything.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import polars as pl

from processor_time import Watch
from stillwatch.app.enforce.enforcing import Rules, enforce_look
from stillwatch.app.enforce.from_looks.looks import LookTables
from stillwatch.app.enforce.gateway_source import LedgerSource
from stillwatch.app.enforce.settings import EnforceSettings
from stillwatch.domain.results import ACCOUNTS_OUT, CAMPAIGNS_OUT
from stillwatch.domain.settings import Settings
from stillwatch.gateway import GatewayClient, Service
from stillwatch.store.ledger import AuditKey, Ledger, make_ledger
from stillwatch.store.ledger.nouns.decisions import NewDecision
from stillwatch.store.ledger.nouns.people import NewApiKey, NewUser
from stillwatch.store.ledger.questions.lookups import hash_secret

ACCOUNTS: Final = 20_000
HONEST: Final = 100_000
PORT: Final = 18_789
POLLS: Final = 1_000
KEY: Final = AuditKey(bytes(range(32)))
SERVERS: Final = Path(__file__).parents[1] / "tests" / "unit" / "store" / "ledger"
"""Where the tests keep how they start a server."""
OWN: Final = "a server that is started here"
WAIT_S_MAX: Final = 240.0
Row = tuple[str, str, str, str]


def utc_now() -> datetime:
    """Give the present instant."""
    return datetime.now(UTC)


def make_look() -> LookTables:
    """Make a look that has found one campaign of 20,000 heads among 100,000 honest accounts."""
    now = utc_now()
    heads = pl.DataFrame({"account_id": [f"head-{n:08d}" for n in range(ACCOUNTS)]})
    honest = pl.DataFrame({"account_id": [f"honest-{n:08d}" for n in range(HONEST)]})
    accounts = pl.concat([_judge(heads, is_head=True), _judge(honest, is_head=False)])
    found: dict[str, Any] = {
        "campaign_id": "c-bench",
        "kind": "distillation",
        "first_seen": now,
        "last_seen": now,
        "accounts": ACCOUNTS,
        "exchanges": 10**7,
        "output_tokens": 10**9,
        "q_value": 0.001,
        "tactics": ["code_synthesis"],
        "capabilities": ["code"],
        "channels": ["template"],
        "pivot_q_value": None,
        "summary": "A campaign of a bench.",
    }
    campaigns = CAMPAIGNS_OUT.conform(pl.DataFrame([found], schema=CAMPAIGNS_OUT.schema))
    return LookTables("bench", now, ACCOUNTS_OUT.conform(accounts), campaigns)


def _judge(accounts: pl.DataFrame, *, is_head: bool) -> pl.DataFrame:
    return accounts.with_columns(
        verdict=pl.lit("fraudulent" if is_head else "clear"),
        probability=pl.lit(0.999 if is_head else 0.0),
        q_value=pl.lit(0.001 if is_head else 1.0),
        campaign_id=pl.lit("c-bench" if is_head else None, dtype=pl.String),
        exchanges=pl.lit(500, pl.Int64),
        reasons=pl.lit(["tied_content", "tied_identity"]),
        explanation=pl.lit("as a bench has made it"),
    )


@contextmanager
def serving(where: str, place: Path) -> Iterator[int]:
    """Run the service on a ledger, with its round of enforcement beside it."""
    script = "from stillwatch.app.cli import main; main()"
    environment = {
        **os.environ,
        "STILLWATCH_AUDIT_KEY": KEY.secret.hex(),
        "STILLWATCH_LEDGER": where,
    }
    command = [sys.executable, "-c", script, "serve", "--port", str(PORT)]
    with (place / "service.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stderr=log)
    try:
        end = time.monotonic() + WAIT_S_MAX
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", PORT), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def let_in(ledger: Ledger) -> str:
    """Give the gateway of the bench a key."""
    key = token_hex(16)
    with ledger.write(actor="root", now=utc_now()) as change:
        change.add_user(NewUser(user_id="gate", roles=("gateway",)))
        change.issue_key(
            NewApiKey(
                key_id="k-gate", key_hash=hash_secret(key), user_id="gate", scopes=("changes",)
            )
        )
    return key


def timed(client: GatewayClient, change: Callable[[], None], count: int) -> tuple[float, float]:
    """Time a change of the ledger, and then how long until the client has so many accounts."""
    begun = time.perf_counter()
    change()
    written = time.perf_counter()
    held = client.wait_for(lambda table: len(table.by_account) == count, timeout_s=WAIT_S_MAX)
    if not held:
        message = f"the client never had {count:,} accounts"
        raise SystemExit(message)
    return written - begun, time.perf_counter() - written


def said(figures: tuple[float, float]) -> str:
    """Word the two figures."""
    return f"written in {figures[0]:.2f} s, at the client {figures[1]:.2f} s after"


def busy(watch: Watch) -> str:
    """Word how long each process was busy since it was asked last."""
    return ", ".join(f"{name} {seconds:.2f}" for name, seconds in watch.split_s().items())


def propose(ledger: Ledger, decision_id: str, *, people: int, count: int = ACCOUNTS) -> None:
    """Propose a suspension of so many accounts, and put it in force if it needs nobody."""
    decision = NewDecision(
        decision_id=decision_id,
        effect="suspend",
        reason="This account is suspended.",
        subject_kind="campaign",
        subject_id="c-bench",
        approvals_needed=people,
        expires_at=utc_now() + timedelta(days=30),
    )
    accounts = [f"acct-{n:08d}" for n in range(count)]
    with ledger.write(actor="ann", now=utc_now()) as change:
        change.propose_decision(decision, account_ids=accounts)
        if not people:
            change.approve(decision_id)
            change.enqueue_effects(decision_id, channels=("webhook",))


def approve(ledger: Ledger, decision_id: str) -> None:
    """Let two people approve; the service's own round puts it in force."""
    for person in ("ben", "cora"):
        with ledger.write(actor=person, now=utc_now()) as change:
            change.approve(decision_id)


def revert(ledger: Ledger, decision_id: str) -> None:
    """Take it back."""
    with ledger.write(actor="ben", now=utc_now()) as change:
        change.revert_decision(decision_id, why="a bench")


def release(ledger: Ledger, decision_id: str) -> None:
    """Let one account of it go."""
    with ledger.write(actor="ben", now=utc_now()) as change:
        change.release_account(decision_id, "acct-00000007", why="a bench")


def enforce(ledger: Ledger, look: LookTables) -> None:
    """Bring the look from finding to effect, under the shipped policy."""
    rules = Rules(Settings(), EnforceSettings(channels="webhook"))
    enforce_look(ledger, look, rules=rules, clock=utc_now)


def time_polls(ledger: Ledger, watch: Watch) -> Row:
    """Time a look of the service at a ledger in which nothing has changed, and the first one."""
    source = LedgerSource(ledger, series="bench", clock=utc_now)
    begun = time.perf_counter()
    first = source.read(-1)
    whole_s = time.perf_counter() - begun
    version = first.version if first else 0
    begun = time.perf_counter()
    for _ in range(POLLS):
        source.read(version)
    each_ms = (time.perf_counter() - begun) / POLLS * 1_000
    told = f"{each_ms:.2f} ms; all 20,000 rows {whole_s:.2f} s"
    return f"{POLLS:,} polls without news", told, "", busy(watch)


def measure(where: str, place: Path, *, database: int | None = None) -> list[Row]:
    """Run it all against one ledger."""
    ledger = make_ledger(where, key=KEY, ledger_id="bench", now=utc_now())
    look = make_look()
    service = Service(f"http://127.0.0.1:{PORT}", key=let_in(ledger))
    client = GatewayClient(service, on_stale="allow")
    rows: list[Row] = []
    with serving(where, place) as pid, client:
        if not client.wait_for(lambda table: table.version > 0, timeout_s=WAIT_S_MAX):
            message = f"the client was never let in: {(place / 'service.log').read_text()}"
            raise SystemExit(message)
        propose(ledger, "d-0", people=2, count=1)  # until the round of enforcement goes round
        timed(client, lambda: approve(ledger, "d-0"), 1)
        timed(client, lambda: revert(ledger, "d-0"), 0)
        watch = Watch({"service": pid, **({"database": database} if database else {})})
        figures = timed(client, lambda: propose(ledger, "d-1", people=0), ACCOUNTS)
        rows.append(("20,000 proposed and put in force", said(figures), "1 s, 1 s", busy(watch)))
        figures = timed(client, lambda: release(ledger, "d-1"), ACCOUNTS - 1)
        rows.append(("one of them released", said(figures), "1 s", busy(watch)))
        rows.append(time_polls(ledger, watch))
        figures = timed(client, lambda: revert(ledger, "d-1"), 0)
        rows.append(("all of them reverted", said(figures), "1 s", busy(watch)))
        propose(ledger, "d-2", people=2)
        watch.split_s()
        figures = timed(client, lambda: approve(ledger, "d-2"), ACCOUNTS)
        rows.append(("20,000 that wait, approved by two people", said(figures), "2 s", busy(watch)))
        timed(client, lambda: revert(ledger, "d-2"), 0)
        watch.split_s()
        figures = timed(client, lambda: enforce(ledger, look), ACCOUNTS)
        rows.append(
            ("a look of 120,000 accounts, recorded and ruled", said(figures), "", busy(watch))
        )
    ledger.close()
    return rows


@contextmanager
def databases(asked: str | None) -> Iterator[dict[str, int | None]]:
    """Give the addresses to measure at, each with the process of its database, where it is ours."""
    if asked != OWN:
        yield {} if asked is None else {asked: None}
        return
    sys.path.insert(0, str(SERVERS))
    from postgres_server import running_server  # noqa: PLC0415  it is the tests'

    with running_server(fsync="on") as server:
        yield {server.new_place(): server.pid}


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--postgres", nargs="?", const=OWN, help="address of an empty database; without: our own"
    )
    load_before = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory() as folder,
        databases(parser.parse_args().postgres) as others,
    ):
        for where, database in {str(Path(folder) / "ledger.db"): None, **others}.items():
            rows = measure(where, Path(folder), database=database)
            name = "PostgreSQL" if "://" in where else "SQLite"
            print(f"\n{name}\n\n| what | measured | target | processor, s |\n|---|---|---|---|")
            for row in rows:
                print("| " + " | ".join(row) + " |", flush=True)
    print(
        f"\nload {load_before:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} cores"
    )


if __name__ == "__main__":
    main()
