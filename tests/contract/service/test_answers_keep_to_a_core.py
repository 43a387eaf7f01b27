"""While a look computes, the loop and gRPC's threads keep to the core that it leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="this system pins no thread, or has one core",
)
_SCRIPT = """
import os, threading, urllib.request
from pathlib import Path
import grpc
from envoy.service.auth.v3 import external_auth_pb2, external_auth_pb2_grpc
from services import HandSource, one_of_each, running

apps, ending = [], threading.Event()
worker = threading.Thread(target=ending.wait)
worker.start()
with running(HandSource(one_of_each()), grpc=True, prepare=apps.append) as service:
    # An open port may be ahead of the service: whose threads answer is known once it serves.
    urllib.request.urlopen(f"http://127.0.0.1:{service.port}/healthz", timeout=20).read()
    with grpc.insecure_channel(f"127.0.0.1:{service.grpc_port}") as channel:
        stub = external_auth_pb2_grpc.AuthorizationStub(channel)
        for is_busy in (True, False):
            apps[0].state.answering.settle(is_look_busy=is_busy)
            stub.Check(external_auth_pb2.CheckRequest(), timeout=10)
            kept = [
                one for one in Path("/proc/self/task").iterdir()
                if len(os.sched_getaffinity(int(one.name))) == 1
            ]
            names = {(one / "comm").read_text().strip() for one in kept}
            print("event_engine" in names, len(kept) > 2, worker.native_id in
                  {int(one.name) for one in kept})
ending.set()
"""


def test_grpc_and_the_loop_keep_to_it_and_other_threads_do_not() -> None:
    """In a process of its own: gRPC's threads are there once for all services of a process."""
    here = Path(__file__).parent
    told = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=here,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert told.stdout.split("\n")[:2] == ["True True False", "False False False"]
