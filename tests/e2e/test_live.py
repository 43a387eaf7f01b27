"""The service as one: exchanges come in over HTTP; heads of the campaigns in them are refused."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from whole_runs import SECRET

_SERVE = (sys.executable, "-c", "from stillwatch.app.cli import main; main()", "serve")
_PATIENCE_S = 240.0
_LINES = 4_000
_BATCH = 200


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Ask the service once."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body=body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@contextmanager
def serving(place: Path) -> Iterator[int]:
    """Run the service on a journal, a lake and results in a folder, until the test is done."""
    port = free_port()
    words = [*_SERVE, "--port", str(port), "--look-every", "2"]
    for name in ("journal", "lake", "results"):
        words += [f"--{name}", str(place / name)]
    process = subprocess.Popen(words, env={**os.environ, "STILLWATCH_KEY": SECRET})
    try:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            try:
                if ask(port, "GET", "/readyz")[0] == 200:
                    break
            except OSError:
                time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def decide(port: int, accounts: set[str]) -> list[dict[str, Any]]:
    """Give the decisions on those who are under an effect."""
    asked = [{"account_id": one, "counts": False} for one in sorted(accounts)]
    decided: list[dict[str, Any]] = []
    for at in range(0, len(asked), _BATCH):
        body = orjson.dumps({"accounts": asked[at : at + _BATCH]})
        decided += orjson.loads(ask(port, "POST", "/v1/decisions", body)[1])["decisions"]
    return [one for one in decided if one["status"] != 200]


@pytest.mark.long
def test_heads_are_refused_while_the_service_runs(demo: Path, tmp_path: Path) -> None:
    """Nobody is before the first look; after it most heads are, and no innocent."""
    truth = pl.read_csv(demo / "truth" / "accounts.csv", infer_schema_length=None)
    heads = set(truth.filter(pl.col("role") == "fraud")["account_id"])
    others = set(truth.filter(pl.col("role") != "fraud")["account_id"])
    log = (demo / "exchanges-0000.jsonl").read_bytes().splitlines(keepends=True)
    with serving(tmp_path) as port:
        assert decide(port, heads | others) == []
        for kind in ("accounts", "permissions", "releases"):
            body = (demo / f"{kind}.jsonl").read_bytes()
            assert ask(port, "POST", f"/ingest/{kind}", body)[0] == 202
        for at in range(0, len(log), _LINES):
            sent = ask(port, "POST", "/ingest/native", b"".join(log[at : at + _LINES]))
            assert sent[0] == 202
        refused: set[str] = set()
        until = time.monotonic() + _PATIENCE_S
        while len(refused & heads) < 0.5 * len(heads) and time.monotonic() < until:
            time.sleep(1)
            refused = {one["account_id"] for one in decide(port, heads | others)}
    assert len(refused & heads) >= 0.5 * len(heads)
    assert not refused & others
