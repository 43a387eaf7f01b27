"""The writer of a journal: appends that are on the disk before they are acknowledged.

Callers on any thread hand over a record and get a future. One thread takes all that wait, writes
them at once and waits for the disk once (group commit), while the next ones gather; then it
fulfils their futures. A segment that is large or old enough is finished and handed to the
committer. What a killed writer has left is mended before anything is written.

Bounds: bytes that wait in memory, and bytes of segments on the disk; beyond either a call is
refused with `Backlogged` and nothing is taken. The clock is the caller's.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Final

from stillwatch.domain import limits
from stillwatch.domain.errors import Backlogged, SegmentError
from stillwatch.store.durable import try_to_hold
from stillwatch.store.segments.bounds import DEFAULT_BOUNDS, JournalBounds, JournalCounts
from stillwatch.store.segments.folder import SegmentFolder
from stillwatch.store.segments.mending import mend_segments
from stillwatch.store.segments.records import PackedRecord
from stillwatch.store.segments.writing import OpenSegment

_LOOK_S: Final = 1.0
"""Seconds between two looks at what the committer has deleted in the meantime."""
_TAKEN: Final = "another process writes here"


@dataclass(slots=True)
class _Waiting:
    record: PackedRecord
    done: Future[None]


class Journal:
    """A folder of segments, open for writing by this process alone."""

    def __init__(
        self,
        folder: SegmentFolder,
        *,
        secret: bytes,
        clock_s: Callable[[], float],
        bounds: JournalBounds = DEFAULT_BOUNDS,
    ) -> None:
        """Take the folder, mend what is there, and start the writer.

        Raises:
            SegmentError: another process writes here, or a segment is of another key.
        """
        self.counts = JournalCounts()
        self._folder, self._secret, self._bounds = folder, secret, bounds
        self._clock_s = clock_s
        folder.make()
        hold = try_to_hold(folder.place)
        if hold is None:
            raise SegmentError(str(folder.place), says=_TAKEN, hint="stop it, or name another")
        self._hold: int | None = hold
        self._changed = Condition()
        self._waiting: deque[_Waiting] = deque()
        self._pending_bytes = 0
        self._closing = False
        self._is_owing = False
        """A segment could not be finished: the disk refused."""
        self._current: OpenSegment | None = None
        self._looked_s = clock_s()
        try:
            mend_segments(folder, secret=secret)
            self._disk_bytes = folder.waiting_bytes()
        except BaseException:
            os.close(hold)
            raise
        self._thread = Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def append(self, record: PackedRecord) -> Future[None]:
        """Hand over a record; the future is fulfilled when it is on the disk.

        Raises:
            Backlogged: too much waits; nothing was taken.
            SegmentError: the journal is closed.
        """
        size = len(record.raw)
        with self._changed:
            if self._closing:
                raise SegmentError(str(self._folder.place), says="the journal is closed")
            self._refuse("JOURNAL_PENDING_BYTES_MAX", self._bounds.pending_bytes, size)
            self._refuse("JOURNAL_DISK_BYTES_MAX", self._bounds.disk_bytes, size)
            waiting = _Waiting(record, Future())
            self._waiting.append(waiting)
            self._pending_bytes += size
            self._changed.notify()
        return waiting.done

    @property
    def is_writing(self) -> bool:
        """Whether appends can be acknowledged."""
        return self._thread.is_alive() and not self._closing

    def close(self) -> None:
        """Write what waits, finish the segment, and let go of the folder."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        hold, self._hold = self._hold, None
        if hold is not None:
            os.close(hold)

    def _refuse(self, name: str, bound: int, size: int) -> None:
        held = self._pending_bytes
        if name == "JOURNAL_DISK_BYTES_MAX":
            held += self._disk_bytes
        if held + size > bound:
            self.counts.refused += 1
            raise Backlogged(
                name, bound=bound, met=held + size, retry_after_s=limits.JOURNAL_RETRY_S
            )

    def _run(self) -> None:
        try:
            while not (self._closing and not self._waiting):
                if group := self._take():
                    self._write(group)
                with suppress(OSError):  # the next write meets it too, and says so
                    self._finish_if_due()
                    self._look()
            with suppress(OSError):
                self._finish()
        finally:
            self._let_down()

    def _let_down(self) -> None:
        """Leave nobody waiting for a writer that has ended."""
        with self._changed:
            self._closing = True
            for one in self._waiting:
                one.done.set_exception(SegmentError(str(self._folder.place), says="it was closed"))
            self._waiting.clear()

    def _take(self) -> list[_Waiting]:
        """Wait for records, or until the segment is old, or a look is due; take a group of them."""
        group: list[_Waiting] = []
        size = 0
        with self._changed:
            if not self._waiting and not self._closing:
                self._changed.wait(min(_LOOK_S, self._bounds.segment_age_s))
            while self._waiting and size < limits.JOURNAL_GROUP_BYTES_MAX:
                one = self._waiting.popleft()
                if one.done.set_running_or_notify_cancel():
                    group.append(one)
                    size += len(one.record.raw)
                else:  # its caller has gone
                    self._pending_bytes -= len(one.record.raw)
        return group

    def _write(self, group: list[_Waiting]) -> None:
        """Put a group on the disk and tell its callers; a disk that refuses is told to all."""
        size = sum(len(one.record.raw) for one in group)
        try:
            self._put(group)
        except OSError as refused:
            self._abandon()
            says = refused.strerror or "the disk refuses"
            for one in group:
                one.done.set_exception(SegmentError(str(self._folder.place), says=says))
        else:
            self.counts.records += len(group)
            for one in group:
                one.done.set_result(None)
        with self._changed:
            self._pending_bytes -= size

    def _put(self, group: list[_Waiting]) -> None:
        if self._current is None:
            self._current = OpenSegment(self._folder, secret=self._secret, began_s=self._clock_s())
        written = self._current.put([one.record for one in group])
        self.counts.fsyncs += 1
        self.counts.written_bytes += written
        self._disk_bytes += written

    def _finish_if_due(self) -> None:
        current = self._current
        if current is None:
            return
        age_s = self._clock_s() - current.began_s
        is_full = current.body_bytes >= self._bounds.segment_bytes
        if is_full or age_s >= self._bounds.segment_age_s:
            self._finish()

    def _finish(self) -> None:
        current, self._current = self._current, None
        if current is not None:
            self._is_owing = True
            current.finish()
            self._is_owing = False
            self.counts.segments += 1

    def _abandon(self) -> None:
        """A write failed: what is on the disk for certain is finished at the next look."""
        current, self._current = self._current, None
        if current is not None:
            current.abandon()
            self._is_owing = True

    def _look(self) -> None:
        now_s = self._clock_s()
        if now_s - self._looked_s >= _LOOK_S:
            self._looked_s = now_s
            self._disk_bytes = self._folder.waiting_bytes()
            if self._is_owing and self._current is None:
                mend_segments(self._folder, secret=self._secret)
                self._is_owing = False
