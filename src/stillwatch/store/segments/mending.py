"""Finishing segments: the end mark, and what a killed writer has left.

A torn end is cut, for it was never acknowledged; then the segment gets its end mark and waits for
the committer like any other. One in which nothing was acknowledged is deleted. What is damaged
otherwise stays, and is told by whoever reads it.
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event
from typing import Final

from stillwatch.store.durable import flush_to_disk, try_to_hold
from stillwatch.store.segments.errors import SegmentError
from stillwatch.store.segments.folder import SEALED, SegmentFolder
from stillwatch.store.segments.frames import SegmentCipher
from stillwatch.store.segments.reading import SegmentReading

_HOLD_TRIES: Final = 20
_HOLD_PAUSE_S: Final = 0.1
"""Seconds between two tries to take the folder; all of them last longer than mending does."""
_TAKEN: Final = "another process writes here"


def mend_abandoned(folder: SegmentFolder, *, secret: bytes) -> None:
    """Finish what a killed writer has left, if nobody writes there; for whoever reads segments.

    Raises:
        SegmentError: as `mend_segments`.
    """
    if not folder.unfinished() or (hold := try_to_hold(folder.place)) is None:
        return
    try:
        mend_segments(folder, secret=secret)
    finally:
        os.close(hold)


def mend_segments(folder: SegmentFolder, *, secret: bytes) -> None:
    """Finish the segments that a killed writer has left; the folder must be held alone.

    Cost:    one pass over their bytes.

    Raises:
        SegmentError: one can't be read, or is of another key; it stays as it is.
        OSError: the disk refuses.
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
        hand_on(path)


def _cut_and_finish(path: Path, reading: SegmentReading, secret: bytes) -> None:
    segment_id = bytes.fromhex(path.stem.partition("-")[2])
    handle = os.open(path, os.O_WRONLY)
    try:
        cut_at(handle, reading.sound_bytes)
        finish_file(handle, SegmentCipher.of(secret, segment_id), reading.count)
    finally:
        os.close(handle)


def cut_at(handle: int, size: int) -> None:
    """Cut a file, and go on writing there."""
    os.ftruncate(handle, size)
    os.lseek(handle, size, os.SEEK_SET)


def finish_file(handle: int, cipher: SegmentCipher, count: int) -> None:
    """Write the end mark, and wait for the disk."""
    write_all(handle, cipher.seal_end(count))
    os.fsync(handle)


def hand_on(path: Path) -> None:
    """Give a finished segment to the committer."""
    path.rename(path.with_suffix(SEALED))
    flush_to_disk(path.parent)


def write_all(handle: int, raw: bytes) -> None:
    """Write all of it, in as many steps as the system takes."""
    view = memoryview(raw)
    while view:
        view = view[os.write(handle, view) :]


def hold_soon(folder: SegmentFolder) -> int:
    """Hold the folder alone; whoever mends it lets go in a moment, another writer doesn't.

    Raises:
        SegmentError: another process writes here.
    """
    for _ in range(_HOLD_TRIES):
        if (hold := try_to_hold(folder.place)) is not None:
            return hold
        Event().wait(_HOLD_PAUSE_S)
    raise SegmentError(str(folder.place), says=_TAKEN, hint="stop it, or name another folder")
