"""The threads that answer, and the core that they keep to while a look computes.

A look leaves a core to answers, and the system does not know whose it is: it wakes a thread where
little weighs, which is beside the look, where the thread waits for the next tick of the clock. gRPC
hands each call through half a dozen threads, and every sixth call met one that waited. So the loop
and gRPC's threads keep to that core for as long as a look computes; all other threads, whose work
may be long, go where they like, and so do these when the look is over.

Deliberately absent: other systems than Linux, where nothing is done.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock, get_native_id
from typing import Final

_TASKS: Final = Path("/proc/self/task")
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_TIMES: Final = slice(11, 13)
"""Fields after a process's name in /proc/PID/stat: the time in its own code and in the system's."""


class Answering:
    """The threads that answer."""

    def __init__(self) -> None:
        self._cores = frozenset(_cores_of(0))
        self._names: set[str] = set()
        self._threads: set[int] = set()
        self._is_kept = False
        self._lock = Lock()

    def add(self, threads: Iterable[int]) -> None:
        """Count threads among those that answer, and what threads of such a name start later."""
        with self._lock:
            self._threads.update(threads)
            named = {_name_of(one) for one in self._threads}
            self._names = named - {_name_of(os.getpid()), ""}

    def settle(self, *, is_look_busy: bool) -> None:
        """Put each thread where it belongs now: a thread starts where the one was that started it.

        Cost:    a few microseconds a thread, nothing where no look computes and none did.
        """
        if self._cores <= spared(self._cores) or not (is_look_busy or self._is_kept):
            return
        with self._lock:
            self._is_kept = is_look_busy
            for thread in threads_now():
                is_kept = is_look_busy and self._answers(thread)
                cores = spared(self._cores) if is_kept else self._cores
                if _cores_of(thread) != cores:
                    with suppress(OSError):  # it has just ended, or nobody may place it
                        os.sched_setaffinity(thread, cores)

    def _answers(self, thread: int) -> bool:
        return thread in self._threads or _name_of(thread) in self._names


def spared(cores: Iterable[int]) -> set[int]:
    """Give the core that looks leave, of all that this process may run on."""
    return set(sorted(cores)[:1])


def threads_now() -> set[int]:
    """Give the threads of this process; none where the system doesn't tell."""
    with suppress(OSError):
        return {int(place.name) for place in _TASKS.iterdir()}
    return set()


def threads_to_answer(before: set[int]) -> set[int]:
    """Give this thread, which is the loop's, and those that were not there before."""
    return {get_native_id(), *(threads_now() - before)}


def busy_s(pid: int) -> float:
    """Give the processor time of a process; none where it is gone, or the system doesn't tell."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return sum(map(int, fields[_TIMES])) * _TICK_S
    return 0.0


def _cores_of(thread: int) -> set[int]:
    with suppress(OSError, AttributeError):
        return os.sched_getaffinity(thread)
    return set()


def _name_of(thread: int) -> str:
    with suppress(OSError):
        return (_TASKS / str(thread) / "comm").read_text(encoding="utf-8").strip()
    return ""
