"""How fast a decision is: in process, over HTTP, over gRPC, and from a change to every client.

The service is a process of its own on one core, to which its answers keep while a look computes;
the load generator (`decisions_load.py`) is another on the other core. Requests are sent at a fixed
rate whether or not answers have come, and a latency counts from the instant at which its request
was due, so that a service that falls behind can't hide it. Beside that stands what of it was the
service's: from the writing of a request until the system had its answer, "on the wire". Prints a
table with the targets, and what other processes took, without which no figure means anything.

Run as `python bench/decisions.py [--seconds 10] [--rate 2000] [--grpc-rate 1000]
[--beside TRAFFIC]`: beside it, logs are scanned again and again at the priority that the looks of a
service have, on all cores but the service's, and the generator goes where the system puts it.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Final

import grpc
import orjson
from envoy.service.auth.v3 import external_auth_pb2, external_auth_pb2_grpc

from decisions_load import ACCOUNTS, GrpcLine, HttpLine, Line, send
from processor_time import read_tree_s
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
LOOKUPS: Final = 200_000
PORT: Final = 18_787
GRPC_PORT: Final = 18_788
START_S_MAX: Final = 60
BUSY: Final = (1, 2, 3, 6, 7)
"""Fields of /proc/stat in which cores were at work: nobody's idling, waiting or other machines."""
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
def serving(result: Path, *, is_alone: bool) -> Iterator[int]:
    """Run the service on the first core; give its number.

    Alone with it this process keeps to the other cores. Beside a scan, which has those, it goes
    where the system puts it: kept beside the scan it would measure its own waiting for a core.
    """
    cores = sorted(os.sched_getaffinity(0))
    script = "import sys; from stillwatch.app.cli import main; sys.argv[0] = 'stillwatch'; main()"
    options = ["--decisions", str(result), "--port", str(PORT), "--grpc-port", str(GRPC_PORT)]
    command = [sys.executable, "-c", script, "serve", *options]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    os.sched_setaffinity(process.pid, cores[:1])
    os.sched_setaffinity(0, (cores[1:] if is_alone else ()) or cores)
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


def busy_s() -> float:
    """Give the processor time that all processes have used."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return sum(int(fields[n]) for n in BUSY) / os.sysconf("SC_CLK_TCK")


def tails(values: list[float]) -> str:
    """Word the ends of a distribution in milliseconds."""
    high, highest = percentile(values, 0.99), percentile(values, 0.999)
    return f"{high:.2f} ms · p50 {median(values):.2f} · p99.9 {highest:.2f}"


def time_sent(make_line: Callable[[], Line], *, rate: int, seconds: float, pid: int) -> str:
    """Time questions at a fixed rate: what a client lives through, and what of it is the wire."""
    send(make_line, rate=rate, seconds=1.0)
    with undisturbed():
        used_s = cpu_s(pid)
        sent = send(make_line, rate=rate, seconds=seconds)
        each_us = (cpu_s(pid) - used_s) / len(sent.took_ms) * 1e6
    said = f"{tails(sent.took_ms)} · on the wire {tails(sent.wire_ms)}"
    said += f" · sent late by {percentile(sent.late_ms, 0.99):.2f} ms (p99)"
    said += f" · {len(sent.took_ms) / sent.seconds:,.0f}/s"
    return said + f" · {each_us:.0f} µs of the service's core each"


def time_grpc(seconds: float) -> str:
    """Time questions over gRPC by its own client, one after the other."""
    took: list[float] = []
    with grpc.insecure_channel(f"127.0.0.1:{GRPC_PORT}") as channel, undisturbed():
        stub = external_auth_pb2_grpc.AuthorizationStub(channel)
        request = external_auth_pb2.CheckRequest()
        end = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < end:
            request.attributes.request.http.headers["x-account-id"] = f"acct-{len(took):08d}"
            stub.Check(request, timeout=10)
            took.append((time.perf_counter() - begun) * 1000)
    took = took[100:] or took
    return f"{tails(took)} · {len(took):,} calls"


def time_all(given: argparse.Namespace, pid: int) -> Iterator[Row]:
    """Time what a gateway asks, each way of asking for as long."""
    http, envoy = given.rate, given.grpc_rate
    said = time_sent(lambda: HttpLine(PORT), rate=http, seconds=given.seconds, pid=pid)
    yield f"/v1/decisions at {http:,}/s, p99", said, "5 ms"
    said = time_sent(lambda: GrpcLine(GRPC_PORT), rate=envoy, seconds=given.seconds, pid=pid)
    yield f"ext_authz over gRPC at {envoy:,}/s, p99", said, "3 ms"
    said = time_grpc(given.seconds)
    yield "the same by gRPC's own client, one after the other, p99", said, "3 ms"


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
    parser.add_argument("--grpc-rate", type=int, default=1_000)
    parser.add_argument("--beside", type=Path, metavar="TRAFFIC", help="scan it meanwhile")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder)
        write_table(result, ACCOUNTS)
        client = GatewayClient(f"http://127.0.0.1:{PORT}", on_stale="allow")
        with serving(result, is_alone=given.beside is None) as pid, client, scanning(given.beside):
            client.wait_for(lambda table: table.version > 0, timeout_s=START_S_MAX)
            began_s, all_s, own_s = time.monotonic(), busy_s(), read_tree_s(os.getpid())
            rows = [time_lookups(client), *time_all(given, pid), time_change(result, client)]
            others_s = (busy_s() - all_s) - (read_tree_s(os.getpid()) - own_s)
            others = max(others_s, 0.0) / (time.monotonic() - began_s)  # clocks of two kinds
    print("| what | measured | target |\n|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(f"\nother processes took {others:.0%} of a core meanwhile; {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
