"""What waits for the writer: records with the futures of their callers, counted in bytes."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Condition

from stillwatch.domain import service_limits
from stillwatch.store.segments.records import PackedRecord


@dataclass(slots=True)
class Waiting:
    """One record, and the future that is fulfilled when it is on the disk."""

    record: PackedRecord
    done: Future[None]


class WaitingRecords:
    """Records that wait, the first come first; `changed` guards it, and wakes the writer."""

    def __init__(self) -> None:
        self.changed = Condition()
        self.size = 0
        """Bytes of all that wait, and of the group that is being written."""
        self._records: deque[Waiting] = deque()

    def __bool__(self) -> bool:
        return bool(self._records)

    def add(self, record: PackedRecord) -> Future[None]:
        """Let a record wait; `changed` must be held."""
        done: Future[None] = Future()
        self._records.append(Waiting(record, done))
        self.size += len(record.raw)
        self.changed.notify()
        return done

    def take_group(self) -> list[Waiting]:
        """Take as many as share an fsync; `changed` must be held. They count until `forget`."""
        group: list[Waiting] = []
        size = 0
        while self._records and size < service_limits.JOURNAL_GROUP_BYTES_MAX:
            one = self._records.popleft()
            if one.done.set_running_or_notify_cancel():
                group.append(one)
                size += len(one.record.raw)
            else:  # its caller has gone
                self.size -= len(one.record.raw)
        return group

    def forget(self, group: list[Waiting]) -> None:
        """Count a group no longer: it is on the disk, or was refused."""
        with self.changed:
            self.size -= sum(len(one.record.raw) for one in group)

    def refuse_all(self, failure: Exception) -> None:
        """Tell everybody who waits that nothing will come of it; `changed` must be held."""
        while self._records:
            self._records.popleft().done.set_exception(failure)
        self.size = 0
