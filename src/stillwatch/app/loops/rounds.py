"""How a loop goes round: at an interval, again after a failure, until it is told to end.

It ends at SIGTERM or an interrupt, after the round under way; or when its standard input closes,
where its parent asked for that: a parent that was killed leaves no orphan.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from threading import Thread
from types import FrameType
from typing import Final

from stillwatch.domain import service_limits
from stillwatch.domain.errors import StillwatchError

_FIRST_BACK_OFF_S: Final = 1.0


class Ending:
    """Whether it is time to end: a pipe, into which whoever says so writes.

    A signal writes there itself (`signal.set_wakeup_fd`), whichever thread it reaches and however
    shortly before the wait: a Python handler alone would run once the wait is over.
    """

    def __init__(self) -> None:
        self._told, self._teller = os.pipe()
        os.set_blocking(self._teller, False)

    def wait(self, seconds: float) -> bool:
        """Wait, at most so long; say whether it is time to end. What was told stays told."""
        return bool(select.select([self._told], [], [], seconds)[0])

    def tell(self) -> None:
        """It is time; from any thread."""
        os.write(self._teller, b"\0")

    def at_signals(self) -> None:
        """End at SIGTERM and at an interrupt; for a process's main thread."""

        def nothing_more(_number: int, _frame: FrameType | None) -> None:
            """The pipe has been written to before this runs."""

        signal.set_wakeup_fd(self._teller, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, nothing_more)

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
