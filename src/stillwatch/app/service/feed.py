"""The feed: the table in force, the changes that led to it, and those who wait for the next one.

It asks a source again and again (a finished result, the ledger) what has changed, makes the next
table, remembers the change in a bounded log, and wakes the long polls. When the source fails the
table stays, and the feed says since when.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from typing import Protocol

from stillwatch.domain.service_limits import (
    SERVICE_LOG_ROWS_MAX,
    SERVICE_POLLS_MAX,
    SERVICE_SOURCE_POLL_S,
)
from stillwatch.gateway.deltas import NEVER, Delta, GapInChangesError, merge_deltas
from stillwatch.gateway.table import DecisionTable


class DecisionSource(Protocol):
    """Where decisions come from."""

    def read(self, since: int) -> Delta | None:
        """Say what has changed since a version, None = nothing; a snapshot if that can't be said.

        It is called in a thread of its own, one call at a time; it may take its time, and raise.
        """
        ...


class TooManyPollsError(Exception):
    """As many long polls wait as may."""


class DecisionFeed:
    """The table in force; all but `table` belongs to one event loop."""

    def __init__(
        self, source: DecisionSource, *, clock: Callable[[], float], on_event: Callable[..., None]
    ) -> None:
        self.table = DecisionTable()
        self.failure = ""
        self.waiting = 0
        self._source = source
        self._clock = clock
        self._on_event = on_event
        self._read_at_s = -math.inf
        self._log: deque[Delta] = deque()
        self._log_rows = 0
        self._changed = asyncio.Event()
        self.is_closed = False

    @property
    def age_s(self) -> float:
        """Seconds since the source was last read without fault."""
        return self._clock() - self._read_at_s

    @property
    def is_loaded(self) -> bool:
        """Say whether the source was ever read."""
        return self.table.version > NEVER

    async def refresh(self) -> None:
        """Ask the source once; a failure leaves the table as it is."""
        try:
            delta = await asyncio.to_thread(self._source.read, self.table.version)
            if delta is not None:
                await self._publish_or_start_over(delta)
            self._read_at_s = self._clock()
            self.failure = ""
        except Exception as fault:  # noqa: BLE001  whatever a source raises, decisions go on
            word = type(fault).__name__
            if word != self.failure:
                self._on_event("source.failed", fault=word)
            self.failure = word

    async def _publish_or_start_over(self, delta: Delta) -> None:
        try:
            self.publish(delta)
        except GapInChangesError:
            whole = await asyncio.to_thread(self._source.read, NEVER)
            if whole is not None:
                self.publish(whole)

    async def follow(self) -> None:
        """Ask the source for as long as the service runs."""
        while not self.is_closed:
            await self.refresh()
            await asyncio.sleep(SERVICE_SOURCE_POLL_S)

    def publish(self, delta: Delta) -> None:
        """Put a change into force, and wake those who wait for one.

        Raises:
            GapInChangesError, TableFullError: it can't be; the table is as it was.
        """
        table = self.table.after(delta)
        if table.version == self.table.version and table.series == self.table.series:
            return
        self.table = table
        if delta.is_snapshot:
            self._log.clear()
            self._log_rows = 0
        else:
            self._log.append(delta)
            self._log_rows += delta.size
            while self._log_rows > SERVICE_LOG_ROWS_MAX:
                self._log_rows -= self._log.popleft().size
        self._on_event("table.changed", version=table.version, rows=delta.size)
        self._wake()

    def changes(self, series: str, since: int) -> Delta:
        """Say what has changed since a version, all of it where the log does not reach so far."""
        table = self.table
        if series != table.series or since > table.version:
            return table.as_snapshot()
        if since == table.version:
            return Delta(table.series, since, since)
        wanted = [one for one in self._log if one.version > since]
        if not wanted or wanted[0].since > since:
            return table.as_snapshot()
        return merge_deltas(wanted)

    async def wait(self, series: str, since: int, *, wait_s: float) -> None:
        """Wait until there is something newer than a version, or the time is over.

        Raises:
            TooManyPollsError: service_limits.SERVICE_POLLS_MAX wait already.
        """
        if self.waiting >= SERVICE_POLLS_MAX:
            raise TooManyPollsError
        self.waiting += 1
        try:
            async with asyncio.timeout(wait_s):
                while (series, since) == (self.table.series, self.table.version):
                    if self.is_closed:
                        return
                    await self._changed.wait()
        except TimeoutError:
            return
        finally:
            self.waiting -= 1

    def close(self) -> None:
        """Let everybody go who waits, at once; nothing is followed any more."""
        self.is_closed = True
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
