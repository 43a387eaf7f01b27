"""The two processes beside the service: one commits segments, one looks at the lake.

Each is a command of ours that ends when its standard input closes, so that a service that was
killed leaves none behind. One that ends by itself is started again, after a wait that doubles.
They run at a lower priority, and a look leaves a core free, to which answers keep while it computes
(`answering.py`): an answer comes first.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Event, Thread
from typing import Final

from stillwatch.app.service.ingestion.answering import Answering, busy_s, spared
from stillwatch.app.service.ingestion.turns import take_long_turns
from stillwatch.domain import service_limits

LEDGER_VARIABLE: Final = "STILLWATCH_LEDGER"
"""How a child is told its ledger: arguments are there for every user of the machine to read."""
_RUN: Final = (sys.executable, "-c", "from stillwatch.app.cli import main; main()")
LOOK: Final = "watch"
"""The command that looks."""
_LOWER_LOOK: Final = 15
"""Steps of priority below the service: a look has minutes, and takes what is left."""
_LOWER_ELSE: Final = 5
"""The same of any other command: commits have to keep up with what comes in."""
_END_S: Final = 10.0
"""Seconds that a child has to end its round; then it is killed, which loses nothing."""
_LOOK_S: Final = 0.5
_BUSY_SHARE: Final = 0.2
"""Share of a core from which a look computes: one that waits for its time takes a hundredth."""
_FIRST_BACK_OFF_S: Final = 1.0
_HEALTHY_S: Final = 60.0
"""Seconds after which a child that ends is started again at once."""


def stand_back(pid: int, *, is_look: bool) -> None:
    """Have a process that just began stand back behind answers.

    A look keeps to all cores but one: priority alone lets a thread that holds a core end its turn
    of some milliseconds, and that is more than an answer may take. On the cores that it has it asks
    for long turns, for which nobody has to wait. Units: steps of priority.
    """
    with suppress(OSError, AttributeError):  # it may be gone, or the system knows neither
        own = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, pid, own + (_LOWER_LOOK if is_look else _LOWER_ELSE))
        cores = os.sched_getaffinity(pid)
        if is_look and len(cores) > 1:
            os.sched_setaffinity(pid, cores - spared(cores))
        if is_look:
            take_long_turns(pid)


class Child:
    """One command, kept running."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        clock_s: Callable[[], float],
        environment: Mapping[str, str] | None = None,
        answering: Answering | None = None,
    ) -> None:
        self.starts = 0
        self._answering = answering
        self._command = [*_RUN, *arguments]
        self._is_look = arguments[0] == LOOK
        self._environment = environment
        self._clock_s = clock_s
        self._ending = Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = Thread(target=self._keep, name=f"keep {arguments[0]}", daemon=True)

    def start(self) -> None:
        """Start it, and keep it running."""
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def end(self) -> None:
        """Have it end its round and go."""
        self._ending.set()
        self._thread.join()

    def _keep(self) -> None:
        back_off_s = _FIRST_BACK_OFF_S
        while not self._ending.is_set():
            began_s = self._clock_s()
            self._run()
            if self._clock_s() - began_s > _HEALTHY_S:
                back_off_s = _FIRST_BACK_OFF_S
            self._ending.wait(back_off_s)
            back_off_s = min(2 * back_off_s, service_limits.COMMIT_BACK_OFF_S_MAX)

    def _run(self) -> None:
        """Run it once, until it ends or it is time to end."""
        environment = dict(self._environment) if self._environment is not None else None
        process = subprocess.Popen(  # noqa: S603  our own command
            self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment
        )
        self._process = process
        self.starts += 1
        stand_back(process.pid, is_look=self._is_look)
        used_s, looked_s = 0.0, self._clock_s()
        while process.poll() is None and not self._ending.wait(_LOOK_S):
            before_s, used_s = used_s, busy_s(process.pid)
            before_at_s, looked_s = looked_s, self._clock_s()
            share = (used_s - before_s) / max(looked_s - before_at_s, _LOOK_S)
            self._make_room(is_look_busy=share > _BUSY_SHARE)
        self._make_room(is_look_busy=False)
        assert process.stdin is not None  # noqa: S101  it was asked for
        process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _make_room(self, *, is_look_busy: bool) -> None:
        if self._is_look and self._answering is not None:
            self._answering.settle(is_look_busy=is_look_busy)
