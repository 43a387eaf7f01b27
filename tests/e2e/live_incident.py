"""A live incident: a service with a ledger, people who decide, and a harvest that reacts.

The stream is the lab's, day by day of its own time, as fast as the service takes it in. Before each
day it asks the gateway's route for every head. A head that is suspended sends nothing more: its
traffic of that day comes from an heir, a new account that its operator signs up that morning with
the same payment instrument and the same places, and another e-mail and key; and the register says,
as the provider's would, since when the old one is suspended.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import orjson
import polars as pl
from whole_runs import SECRET

from stillwatch.store.ledger import AuditKey, Ledger
from stillwatch.store.ledger.nouns.decisions import Decision

AUDIT_KEY: Final = AuditKey(bytes(range(32)))
APPROVERS: Final = ("ann", "ben")
_SERVE: Final = (sys.executable, "-c", "from stillwatch.app.cli import main; main()", "serve")
_LINES: Final = 4_000
_BATCH: Final = 2_000
_PATIENCE_S: Final = 300.0
_POLICY: Final = """
policy: house
language: 1
guards:
  blast_radius: {accounts: 25%}
  cool_down: 30d
rules:
  - {name: sure, when: {verdict: fraudulent}, then: suspend, people: 2, for: 30d}
  - {name: unsure, when: {verdict: suspect}, then: review, for: 14d}
"""


def utc_now() -> datetime:
    """Give the present instant."""
    return datetime.now(UTC)


@dataclass
class Service:
    """A service that runs, and its ledger as people's programs open it."""

    port: int
    ledger: Ledger

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Ask the service once."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body=body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def send(self, kind: str, rows: list[dict[str, Any]]) -> None:
        """Hand records to the service; each body is acknowledged."""
        for at in range(0, len(rows), _LINES):
            body = b"".join(orjson.dumps(row) + b"\n" for row in rows[at : at + _LINES])
            status, said = self.ask("POST", f"/ingest/{kind}", body)
            assert status == 202, said

    def refused(self, accounts: set[str]) -> set[str]:
        """Name those of some accounts whose requests a gateway would refuse now."""
        asked = [{"account_id": one, "counts": False} for one in sorted(accounts)]
        found: set[str] = set()
        for at in range(0, len(asked), _BATCH):
            body = orjson.dumps({"accounts": asked[at : at + _BATCH]})
            told = orjson.loads(self.ask("POST", "/v1/decisions", body)[1])["decisions"]
            found |= {one["account_id"] for one in told if one["status"] == 403}
        return found

    def approve_what_waits(self) -> int:
        """Let two people approve every suspension that waits, in two steps; say how many."""
        with self.ledger.read() as view:
            waiting = view.list(Decision, state="proposed", effect="suspend").rows
        for decision in waiting:
            for person in APPROVERS:
                with self.ledger.write(actor=person, now=utc_now()) as change:
                    change.approve(decision.decision_id, note="looked at")
        return len(waiting)

    def until(self, holds: Callable[[], bool], *, approving: bool = False) -> float:
        """Wait until something holds, people approving meanwhile if so; give the seconds."""
        begun = time.monotonic()
        while not holds():
            assert time.monotonic() - begun < _PATIENCE_S, "waited in vain"
            if approving:
                self.approve_what_waits()
            time.sleep(0.1)
        return time.monotonic() - begun


@dataclass
class Stream:
    """The lab's traffic, and an operator behind the heads who reacts to suspensions."""

    exchanges: pl.DataFrame
    register: dict[str, dict[str, Any]]
    heads: set[str]
    heirs: dict[str, str] = field(default_factory=dict)
    """By account: which one took its place."""

    @property
    def days(self) -> list[str]:
        """The days of the stream, in order."""
        return sorted(self.exchanges["day"].unique())

    @property
    def honest(self) -> set[str]:
        """Everybody who is no head and no heir."""
        return set(self.register) - self.heads - set(self.heirs.values())

    def send_day(self, service: Service, day: str) -> int:
        """Send one day, in the order of time; say how many exchanges heads or heirs sent."""
        rows = self.exchanges.filter(pl.col("day") == day).drop("day").sort("time")
        acting = {one: self._acting(one) for one in self.heads}
        for account_id in service.refused(set(acting.values())):
            self._replace(service, account_id, day)
        acting = {one: self._acting(one) for one in self.heads}
        sent = [self._as_sent(row, acting) for row in rows.iter_rows(named=True)]
        service.send("native", sent)
        return sum(row["account_id"] in set(acting.values()) for row in sent)

    def _acting(self, head: str) -> str:
        while head in self.heirs:
            head = self.heirs[head]
        return head

    def _replace(self, service: Service, account_id: str, day: str) -> None:
        """Sign an heir up in the morning; the register says that the old account is suspended."""
        heir = f"acct_heir_{len(self.heirs):04d}"
        old = self.register[account_id]
        morning = f"{day}T00:00:00Z"
        new = {**old, "account_id": heir, "created_at": morning, "email_hash": f"em_{heir}"}
        stopped = {**old, "status": "suspended", "status_changed_at": morning}
        self.heirs[account_id] = heir
        self.register |= {heir: new, account_id: stopped}
        service.send("accounts", [stopped, new])

    def _as_sent(self, row: dict[str, Any], acting: dict[str, str]) -> dict[str, Any]:
        sender = acting.get(row["account_id"], row["account_id"])
        if sender == row["account_id"]:
            return row
        return {**row, "account_id": sender, "api_key_id": f"key_{sender}"}


def read_stream(traffic: Path, *, days: int) -> Stream:
    """Read the first days of simulated traffic."""
    truth = pl.read_csv(traffic / "truth" / "accounts.csv", infer_schema_length=None)
    rows = pl.scan_parquet(traffic / "exchanges-*.parquet").with_columns(
        day=pl.col("time").str.slice(0, 10)
    )
    chosen = sorted(rows.select("day").unique().collect()["day"])[:days]
    register = [orjson.loads(one) for one in (traffic / "accounts.jsonl").read_bytes().splitlines()]
    return Stream(
        rows.filter(pl.col("day").is_in(chosen)).collect(),
        {one["account_id"]: one for one in register},
        set(truth.filter(pl.col("role") == "fraud")["account_id"]),
    )


@contextmanager
def serving(place: Path, *, look_every_s: float) -> Iterator[int]:
    """Run the service with a ledger in a folder, until the test is done; give its port."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = int(bound.getsockname()[1])
    (place / "policy.yaml").write_text(_POLICY)
    words = [*_SERVE, "--port", str(port), "--look-every", str(look_every_s)]
    words += ["--ledger", str(place / "ledger.db"), "--policy", str(place / "policy.yaml")]
    for name in ("journal", "lake", "results"):
        words += [f"--{name}", str(place / name)]
    secrets = {"STILLWATCH_KEY": SECRET, "STILLWATCH_AUDIT_KEY": AUDIT_KEY.secret.hex()}
    process = subprocess.Popen(words, env={**os.environ, **secrets})
    try:
        yield port
    finally:
        process.terminate()
        process.wait(60)


def wait_for_port(port: int) -> None:
    """Wait until the service is ready."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    message = "the service did not start"
    raise AssertionError(message)
