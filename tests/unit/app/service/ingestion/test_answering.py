"""Threads that answer keep to the core that a look leaves, for as long as it computes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from stillwatch.app.service.ingestion import children
from stillwatch.app.service.ingestion.answering import (
    Answering,
    busy_s,
    spared,
    threads_now,
    threads_to_answer,
)
from stillwatch.app.service.ingestion.children import Child

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="this system pins no thread, or has one core",
)
_PATIENCE_S = 60


@contextmanager
def waiting_thread() -> Iterator[int]:
    """Run a thread that waits, and give its number."""
    begun, ending, found = Event(), Event(), []

    def wait() -> None:
        found.extend(threads_to_answer(threads_now()))
        begun.set()
        ending.wait()

    thread = Thread(target=wait)
    thread.start()
    begun.wait()
    try:
        yield found[0]
    finally:
        ending.set()
        thread.join()


def wait_for(has_come: Callable[[], bool]) -> None:
    """Wait until a moment has come."""
    began = time.monotonic()
    while not has_come():
        assert time.monotonic() - began < _PATIENCE_S, "the moment never came"
        time.sleep(0.02)


def test_threads_that_answer_keep_to_the_core_that_a_look_leaves() -> None:
    """And to no other; threads of other work go where they like, before, meanwhile and after."""
    everywhere = os.sched_getaffinity(0)
    answering = Answering()
    with waiting_thread() as answers, waiting_thread() as works:
        answering.add({answers})
        for is_busy in (False, True, True, False):
            answering.settle(is_look_busy=is_busy)
            kept = spared(everywhere) if is_busy else everywhere
            assert os.sched_getaffinity(answers) == kept
            assert os.sched_getaffinity(works) == everywhere
            assert os.sched_getaffinity(0) == everywhere


def test_a_thread_that_one_of_them_started_meanwhile_goes_where_it_likes() -> None:
    """A thread begins where the one is that starts it, and is put right at the next turn."""
    everywhere = os.sched_getaffinity(0)
    answering = Answering()
    with waiting_thread() as later:
        os.sched_setaffinity(later, spared(everywhere))
        answering.settle(is_look_busy=True)
        assert os.sched_getaffinity(later) == everywhere


def test_a_thread_that_has_ended_is_no_fault() -> None:
    """Numbers of threads are kept, and threads end."""
    answering = Answering()
    with waiting_thread() as gone:
        answering.add({gone})
    answering.settle(is_look_busy=True)
    answering.settle(is_look_busy=False)


def test_the_time_of_a_process_that_is_gone_is_none() -> None:
    """It may end between two looks at it."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert busy_s(process.pid) == 0.0
    assert busy_s(os.getpid()) > 0.0


@pytest.mark.parametrize("command", ["watch", "commit"])
def test_answers_keep_to_a_core_while_a_look_computes(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """From the first half second in which it is busy until it is over; a commit moves nobody."""
    busy = (sys.executable, "-c", "while True: pass")
    monkeypatch.setattr(children, "_RUN", busy)
    monkeypatch.setattr(children, "_LOOK_S", 0.1)
    monkeypatch.setattr(children, "_BUSY_SHARE", 0.001)
    monkeypatch.setattr(children, "_END_S", 0.1)
    everywhere = os.sched_getaffinity(0)
    answering = Answering()
    with waiting_thread() as answers:
        answering.add({answers})
        child = Child([command], clock_s=time.monotonic, answering=answering)
        child.start()
        if command == "watch":
            wait_for(lambda: os.sched_getaffinity(answers) == spared(everywhere))
        else:
            wait_for(lambda: child.pid is not None and busy_s(child.pid) > 0.2)
            assert os.sched_getaffinity(answers) == everywhere
        child.end()
        assert os.sched_getaffinity(answers) == everywhere
