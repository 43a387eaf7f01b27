"""`kill -9` of a real server under load, again and again: what it acknowledged is there, once.

The committer beside it is killed too, every other time. A batch whose answer never came is sent
again to the next server: whether it had been kept or not, its exchanges are there once.
"""

from __future__ import annotations

import http.client
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson
import pytest

from stillwatch.store.lake import Lake
from stillwatch.store.segments import SegmentFolder

SERVER: Final = Path(__file__).with_name("ingestion_server.py")
COMMAND: Final = (sys.executable, "-c", "from stillwatch.app.cli import main; main()")
_PATIENCE_S: Final = 60
_LOADERS: Final = 4
_BATCH: Final = 40
_LATEST_S: Final = 0.6
"""Seconds after the first acknowledgement within which the kill comes."""


@dataclass
class Load:
    """Threads that send batches, and what they know of them."""

    port: int
    number: list[int]
    acknowledged: set[str]
    unanswered: list[list[str]]
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    first: threading.Event = field(default_factory=threading.Event)
    open_requests: int = 0

    def run(self) -> list[threading.Thread]:
        """Start the threads."""
        threads = [threading.Thread(target=self._send) for _ in range(_LOADERS)]
        for thread in threads:
            thread.start()
        return threads

    def _next(self) -> list[str]:
        with self.lock:
            if self.unanswered:
                return self.unanswered.pop()
            self.number[0] += _BATCH
            return [f"e{n}" for n in range(self.number[0] - _BATCH, self.number[0])]

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
        with closing(connection):
            self._send_over(connection)

    def _send_over(self, connection: http.client.HTTPConnection) -> None:
        while not self.stop.is_set():
            batch = self._next()
            try:
                connection.request("POST", "/ingest/native", body=body_of(batch))
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException):
                status = None
            with self.lock:
                if status == http.HTTPStatus.ACCEPTED:
                    self.acknowledged.update(batch)
                    self.first.set()
                else:
                    self.unanswered.append(batch)
                    self.open_requests += 1
                    return


def body_of(batch: list[str]) -> bytes:
    """Write a batch of exchanges; the same id is the same record."""
    return b"".join(
        orjson.dumps(
            {
                "exchange_id": name,
                "time": 1_767_225_600 + int(name[1:]) // 100,
                "account_id": f"a{int(name[1:]) % 50}",
                "prompt": f"What can be said of the number {name} in some more words?",
            }
        )
        + b"\n"
        for name in batch
    )


def start_server(place: Path, environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """Start a server, and give its port when it listens."""
    server = subprocess.Popen(
        [sys.executable, SERVER, place / "journal", place / "lake", "--mark", place / "mark"],
        env=environment, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert server.stdout is not None
    return server, int(server.stdout.readline())


def start_committer(place: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a committer that is always at work."""
    return subprocess.Popen(
        [*COMMAND, "commit", place / "journal", "--lake", place / "lake", "--every", "0.1"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def kill(process: subprocess.Popen[bytes]) -> None:
    """End it without a word."""
    process.send_signal(signal.SIGKILL)
    process.wait(_PATIENCE_S)
    if process.stdout is not None:
        process.stdout.close()


def kill_again_and_again(place: Path, environment: dict[str, str], kills: int) -> Counter[str]:
    """Kill servers under load; then commit what is left, and compare."""
    chance = random.Random(kills)
    acknowledged: set[str] = set()
    unanswered: list[list[str]] = []
    number, hits = [0], Counter[str]()
    committer = start_committer(place, environment)
    for _ in range(kills):
        server, port = start_server(place, environment)
        load = Load(port, number, acknowledged, unanswered)
        threads = load.run()
        assert load.first.wait(_PATIENCE_S), "no batch was acknowledged"
        time.sleep(chance.uniform(0, _LATEST_S))
        kill(server)
        load.stop.set()
        for thread in threads:
            thread.join(_PATIENCE_S)
        hits["writes"] += (place / "mark").read_bytes()[:1] == b"\x01"
        hits["requests"] += load.open_requests > 0
        if chance.random() < 0.5:
            kill(committer)
            hits["committers"] += 1
            committer = start_committer(place, environment)
    kill(committer)
    once = [*COMMAND, "commit", str(place / "journal"), "--lake", str(place / "lake"), "--once"]
    subprocess.run(once, env=environment, check=True, stdout=subprocess.DEVNULL)
    check_lake(place, acknowledged, unanswered)
    hits["kills"], hits["acknowledged"] = kills, len(acknowledged)
    return hits


def check_lake(place: Path, acknowledged: set[str], unanswered: list[list[str]]) -> None:
    """Every acknowledged exchange once, no other twice, and nothing that was never sent."""
    folder = SegmentFolder(place / "journal")
    assert folder.sealed() == []
    assert folder.damaged() == []
    ids = Counter(Lake(place / "lake").read("observed")["exchange_id"])
    assert [name for name, count in ids.items() if count > 1] == []
    assert acknowledged - ids.keys() == set()
    assert ids.keys() - acknowledged <= {name for batch in unanswered for name in batch}
    told = [about["ingest"]["counts"] for _, about in Lake(place / "lake").appends()]
    assert sum(one["quarantined"] for one in told) == 0
    assert sum(one["exchanges"] for one in told) == len(ids)


def tell(hits: Counter[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Say what the kills have hit."""
    line = (
        f"{hits['kills']} kills: {hits['writes']} hit a write or its fsync, {hits['requests']} an"
        f" unanswered request; {hits['committers']} committers killed too;"
        f" {hits['acknowledged']:,} exchanges acknowledged, none lost, none doubled"
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{line}\n")


@pytest.mark.long
def test_five_kills_lose_nothing(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A short version for every day."""
    tell(kill_again_and_again(tmp_path, environment, 5), capsys)


@pytest.mark.long
def test_fifty_kills_lose_nothing(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """As the issue asks; some of the kills must have hit an open write, or they say nothing."""
    hits = kill_again_and_again(tmp_path, environment, 50)
    tell(hits, capsys)
    assert hits["writes"] >= 5
