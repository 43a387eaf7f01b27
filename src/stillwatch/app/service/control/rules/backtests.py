"""A policy replayed over history by a command of ours in a process of its own, within a time.

It reads results or the lake, and what analysts have answered, and writes nothing. One runs at a
time, at a lower priority than the service; what takes longer than it may is ended.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Final

import orjson

from stillwatch.app.service.control.ledger_work import RETRY_S
from stillwatch.app.service.control.settings import Places
from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.service_limits import BACKTEST_BYTES_MAX
from stillwatch.store.durable import OWNER_ONLY

_RUN: Final = (sys.executable, "-c", "from stillwatch.app.cli import main; main()", "backtest")
_LOWER: Final = 5
"""Steps of priority below the service."""
_SAID_CHARS: Final = 500
"""Characters of what the command says where it can't."""
_HITS_TOLD_MAX: Final = 10_000
Answers = list[tuple[str, str]]
"""Accounts, and `innocent` or `fraudulent`."""


class Backtests:
    """Runs backtests, one at a time."""

    def __init__(self, places: Places, *, seconds: float) -> None:
        self._places = places
        self._seconds = seconds
        self._running = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def history(self, *, against: str, newest: int) -> list[str]:
        """Say to the command which history it replays.

        Raises:
            RefusedError: there is none (409).
        """
        if against == "lake":
            lake = self._places.lake
            if lake is None or not lake.is_dir():
                raise RefusedError(409, "This service has no lake.")
            return ["--lake", str(lake)]
        from stillwatch.app.loops.results_folder import ResultsFolder  # noqa: PLC0415  as below

        folder = self._places.results
        found = ResultsFolder(folder).results()[-newest:] if folder is not None else []
        single = self._places.newest()
        found = found or ([single] if single is not None else [])
        if not found:
            raise RefusedError(409, "There is no result yet.")
        return [word for place in found for word in ("--result", str(place))]

    def run(self, text: str, *, options: list[str], answers: Answers) -> dict[str, Any]:
        """Replay history under a policy.

        Raises:
            RefusedError: another one runs (503), it can't be done (409), or takes too long (503).
        """
        if not self._running.acquire(blocking=False):
            raise RefusedError(503, "Another backtest runs.", headers={"retry-after": str(RETRY_S)})
        try:
            with TemporaryDirectory(prefix="stillwatch-backtest-") as folder:
                return self._run(Path(folder), text, options, answers)
        finally:
            self._process = None
            self._running.release()

    def end(self) -> None:
        """End the one that runs: nobody will read its answer."""
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()

    def _run(self, folder: Path, text: str, options: list[str], answers: Answers) -> dict[str, Any]:
        policy, told = folder / "policy.yaml", folder / "answers.csv"
        policy.write_text(text, encoding="utf-8")
        with told.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("account_id", "disposition"), *answers])
        command = [*_RUN, str(policy), *options, "--dispositions", str(told), "--json"]
        said, complained = folder / "said", folder / "complained"
        code = self._wait(command, said, complained)
        if code:
            reason = complained.read_text(encoding="utf-8", errors="replace")[:_SAID_CHARS]
            raise RefusedError(409, f"The backtest could not be done: {reason.strip()}")
        if said.stat().st_size > BACKTEST_BYTES_MAX:
            detail = "The backtest's answer is too large; use `stillwatch backtest`."
            raise RefusedError(409, detail)
        found: dict[str, Any] = orjson.loads(said.read_bytes())
        return {**found, "hits": found["hits"][:_HITS_TOLD_MAX], "hits_count": len(found["hits"])}

    def _wait(self, command: list[str], said: Path, complained: Path) -> int:
        with open_own(said) as out, open_own(complained) as err:
            self._process = subprocess.Popen(  # noqa: S603  our own command
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
            with suppress(OSError, AttributeError):  # gone already, or no priorities here
                own = os.getpriority(os.PRIO_PROCESS, 0)
                os.setpriority(os.PRIO_PROCESS, self._process.pid, own + _LOWER)
            try:
                return self._process.wait(self._seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                detail = f"It took longer than {self._seconds:g} s; use `stillwatch backtest`."
                raise RefusedError(503, detail) from None


def open_own(path: Path) -> Any:  # noqa: ANN401  a file
    """Open a new file that its owner alone may read."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY), "wb")
