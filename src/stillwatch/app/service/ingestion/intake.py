"""From a request to the journal: a body is read, packed, kept, and only then acknowledged.

What costs time (unpacking, packing, the wait for the disk) is done on other threads, so that the
service goes on answering. A client that has gone may come again with the same body: what is doubled
is found by its ids, at the lake.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from fastapi import Request

from stillwatch.app.service.ingestion.bodies import Budget, Share, read_packed, require_text, unpack
from stillwatch.app.service.ingestion.refusals import RefusedError, as_refusal
from stillwatch.domain import service_limits
from stillwatch.store.segments import Journal, pack_record
from stillwatch.store.segments.records import PackedRecord

_SMALL_BYTES: Final = 16 * 2**10
"""Bytes of a body that is done at once: it costs less than handing it to a thread."""
_LATE: Final = "It was not on the disk in time; send it again."
Prepare = Callable[[bytes], bytes]
"""Turns a body into what is kept of it, or refuses it."""


@dataclass(slots=True)
class IntakeCounts:
    """What has come, for metrics."""

    bodies: int = 0
    """Acknowledged."""
    bytes: int = 0
    """Of these, unpacked."""
    refused: Counter[int] = field(default_factory=Counter)
    """By status."""


class Intake:
    """Takes bodies and keeps them."""

    def __init__(self, journal: Journal, *, budget: Budget | None = None) -> None:
        self.counts = IntakeCounts()
        self.journal = journal
        self._budget = budget or Budget()

    async def take(self, request: Request, kind: str, prepare: Prepare = bytes) -> None:
        """Keep a request's body; it is on the disk when this returns.

        Raises:
            RefusedError, Backlogged, SegmentError: it is not kept, or nobody knows whether it is.
        """
        try:
            with self._budget.share() as share:
                await self._take(request, kind, prepare, share)
        except Exception as failure:
            refusal = as_refusal(failure)
            self.counts.refused[refusal.status if refusal else 500] += 1
            raise

    async def _take(self, request: Request, kind: str, prepare: Prepare, share: Share) -> None:
        packing = request.headers.get("content-encoding", "").strip().lower()
        packed = await read_packed(request, share)

        def make() -> PackedRecord | None:
            body = unpack(packed, packing, share)
            kept = prepare(body)
            return pack_record(kind, kept) if kept else None

        is_small = len(packed) < _SMALL_BYTES and not packing
        record = make() if is_small else await asyncio.to_thread(make)
        if record is None:  # an empty body holds nothing to keep
            return
        await self._keep(record)
        self.counts.bodies += 1
        self.counts.bytes += record.body_bytes

    async def _keep(self, record: PackedRecord) -> None:
        kept = asyncio.wrap_future(self.journal.append(record))
        try:
            async with asyncio.timeout(service_limits.INGEST_WAIT_S_MAX):
                await kept
        except TimeoutError:
            raise RefusedError(503, _LATE, retry_after_s=service_limits.JOURNAL_RETRY_S) from None


def as_text(body: bytes) -> bytes:
    """Take a body as it is, if it is text."""
    require_text(body)
    return body
