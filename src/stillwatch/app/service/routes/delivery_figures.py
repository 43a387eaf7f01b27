"""Figures of deliveries, which another process makes: read from the ledger when somebody scrapes.

Read in a thread, at most every FIGURES_AGE_S seconds and one at a time, whoever asks how often; a
question of a gateway never waits for it. A ledger that can't be read leaves the figures as they
were, and the age of the reading says so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from math import inf

from fastapi.concurrency import run_in_threadpool
from prometheus_client import CollectorRegistry, Counter, Gauge

from stillwatch.app.service.telemetry import tell
from stillwatch.domain.errors import StillwatchError
from stillwatch.domain.service_limits import FIGURES_AGE_S
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.questions.figures import ChannelFigures, SettledSince


class DeliveryFigures:
    """What Prometheus is told of deliveries."""

    def __init__(
        self,
        ledger: Ledger,
        registry: CollectorRegistry,
        *,
        steady_s: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._ledger, self._steady_s, self._now = ledger, steady_s, now
        self._is_reading = False  # of one event loop: between two awaits nobody else is
        self._tried_at_s = self._read_at_s = -inf
        self._entry: int | None = None
        by = ["channel"]
        self._waiting = Gauge(
            "stillwatch_deliveries_waiting", "Effects that have to go out", by, registry=registry
        )
        self._given_up = Gauge(
            "stillwatch_deliveries_given_up", "Effects that nobody tries", by, registry=registry
        )
        self._oldest = Gauge(
            "stillwatch_deliveries_oldest_seconds",
            "How long the oldest effect has waited to go out",
            by,
            registry=registry,
        )
        self._delivered = Counter(
            "stillwatch_deliveries_delivered", "Effects that went out", registry=registry
        )
        self._failed = Counter(
            "stillwatch_deliveries_failed", "Tries that did not go out", registry=registry
        )
        self._age = Gauge(
            "stillwatch_deliveries_read_age_seconds",
            "Since these figures were read from the ledger",
            registry=registry,
        )

    async def refresh(self) -> None:
        """Read the figures again, if they are old and nobody does; a failure is told."""
        is_old = self._steady_s() - self._tried_at_s >= FIGURES_AGE_S
        if is_old and not self._is_reading:
            self._is_reading, self._tried_at_s = True, self._steady_s()
            try:
                self._show(*await run_in_threadpool(self._read))
                self._read_at_s = self._steady_s()
            except StillwatchError as refused:
                tell("deliveries.unread", fault=type(refused).__name__)
            finally:
                self._is_reading = False
        self._age.set(self._steady_s() - self._read_at_s)

    def _read(self) -> tuple[list[ChannelFigures], SettledSince]:
        with self._ledger.read() as view:
            after = view.count_entries() if self._entry is None else self._entry
            return view.read_channels(), view.read_settled(after=after)

    def _show(self, channels: list[ChannelFigures], settled: SettledSince) -> None:
        for one in channels:
            self._waiting.labels(one.channel).set(one.waiting)
            self._given_up.labels(one.channel).set(one.given_up)
            age_s = 0.0 if one.oldest_at is None else (self._now() - one.oldest_at).total_seconds()
            self._oldest.labels(one.channel).set(max(age_s, 0.0))
        self._delivered.inc(settled.delivered)
        self._failed.inc(settled.failed)
        self._entry = settled.entry
