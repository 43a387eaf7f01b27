"""The one segment that is written now: begun at its first record, never opened again.

Used by `journal` on its one thread. What `put` returned from is on the disk: the file is flushed at
every group, and the folder when the file is new.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from stillwatch.store.durable import OWNER_ONLY, flush_to_disk
from stillwatch.store.segments.folder import SegmentFolder
from stillwatch.store.segments.frames import ID_BYTES, SegmentCipher
from stillwatch.store.segments.mending import cut_at, finish_file, hand_on, write_all
from stillwatch.store.segments.records import PackedRecord


class OpenSegment:
    """A segment that this process has created and writes."""

    def __init__(self, folder: SegmentFolder, *, secret: bytes, began_s: float) -> None:
        """Create its file.

        Raises:
            OSError: the disk refuses.
        """
        segment_id = secrets.token_bytes(ID_BYTES)
        self.path: Path = folder.name_next(segment_id)
        self.began_s = began_s
        self.body_bytes = 0
        """Unpacked bytes of its records."""
        self._count = 0
        self._size = 0
        """Bytes that are on the disk for certain."""
        self._cipher = SegmentCipher.of(secret, segment_id)
        self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)

    def put(self, group: Sequence[PackedRecord]) -> int:
        """Put records on the disk, all of them with one fsync; gives the bytes written.

        Raises:
            OSError: the disk refuses; `abandon` is what is left to do.
        """
        frames = [self._cipher.seal(n, one.raw) for n, one in enumerate(group, self._count)]
        is_new = self._size == 0
        raw = b"".join([self._cipher.head, *frames] if is_new else frames)
        write_all(self._handle, raw)
        os.fsync(self._handle)
        if is_new:
            flush_to_disk(self.path.parent)
        self._count += len(group)
        self._size += len(raw)
        self.body_bytes += sum(one.body_bytes for one in group)
        return len(raw)

    def finish(self) -> None:
        """Write its end, and hand it to the committer.

        Raises:
            OSError: the disk refuses; it is left for `mend_segments`.
        """
        try:
            finish_file(self._handle, self._cipher, self._count)
        finally:
            os.close(self._handle)
        hand_on(self.path)

    def abandon(self) -> None:
        """Leave it after a write that failed, with what was acknowledged, for `mend_segments`."""
        with suppress(OSError):
            cut_at(self._handle, self._size)
        with suppress(OSError):
            os.close(self._handle)
