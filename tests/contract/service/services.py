"""A real service on loopback, in a thread of this process or in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from stillwatch.app.service import Decider, DecisionFeed, make_service
from stillwatch.app.service.access.keys import EverybodyMay, KeyRing
from stillwatch.app.service.serve import run_service
from stillwatch.app.service.settings import Listening, ServiceSettings
from stillwatch.app.service.telemetry import tell
from stillwatch.gateway.decision import CampaignBudget, Decision, Parameters
from stillwatch.gateway.deltas import Delta

START_S_MAX = 40
LATER_S = 4_000_000_000.0
EFFECTS = (
    "none",
    "allow",
    "watch",
    "review",
    "degrade",
    "limit",
    "throttle",
    "challenge",
    "deny",
    "suspend",
    "terminate",
)


def decided(account_id: str, effect: str, **said: Any) -> Decision:  # noqa: ANN401
    """Make a decision with a sentence of its own."""
    given = {
        "decision_id": f"d-{account_id}",
        "reason": f"The sentence of {effect}.",
        "expires_at_s": LATER_S,
    }
    return Decision(account_id, effect, **(given | said))


def one_of_each() -> tuple[Decision, ...]:
    """Give an account under every effect, named after it."""
    rate = Parameters(exchanges_per_hour=2, method="card", measures=("no_logprobs", "no_reasoning"))
    return tuple(decided(f"acct-{word}", word, parameters=rate) for word in EFFECTS)


@dataclass
class HandSource:
    """A source that says what a test tells it to."""

    puts: tuple[Decision, ...] = ()
    budgets: tuple[CampaignBudget, ...] = ()
    pending: list[Delta] = field(default_factory=list)
    fault: Exception | None = None
    version: int = -1

    def read(self, since: int) -> Delta | None:
        """Give all at first, then what was put into `pending`."""
        if self.fault:
            raise self.fault
        if since < 0:
            self.version = 1
            return Delta("hand", -1, 1, puts=self.puts, budgets=self.budgets, is_snapshot=True)
        return self.pending.pop(0) if self.pending else None

    def change(self, *puts: Decision, removals: tuple[Any, ...] = ()) -> int:
        """Say something new; give its version."""
        self.version += 1
        self.pending.append(Delta("hand", self.version - 1, self.version, puts, removals))
        return self.version


@dataclass
class Reply:
    """An answer over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401
        """The body, read."""
        return json.loads(self.body)


@dataclass
class Running:
    """A service that answers."""

    port: int
    grpc_port: int
    source: HandSource
    decider: Decider

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        path: str,
        *,
        body: Any = None,  # noqa: ANN401
        method: str = "",
        headers: Mapping[str, str] = {},
    ) -> Reply:
        """Ask it."""
        return ask(self.port, path, body=body, method=method, headers=headers)


def ask(
    port: int,
    path: str,
    *,
    body: Any = None,  # noqa: ANN401
    method: str = "",
    headers: Mapping[str, str] = {},
) -> Reply:
    """Send one request to a port of this machine."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request(method or ("GET" if body is None else "POST"), path, content, headers)
        reply = connection.getresponse()
        said = {name.lower(): value for name, value in reply.getheaders()}
        return Reply(reply.status, said, reply.read())
    finally:
        connection.close()


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, *, process: subprocess.Popen[Any] | None = None) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + START_S_MAX
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    message = f"nobody listens on {port}"
    raise AssertionError(message)


@contextmanager
def running(
    source: HandSource,
    *,
    keys: KeyRing | None = None,
    settings: ServiceSettings | None = None,
    grpc: bool = False,
    prepare: Callable[[FastAPI], object] = lambda _app: None,
) -> Iterator[Running]:
    """Run a service in a thread; `prepare` may put a guard before it."""
    port, grpc_port = free_port(), free_port()
    feed = DecisionFeed(source, clock=time.monotonic, on_event=tell)
    decider = Decider(feed, settings or ServiceSettings(), time.time)
    app = make_service(decider, keys=keys or EverybodyMay())
    prepare(app)
    listening = Listening(port=port, grpc_port=grpc_port if grpc else None)
    loop = asyncio.new_event_loop()
    task = loop.create_task(run_service(app, decider, listening=listening))
    thread = threading.Thread(target=lambda: _run(loop, task), daemon=True)
    thread.start()
    try:
        wait_for_port(port)
        if grpc:
            wait_for_port(grpc_port)
        yield Running(port, grpc_port, source, decider)
    finally:
        loop.call_soon_threadsafe(decider.feed.close)
        thread.join(20)
        assert not thread.is_alive()


def _run(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    try:
        loop.run_until_complete(task)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@contextmanager
def serving(result: Path, port: int, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `stillwatch serve` as a process."""
    script = "import sys; from stillwatch.app.cli import main; sys.argv[0] = 'stillwatch'; main()"
    command = ["serve", "--decisions", str(result), "--port", str(port), *options]
    process = subprocess.Popen(
        [sys.executable, "-c", script, *command], env=os.environ, stderr=subprocess.PIPE
    )
    try:
        wait_for_port(port, process=process)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
