"""How a loop goes round: at an interval, again after a failure, until it is told to end.

It ends at SIGTERM or an interrupt, after the round under way; or when its standard input closes,
where its parent asked for that: a parent that was killed leaves no orphan.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from types import FrameType
from typing import Final

from stillwatch.domain import service_limits
from stillwatch.domain.errors import StillwatchError

_FIRST_BACK_OFF_S: Final = 1.0


class Ending:
    """Whether it is time to end."""

    def __init__(self) -> None:
        self._is_time = False
        self._words: SimpleQueue[None] = SimpleQueue()

    def wait(self, seconds: float) -> bool:
        """Wait, at most so long; say whether it is time to end."""
        if not self._is_time:
            with suppress(Empty):
                self._words.get(timeout=seconds)
        return self._is_time

    def tell(self) -> None:
        """It is time; from any thread, and from a signal's handler, in which no lock may be had."""
        self._is_time = True
        self._words.put(None)

    def at_signals(self) -> None:
        """End at SIGTERM and at an interrupt; for a process's main thread."""

        def tell(_number: int, _frame: FrameType | None) -> None:
            self.tell()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, tell)

    def with_input(self) -> None:
        """End when the standard input closes: its writer has ended."""

        def watch() -> None:
            while os.read(0, 1):  # unbuffered: a reader of Python's would hold its lock at the end
                pass
            self.tell()

        Thread(target=watch, name="parent", daemon=True).start()


def go_round(
    work: Callable[[], bool],
    *,
    every_s: float,
    ending: Ending,
    complain: Callable[[StillwatchError | OSError], None],
) -> None:
    """Do work until it is time to end; at once again where it says that more waits.

    A failure is told, and tried again after a wait that doubles up to COMMIT_BACK_OFF_S_MAX.
    """
    back_off_s, pause_s = _FIRST_BACK_OFF_S, 0.0
    while not ending.wait(pause_s):
        try:
            pause_s = 0.0 if work() else every_s
            back_off_s = _FIRST_BACK_OFF_S
        except (StillwatchError, OSError) as failure:
            complain(failure)
            pause_s = back_off_s
            back_off_s = min(2 * back_off_s, service_limits.COMMIT_BACK_OFF_S_MAX)
