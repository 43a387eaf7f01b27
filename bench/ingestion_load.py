"""The load of `ingestion.py`, as a process of its own: batches of exchanges over a few connections.

Bodies are made once, of made-up words; before each is sent, the number of the batch is written into
all its ids at once, so that no two exchanges are the same and making them costs next to nothing.
Prints one line of JSON: accepted, refused, seconds, milliseconds by percentile.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import threading
import time
from typing import Final

BATCH: Final = 500
_BODIES: Final = 40
_MARK: Final = b"#########"
_WORDS: Final = 20_000


def make_bodies(prompt_words: int, seed: int = 1) -> list[bytes]:
    """Make bodies of native records, some 800 bytes each."""
    chance = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 10))) for _ in range(_WORDS)]
    bodies = []
    for _ in range(_BODIES):
        rows = []
        for n in range(BATCH):
            row = {
                "exchange_id": f"{_MARK.decode()}-{n:03d}",
                "time": 1_767_225_600 + chance.randrange(86_400),
                "account_id": f"account-{chance.randrange(5_000)}",
                "api_key_id": f"key-{chance.randrange(9_000)}",
                "ip": f"198.51.{chance.randrange(256)}.{chance.randrange(256)}",
                "user_agent": "Client/1.0",
                "model": "m-1",
                "prompt": " ".join(chance.choices(words, k=prompt_words)),
                "response": " ".join(chance.choices(words, k=20)),
                "input_tokens": 200,
                "output_tokens": 300,
                "status": 200,
            }
            rows.append(json.dumps(row).encode())
        bodies.append(b"\n".join(rows) + b"\n")
    return bodies


class Load:
    """Threads that send, at a rate or as fast as they are answered."""

    def __init__(self, port: int, *, seconds: float, rate: float, bodies: list[bytes]) -> None:
        self.accepted = self.refused = self.batches = 0
        self.milliseconds: list[float] = []
        self._port, self._rate, self._bodies = port, rate, bodies
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._ends = self._began + seconds

    def send(self) -> None:
        """Send until the time is over."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while time.monotonic() < self._ends:
            with self._lock:
                number = self.batches
                self.batches += 1
            if self._rate:
                due = self._began + number * BATCH / self._rate
                time.sleep(max(due - time.monotonic(), 0))
            body = self._bodies[number % _BODIES].replace(_MARK, b"%09d" % number)
            began = time.perf_counter()
            connection.request("POST", "/ingest/native", body=body)
            answer = connection.getresponse()
            answer.read()
            took = (time.perf_counter() - began) * 1000
            with self._lock:
                if answer.status == http.HTTPStatus.ACCEPTED:
                    self.accepted += BATCH
                    self.milliseconds.append(took)
                else:
                    self.refused += 1
        connection.close()


def main() -> None:
    """Send, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=0, help="exchanges a second; 0 = unbounded")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--prompt-words", type=int, default=60)
    asked = parser.parse_args()
    bodies = make_bodies(asked.prompt_words)
    load = Load(asked.port, seconds=asked.seconds, rate=asked.rate, bodies=bodies)
    began = time.monotonic()
    threads = [threading.Thread(target=load.send) for _ in range(asked.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = sorted(load.milliseconds)
    told = {
        "accepted": load.accepted,
        "refused": load.refused,
        "seconds": time.monotonic() - began,
        "bytes": sum(map(len, bodies)) / len(bodies) / BATCH,
        "p50_ms": took[len(took) // 2],
        "p99_ms": took[len(took) * 99 // 100],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
