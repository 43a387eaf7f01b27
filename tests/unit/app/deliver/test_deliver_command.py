"""`stillwatch deliver` as a process: killed, started beside the service, run once."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from deliveries_by_hand import SECRET, Clock, effect_states, enforce, read_message
from fastapi import FastAPI
from ledgers_by_hand import KEY
from loopback_receiver import Receiver
from typer.testing import CliRunner

from stillwatch.app.cli import app
from stillwatch.app.deliver.part import deliver_part
from stillwatch.domain.service_limits import DELIVERY_CLAIM_S
from stillwatch.store.ledger import Ledger

Receive = Callable[..., Receiver]
AUDIT_KEY = KEY.secret.hex()
PATIENCE = {"STILLWATCH_DELIVER_TIMEOUT_S": "30"}
KILLED_IN_THE_MIDDLE = """
import sys
from datetime import datetime
from stillwatch.app.deliver import make_jobs, read_deliver_settings, run_once
from stillwatch.app.deliver.means import Means
from stillwatch.store.ledger import AuditKey, open_ledger
now = datetime.fromisoformat(sys.argv[2])
ledger = open_ledger(sys.argv[1], key=AuditKey(bytes.fromhex(sys.argv[3])))
jobs = make_jobs(ledger, read_deliver_settings(), Means(now=lambda: now))
run_once(jobs, complain=print)
"""


def environment(receiver: Receiver, **more: str) -> dict[str, str]:
    """Give what a deliverer finds in its environment."""
    return {
        **os.environ,
        "STILLWATCH_AUDIT_KEY": AUDIT_KEY,
        "STILLWATCH_DELIVER_WEBHOOK_URL": receiver.url,
        "STILLWATCH_DELIVER_WEBHOOK_SECRETS": SECRET,
        **more,
    }


def test_kill_9_between_request_and_ledger_loses_nothing(
    ledger: Ledger, place: Path, clock: Clock, receive: Receive
) -> None:
    """A real process, killed while its request is open: the next one sends the same keys again."""
    receiver = receive(script=("wait",))
    enforce(ledger)

    def start(now: datetime) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-c",
            KILLED_IN_THE_MIDDLE,
            str(place),
            now.isoformat(),
            AUDIT_KEY,
        ]
        return subprocess.Popen(command, env=environment(receiver, **PATIENCE))

    with start(clock.now) as first:
        assert receiver.entered.wait(120)
        first.send_signal(signal.SIGKILL)
    assert effect_states(ledger) == {("webhook", "queued"): 2}
    with start(clock.now + timedelta(seconds=DELIVERY_CLAIM_S)) as second:
        assert second.wait(120) == 0
    keys = [[e["idempotency_key"] for e in read_message(b)["effects"]] for b in receiver.bodies]
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert effect_states(ledger) == {("webhook", "delivered"): 2}
    assert ledger.verify().is_whole


@pytest.mark.long
def test_the_service_keeps_a_deliverer_beside_it(
    ledger: Ledger, place: Path, receive: Receive
) -> None:
    """The part starts the process, which delivers; it is gone when the service ends."""
    receiver = receive()
    enforce(ledger, now=datetime.now(UTC), expires_at=datetime.now(UTC) + timedelta(days=1))
    part = deliver_part(str(place), every_s=0.2, environment=environment(receiver))

    async def run() -> None:
        assert part.lifespan is not None
        async with part.lifespan(FastAPI()):
            until = time.monotonic() + 120
            while effect_states(ledger) != {("webhook", "delivered"): 2}:
                assert time.monotonic() < until
                await asyncio.sleep(0.1)
            running = children()
            assert "deliver --with-parent" in running
            assert str(place) not in running, "an address may hold a password"

    asyncio.run(run())
    assert len(receiver.requests) == 1
    assert "deliver" not in children()


def children() -> str:
    """List the command lines of this process's children."""
    command = ["ps", "-ww", "-o", "args", "--ppid", str(os.getpid())]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def invoke(receiver: Receiver, *arguments: str) -> tuple[int, str]:
    """Run the command in this process; give its exit code and all that it printed."""
    given = environment(receiver, COLUMNS="100")
    result = CliRunner().invoke(app, ["deliver", *arguments], env=given)
    return result.exit_code, result.output


def test_once_brings_out_what_waits_and_says_how_it_stands(
    ledger: Ledger, place: Path, receive: Receive
) -> None:
    """Code 3 = something is not out, and a line says why; `--retry` queues it again."""
    receiver = receive(script=(401,))
    now = datetime.now(UTC)
    enforce(ledger, now=now, expires_at=now + timedelta(days=1))
    code, output = invoke(receiver, str(place), "--once")
    assert code == 3
    assert "webhook: 2 effects did not go out: status 401" in output
    assert re.search(r"webhook +failed +2", output)
    assert "2 deliveries have failed for good" in output
    code, output = invoke(receiver, str(place), "--retry", "d-1", "--by", "ann")
    assert (code, output) == (0, "2 failed deliveries of d-1 are queued again\n")
    code, output = invoke(receiver, str(place), "--once")
    assert code == 0
    assert re.search(r"webhook +delivered +2", output)
    assert SECRET not in output


@pytest.mark.parametrize("arguments", [["--once"], ["nowhere.db", "--once"]])
def test_without_a_ledger_it_says_so(arguments: list[str], receive: Receive) -> None:
    """Bad usage and a ledger that isn't there are one line and code 2."""
    code, _ = invoke(receive(), *arguments)
    assert code == 2
