"""How fast a decision is: in process, over HTTP, over gRPC, and from a change to every client.

The service is a process of its own on one core, the load generator another on the other core.
Requests are sent at a fixed rate whether or not answers have come, and a latency counts from the
instant at which its request was due, so that a service that falls behind can't hide it. Prints a
table with the targets, and the load of the machine, without which no figure means anything.

Run as `python bench/decisions.py [--seconds 10] [--rate 2000] [--beside TRAFFIC]`: beside it, logs
are scanned again and again at the priority that the looks of a service have.
"""

from __future__ import annotations

import argparse
import gc
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

import grpc
import orjson
from envoy.service.auth.v3 import external_auth_pb2, external_auth_pb2_grpc

from stillwatch.gateway import GatewayClient

SCAN_AGAIN: Final = """
import os, shutil, subprocess, sys
from stillwatch.app.service.ingestion.children import stand_back
stand_back(0, is_look=True)
scan = [sys.executable, "-c", "from stillwatch.app.cli import main; main()", "scan", sys.argv[1]]
while True:
    shutil.rmtree(sys.argv[2], ignore_errors=True)
    subprocess.run([*scan, "--out", sys.argv[2]], stdout=subprocess.DEVNULL, check=True)
"""
ACCOUNTS: Final = 20_000
LOOKUPS: Final = 200_000
CONNECTIONS: Final = 32
PORT: Final = 18_787
GRPC_PORT: Final = 18_788
START_S_MAX: Final = 60
WAIT_S_MAX: Final = 30.0
Row = tuple[str, str, str]


def write_table(result: Path, count: int) -> None:
    """Write a gateway's table of so many suspensions, in one step."""
    row = {
        "effect": "suspend",
        "reason": "This account is suspended.",
        "expires_at": "2096-01-01T00:00:00Z",
    }
    lines = [
        orjson.dumps({"decision_id": f"d-{n:020x}", "account_id": f"acct-{n:08d}", **row})
        for n in range(count)
    ]
    beside = result / "decisions.part"
    beside.write_bytes(b"".join(line + b"\n" for line in lines))
    beside.replace(result / "decisions.jsonl")


@contextmanager
def serving(result: Path) -> Iterator[int]:
    """Run the service on the first core, and this process on the others; give its number."""
    cores = sorted(os.sched_getaffinity(0))
    script = "import sys; from stillwatch.app.cli import main; sys.argv[0] = 'stillwatch'; main()"
    options = ["--decisions", str(result), "--port", str(PORT), "--grpc-port", str(GRPC_PORT)]
    command = [sys.executable, "-c", script, "serve", *options]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    os.sched_setaffinity(process.pid, cores[:1])
    os.sched_setaffinity(0, cores[1:] or cores)
    try:
        end = time.monotonic() + START_S_MAX
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", GRPC_PORT), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def scanning(traffic: Path | None) -> Iterator[None]:
    """Scan logs again and again, at the priority of looks; nothing where there are none."""
    if traffic is None:
        yield
        return
    with tempfile.TemporaryDirectory() as place:
        words = [sys.executable, "-c", SCAN_AGAIN, str(traffic), f"{place}/result"]
        looks = subprocess.Popen(words, start_new_session=True)
        try:
            yield
            if looks.poll() is not None:
                sys.exit("the scan beside it ended: nothing was measured beside it")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(looks.pid, signal.SIGKILL)
            looks.wait()


def percentile(values: list[float], share: float) -> float:
    """Give the value below which a share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def time_lookups(client: GatewayClient) -> Row:
    """Time single lookups in process, half of them of accounts under a decision."""
    names = [f"acct-{n % (2 * ACCOUNTS):08d}" for n in range(LOOKUPS)]
    clock, took = time.perf_counter_ns, []
    for name in names:
        begun = clock()
        client.lookup(name)
        took.append((clock() - begun) / 1000)
    said = f"{median(took):.2f} µs · p99 {percentile(took, 0.99):.2f} µs"
    return "lookup in process, median", said, "5 µs"


@dataclass
class Sent:
    """What came of questions that were sent at a fixed rate, in milliseconds after each was due."""

    took_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    """Until it was sent: the generator's own share, unless every connection waits for an answer."""
    seconds: float = 0.0


def send_http(rate: int, seconds: float) -> Sent:
    """Send questions at a fixed rate over kept connections, whether or not answers have come.

    One thread and `select`, which wakes to the tenth of a millisecond: the timers of an event loop
    round up to a whole one, and its tasks cost this core as much as the service costs the other.
    """
    count, clock, sent = int(rate * seconds), time.perf_counter, Sent()
    idle = deque(socket.create_connection(("127.0.0.1", PORT)) for _ in range(CONNECTIONS))
    due_of: dict[socket.socket, float] = {}
    said: dict[socket.socket, bytes] = {}
    number, started = 0, clock() + 0.2
    while number < count or due_of:
        while idle and number < count and started + number / rate <= clock():
            line, due = idle.popleft(), started + number / rate
            line.sendall(question(number))
            sent.late_ms.append((clock() - due) * 1000)
            due_of[line], said[line], number = due, b"", number + 1
        is_due = idle and number < count
        wait_s = max(0.0, started + number / rate - clock()) if is_due else WAIT_S_MAX
        ready, _, _ = select.select(list(due_of), (), (), wait_s)
        for line in ready:
            said[line] += line.recv(65_536)
            if is_answered(said[line]):
                sent.took_ms.append((clock() - due_of.pop(line)) * 1000)
                idle.append(line)
    sent.seconds = clock() - started
    for line in idle:
        line.close()
    return sent


def question(number: int) -> bytes:
    """Write the question of a number; half of them are about accounts under a decision."""
    body = b'{"account_id":"acct-%08d"}' % (number % (2 * ACCOUNTS))
    head = b"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    return head + body


def is_answered(said: bytes) -> bool:
    """Say whether an answer is there as a whole; one that is no ruling ends the measurement."""
    head, _, body = said.partition(b"\r\n\r\n")
    if not body:
        return False
    if not head.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(head.decode())
    return len(body) == int(head.lower().split(b"content-length: ")[1].split(b"\r")[0])


@contextmanager
def undisturbed() -> Iterator[None]:
    """Search for no garbage of the generator's own while it measures."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def cpu_s(pid: int) -> float:
    """Give the processor time that a process has used: other processes can't inflate it much."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def time_http(rate: int, seconds: float, *, pid: int) -> Row:
    """Time questions over HTTP."""
    send_http(rate, 1.0)
    with undisturbed():
        used_s = cpu_s(pid)
        sent = send_http(rate, seconds)
        each_us = (cpu_s(pid) - used_s) / len(sent.took_ms) * 1e6
    took, reached = sent.took_ms, len(sent.took_ms) / sent.seconds
    said = f"{percentile(took, 0.99):.2f} ms · p50 {median(took):.2f} ms · {reached:,.0f}/s"
    said += f" · {each_us:.0f} µs of the service's core each"
    said += f" · sent late by {percentile(sent.late_ms, 0.99):.2f} ms (p99)"
    return f"/v1/decisions at {rate:,}/s, p99", said, "5 ms"


def time_grpc(seconds: float) -> Row:
    """Time questions over gRPC, one after the other."""
    took: list[float] = []
    with grpc.insecure_channel(f"127.0.0.1:{GRPC_PORT}") as channel:
        stub = external_auth_pb2_grpc.AuthorizationStub(channel)
        request = external_auth_pb2.CheckRequest()
        end = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < end:
            request.attributes.request.http.headers["x-account-id"] = f"acct-{len(took):08d}"
            stub.Check(request, timeout=10)
            took.append((time.perf_counter() - begun) * 1000)
    took = took[100:] or took
    said = f"{percentile(took, 0.99):.2f} ms · p50 {median(took):.2f} ms · {len(took):,} calls"
    return "ext_authz over gRPC, p99", said, "3 ms"


def time_change(result: Path, client: GatewayClient) -> Row:
    """Time from 20,000 more accounts in the table to a client that refuses the last of them."""
    took: list[float] = []
    for turn in range(5):
        write_table(result, (turn + 2) * ACCOUNTS)
        begun = time.perf_counter()
        last = f"acct-{(turn + 2) * ACCOUNTS - 1:08d}"
        if not client.wait_for(lambda table, last=last: last in table.by_account, timeout_s=30):
            return f"{ACCOUNTS:,} accounts more, table to client", "never", "1 s"
        took.append(time.perf_counter() - begun)
    said = f"{max(took):.2f} s · median {median(took):.2f} s"
    return f"{ACCOUNTS:,} accounts more, table to client", said, "1 s"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=2_000)
    parser.add_argument("--beside", type=Path, metavar="TRAFFIC", help="scan it meanwhile")
    given = parser.parse_args()
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder)
        write_table(result, ACCOUNTS)
        client = GatewayClient(f"http://127.0.0.1:{PORT}", on_stale="allow")
        with serving(result) as pid, client, scanning(given.beside):
            client.wait_for(lambda table: table.version > 0, timeout_s=START_S_MAX)
            rows = [
                time_lookups(client),
                time_http(given.rate, given.seconds, pid=pid),
                time_grpc(given.seconds),
                time_change(result, client),
            ]
    print("| what | measured | target |\n|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(
        f"\nload {load_before:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} cores"
    )


if __name__ == "__main__":
    main()
