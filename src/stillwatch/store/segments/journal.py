"""The writer of a journal: appends that are on the disk before they are acknowledged.

Callers on any thread hand over a record and get a future. One thread takes all that wait, writes
them at once and waits for the disk once (group commit), while the next ones gather; then it fulfils
their futures. A segment that is large or old enough is finished and handed to the committer. What a
killed writer has left is mended before anything is written: its torn end is cut, and it is finished.

Bounds: bytes that wait in memory, and bytes of segments on the disk; beyond either a call is
refused with `Backlogged` and nothing is taken. The clock is the caller's.
"""

from __future__ import annotations

import os
import secrets
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread
from typing import Final

from stillwatch.domain import limits
from stillwatch.domain.errors import Backlogged, SegmentError
from stillwatch.store.durable import OWNER_ONLY, flush_to_disk, try_to_hold
from stillwatch.store.segments.folder import SEALED, SegmentFolder
from stillwatch.store.segments.frames import ID_BYTES, SegmentCipher
from stillwatch.store.segments.reading import SegmentReading
from stillwatch.store.segments.records import PackedRecord

_LOOK_S: Final = 1.0
"""Seconds between two looks at what the committer has deleted in the meantime."""
_TAKEN: Final = "another process writes here"


@dataclass(frozen=True, slots=True)
class JournalBounds:
    """How much may wait, and when a segment is handed on; the defaults are `limits`."""

    pending_bytes: int = limits.JOURNAL_PENDING_BYTES_MAX
    disk_bytes: int = limits.JOURNAL_DISK_BYTES_MAX
    segment_bytes: int = limits.SEGMENT_BYTES_MAX
    segment_age_s: float = limits.SEGMENT_AGE_S_MAX


@dataclass(slots=True)
class JournalCounts:
    """What a journal has done since it was opened."""

    records: int = 0
    fsyncs: int = 0
    written_bytes: int = 0
    segments: int = 0
    refused: int = 0


@dataclass(slots=True)
class _Waiting:
    record: PackedRecord
    done: Future[None]


@dataclass(slots=True)
class _Open:
    """The segment that is written now."""

    path: Path
    handle: int
    cipher: SegmentCipher
    began_s: float
    count: int = 0
    size: int = 0
    """Bytes that are on the disk for certain."""
    body_bytes: int = 0


class Journal:
    """A folder of segments, open for writing by this process alone."""

    def __init__(
        self,
        folder: SegmentFolder,
        *,
        secret: bytes,
        clock_s: Callable[[], float],
        bounds: JournalBounds = JournalBounds(),
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
        self._owes_an_end = False
        """A segment could not be finished: the disk refused."""
        self._current: _Open | None = None
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
        current = self._current or self._begin()
        frames = [
            current.cipher.seal(number, one.record.raw)
            for number, one in enumerate(group, current.count)
        ]
        raw = b"".join(frames)
        is_first = current.size == 0
        if is_first:
            raw = current.cipher.head + raw
        _write_all(current.handle, raw)
        os.fsync(current.handle)
        if is_first:
            flush_to_disk(self._folder.place)
        current.count += len(group)
        current.size += len(raw)
        current.body_bytes += sum(one.record.body_bytes for one in group)
        self.counts.fsyncs += 1
        self.counts.written_bytes += len(raw)
        self._disk_bytes += len(raw)

    def _begin(self) -> _Open:
        segment_id = secrets.token_bytes(ID_BYTES)
        path = self._folder.name_next(segment_id)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        cipher = SegmentCipher.of(self._secret, segment_id)
        self._current = _Open(path, handle, cipher, self._clock_s())
        return self._current

    def _finish_if_due(self) -> None:
        current = self._current
        if current is None:
            return
        age_s = self._clock_s() - current.began_s
        is_full = current.body_bytes >= self._bounds.segment_bytes
        if is_full or age_s >= self._bounds.segment_age_s:
            self._finish()

    def _finish(self) -> None:
        """Finish the segment and hand it to the committer."""
        current, self._current = self._current, None
        if current is None:
            return
        self._owes_an_end = True
        try:
            _finish_file(current.handle, current.cipher, current.count)
        finally:
            os.close(current.handle)
        _hand_on(current.path)
        self._owes_an_end = False
        self.counts.segments += 1

    def _abandon(self) -> None:
        """Leave a segment whose write failed, with what of it was acknowledged."""
        current = self._current
        if current is None:
            return
        with suppress(OSError):
            os.ftruncate(current.handle, current.size)
            os.lseek(current.handle, current.size, os.SEEK_SET)
            if current.size:
                self._finish()
                return
            current.path.unlink()
        self._current = None
        with suppress(OSError):
            os.close(current.handle)

    def _look(self) -> None:
        now_s = self._clock_s()
        if now_s - self._looked_s >= _LOOK_S:
            self._looked_s = now_s
            self._disk_bytes = self._folder.waiting_bytes()
            if self._owes_an_end and self._current is None:
                mend_segments(self._folder, secret=self._secret)
                self._owes_an_end = False


def mend_segments(folder: SegmentFolder, *, secret: bytes) -> None:
    """Finish the segments that a killed writer has left; the folder must be held alone.

    What was acknowledged stays; a torn end is cut. A segment in which nothing was is deleted.

    Raises:
        SegmentError: one can't be read, or is of another key; all stay as they are.
    """
    for path in folder.unfinished():
        reading = SegmentReading(path, secret=secret)
        for _ in reading.records():
            pass
        if not reading.count and not reading.damage:
            path.unlink()
            continue
        if not reading.is_ended:
            _cut_and_finish(path, reading, secret)
        _hand_on(path)


def _cut_and_finish(path: Path, reading: SegmentReading, secret: bytes) -> None:
    segment_id = bytes.fromhex(path.stem.partition("-")[2])
    handle = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(handle, reading.sound_bytes)
        os.lseek(handle, reading.sound_bytes, os.SEEK_SET)
        _finish_file(handle, SegmentCipher.of(secret, segment_id), reading.count)
    finally:
        os.close(handle)


def _finish_file(handle: int, cipher: SegmentCipher, count: int) -> None:
    _write_all(handle, cipher.seal_end(count))
    os.fsync(handle)


def _hand_on(path: Path) -> None:
    path.rename(path.with_suffix(SEALED))
    flush_to_disk(path.parent)


def _write_all(handle: int, raw: bytes) -> None:
    view = memoryview(raw)
    while view:
        view = view[os.write(handle, view) :]
