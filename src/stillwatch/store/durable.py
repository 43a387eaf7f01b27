"""Writing so that a reader sees all of it or nothing, even after `kill -9` or a power cut.

Three moves, and nothing else in the house writes a file that matters: a file is written beside
its place and renamed over it; a file that must be new is linked into place, which fails where one
is already there; a directory is written under another name and renamed. Each is flushed to the
disk before the rename and the directory that holds it after. POSIX: on other systems the order
that a file system promises differs.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_native_id, local

OWNER_ONLY = 0o600
"""Rights of a file that its owner alone may read and write."""
READABLE = 0o644
"""Rights of a file that everybody may read; the process's umask still narrows it."""


class _Held(local):
    """Directories that this thread holds alone."""

    def __init__(self) -> None:
        self.places: set[Path] = set()


_held = _Held()


def flush_to_disk(path: Path) -> None:
    """Make what was written to a file, or the names in a directory, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_tree(top: Path) -> None:
    """Flush every file under a directory, then the directories, the deepest first."""
    for directory, _, files in os.walk(top, topdown=False):
        for name in files:
            flush_to_disk(Path(directory, name))
        flush_to_disk(Path(directory))


def _write_beside(path: Path, content: bytes, *, rights: int, lasts: bool = True) -> Path:
    beside = path.with_name(f".{path.name}.{get_native_id()}.part")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, rights)
    with os.fdopen(handle, "wb") as sink:
        sink.write(content)
        sink.flush()
        if lasts:
            os.fsync(sink.fileno())
    return beside


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in the place of another, or of none, in one step."""
    _write_beside(path, content, rights=READABLE).replace(path)
    flush_to_disk(path.parent)


def create_file(path: Path, content: bytes, *, rights: int = READABLE, lasts: bool = True) -> None:
    """Create a file with its whole content in one step.

    What need not last past the run that makes it is spared the wait for the disk.

    Raises:
        FileExistsError: there is one already; it is left as it was.
    """
    beside = _write_beside(path, content, rights=rights, lasts=lasts)
    try:
        path.hardlink_to(beside)
    finally:
        beside.unlink()
    if lasts:
        flush_to_disk(path.parent)


def append_line(path: Path, line: bytes) -> None:
    """Add one line to a file that only grows; a torn last line is ended first, never joined."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, READABLE)
    try:
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        os.write(handle, (b"\n" if torn else b"") + line + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def held_alone(directory: Path) -> Iterator[None]:
    """Hold a directory alone: others who ask for it wait; a killed holder lets go.

    A thread that holds it already goes on: what is within belongs to the same piece of work.
    """
    place = directory.resolve()
    if place in _held.places:
        yield
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _held.places.add(place)
        yield
    finally:
        _held.places.discard(place)
        os.close(handle)


@contextmanager
def held_together(directory: Path) -> Iterator[None]:
    """Hold a directory beside others who do: whoever wants it alone waits for all of them."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def try_to_hold(directory: Path) -> int | None:
    """Hold a directory alone from now on; None where somebody else does.

    Gives the handle to close when it is let go; a killed holder lets go.
    """
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def is_free(directory: Path) -> bool:
    """Say whether nobody holds a directory alone."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
