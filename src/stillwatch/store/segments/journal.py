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
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import Final

from stillwatch.domain import service_limits
from stillwatch.store.segments.bounds import DEFAULT_BOUNDS, JournalBounds, JournalCounts
from stillwatch.store.segments.errors import Backlogged, SegmentError
from stillwatch.store.segments.folder import SegmentFolder
from stillwatch.store.segments.mending import hold_soon, mend_segments
from stillwatch.store.segments.records import PackedRecord
from stillwatch.store.segments.waiting import Waiting, WaitingRecords
from stillwatch.store.segments.writing import OpenSegment

_LOOK_S: Final = 1.0
"""Seconds between two looks at what the committer has deleted in the meantime."""


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
        self._hold: int | None = hold_soon(folder)
        self._waiting = WaitingRecords()
        self._closing = False
        self._is_owing = False
        """A segment could not be finished: the disk refused."""
        self._current: OpenSegment | None = None
        self._looked_s = clock_s()
        try:
            mend_segments(folder, secret=secret)
            self._disk_bytes = folder.waiting_bytes()
        except BaseException:
            self._let_go()
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
        with self._waiting.changed:
            if self._closing:
                raise SegmentError(str(self._folder.place), says="the journal is closed")
            self._refuse("JOURNAL_PENDING_BYTES_MAX", self._bounds.pending_bytes, size)
            self._refuse("JOURNAL_DISK_BYTES_MAX", self._bounds.disk_bytes, size)
            return self._waiting.add(record)

    @property
    def is_writing(self) -> bool:
        """Whether appends can be acknowledged."""
        return self._thread.is_alive() and not self._closing

    def close(self) -> None:
        """Write what waits, finish the segment, and let go of the folder."""
        with self._waiting.changed:
            self._closing = True
            self._waiting.changed.notify()
        self._thread.join()
        self._let_go()

    def _let_go(self) -> None:
        hold, self._hold = self._hold, None
        if hold is not None:
            os.close(hold)

    def _refuse(self, name: str, bound: int, size: int) -> None:
        held = self._waiting.size
        if name == "JOURNAL_DISK_BYTES_MAX":
            held += self._disk_bytes
        if held + size > bound:
            self.counts.refused += 1
            raise Backlogged(
                name, bound=bound, met=held + size, retry_after_s=service_limits.JOURNAL_RETRY_S
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
        with self._waiting.changed:
            self._closing = True
            closed = SegmentError(str(self._folder.place), says="the journal was closed")
            self._waiting.refuse_all(closed)

    def _take(self) -> list[Waiting]:
        """Wait for records, or until the segment is old, or a look is due; take a group of them."""
        with self._waiting.changed:
            if not self._waiting and not self._closing:
                self._waiting.changed.wait(min(_LOOK_S, self._bounds.segment_age_s))
            return self._waiting.take_group()

    def _write(self, group: list[Waiting]) -> None:
        """Put a group on the disk and tell its callers; a disk that refuses is told to all."""
        try:
            self._put(group)
        except BaseException as refused:
            self._abandon()
            says = getattr(refused, "strerror", None) or "the writer failed"
            for one in group:
                one.done.set_exception(SegmentError(str(self._folder.place), says=says))
            if not isinstance(refused, OSError):
                raise
        else:
            self.counts.records += len(group)
            for one in group:
                one.done.set_result(None)
        finally:
            self._waiting.forget(group)

    def _put(self, group: list[Waiting]) -> None:
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
        if self._current is not None:
            current, self._current, self._is_owing = self._current, None, True
            current.finish()
            self._is_owing = False
            self.counts.segments += 1

    def _abandon(self) -> None:
        """A write failed: what is on the disk for certain is finished at the next look."""
        if self._current is not None:
            current, self._current, self._is_owing = self._current, None, True
            current.abandon()

    def _look(self) -> None:
        now_s = self._clock_s()
        if now_s - self._looked_s >= _LOOK_S:
            self._looked_s = now_s
            self._disk_bytes = self._folder.waiting_bytes()
            if self._is_owing and self._current is None:
                mend_segments(self._folder, secret=self._secret)
                self._is_owing = False
