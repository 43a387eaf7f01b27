"""Prometheus is told of deliveries, which another process makes; many scrapes are one reading."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from control_service import HONEST, World, controlled
from prometheus_client import CollectorRegistry, generate_latest

from stillwatch.app.service.routes.delivery_figures import DeliveryFigures
from stillwatch.domain.service_limits import FIGURES_AGE_S
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.errors import LedgerUnavailable
from stillwatch.store.ledger.nouns.effects import Failure

NAMES = (
    "stillwatch_deliveries_waiting",
    "stillwatch_deliveries_given_up",
    "stillwatch_deliveries_oldest_seconds",
    "stillwatch_deliveries_delivered_total",
    "stillwatch_deliveries_failed_total",
    "stillwatch_deliveries_read_age_seconds",
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A service with a ledger."""
    with controlled(tmp_path) as found:
        yield found


class CountedLedger:
    """A ledger that counts how often it is read, by those alone who were given this one."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.reads = ledger, 0

    def read(self) -> Any:  # noqa: ANN401  a context manager
        """Read the ledger, counted: the service's own feed reads the one within, uncounted."""
        self.reads += 1
        return self.ledger.read()


class Watched:
    """The figures of a ledger, with a clock that a test moves."""

    def __init__(self, world: World) -> None:
        self.world, self.registry, self.steady_s = world, CollectorRegistry(), 0.0
        self.ledger = CountedLedger(world.ledger)
        self.figures = DeliveryFigures(
            cast("Ledger", self.ledger),
            self.registry,
            steady_s=lambda: self.steady_s,
            now=lambda: datetime.fromtimestamp(world.clock.now_s, UTC),
        )

    def read(self, *, after_s: float = FIGURES_AGE_S) -> dict[str, float]:
        """Let time go by, refresh, and give each figure by its name."""
        self.steady_s += after_s
        asyncio.run(self.figures.refresh())
        text = generate_latest(self.registry).decode()
        found = re.findall(r"^(stillwatch\w+)(?:\{[^}]*\})? (\S+)$", text, re.MULTILINE)
        return {name: float(value) for name, value in found}


def deliver(world: World, *, is_given_up: bool) -> None:
    """Let a deliverer bring one of two effects out, and fail with the other."""
    now = datetime.fromtimestamp(world.clock.now_s, UTC)
    until = datetime.fromtimestamp(world.clock.now_s + 60, UTC)
    with world.ledger.write(actor="service:deliverer", now=now) as change:
        first, *_ = change.claim_effects("c-1", channel="webhook", until=until)
        failed = Failure(
            decision_id=first.decision_id,
            account_id=first.account_id,
            operation="apply",
            error="status 401",
        )
        change.note_failed("c-1", [failed], retry_at=None if is_given_up else until)
        change.note_delivered("c-1")


def test_metrics_have_the_figures_of_deliveries(world: World) -> None:
    """Every one of them, of a channel of the outbox; no account is named."""
    world.put_in_force(account_ids=list(HONEST[:2]), campaign_id=None)
    text = world.ask("adam", "/metrics").text
    for name in NAMES:
        assert re.search(rf"^{name}(\{{channel=\"webhook\"\}})? ", text, re.MULTILINE), name
    assert 'stillwatch_deliveries_waiting{channel="webhook"} 2.0' in text
    assert not any(one in text for one in HONEST)


def test_what_happens_shows(world: World) -> None:
    """Waiting, then out or given up; the oldest grows older; counters begin with the service."""
    watched = Watched(world)
    world.put_in_force(account_ids=list(HONEST[:2]), campaign_id=None)
    world.clock.now_s += 100
    first = watched.read()
    assert (first["stillwatch_deliveries_waiting"], first[NAMES[2]]) == (2.0, 100.0)
    assert (first[NAMES[3]], first[NAMES[4]]) == (0.0, 0.0)
    deliver(world, is_given_up=True)
    second = watched.read()
    assert [second[name] for name in NAMES] == [0.0, 1.0, 0.0, 1.0, 1.0, 0.0]
    third = watched.read()
    assert third == second


def test_a_scrape_reads_once_in_some_seconds(world: World) -> None:
    """However many ask at once, and however often."""
    watched = Watched(world)
    watched.read()

    async def many() -> None:
        await asyncio.gather(*(watched.figures.refresh() for _ in range(50)))

    asyncio.run(many())
    watched.read(after_s=FIGURES_AGE_S / 2)
    assert watched.ledger.reads == 1
    watched.read(after_s=FIGURES_AGE_S / 2)
    assert watched.ledger.reads == 2


def test_a_ledger_that_is_gone_makes_the_figures_old(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stay as they were, their age grows, and metrics are answered all the same."""
    watched = Watched(world)
    world.put_in_force(account_ids=list(HONEST[:2]), campaign_id=None)
    before = watched.read()

    def fail(_self: object) -> None:
        raise LedgerUnavailable(world.ledger.name, says="is away")

    monkeypatch.setattr(type(world.ledger), "read", fail)
    after = watched.read(after_s=60)
    assert after[NAMES[5]] == 60.0
    assert {n: v for n, v in after.items() if n != NAMES[5]} == {
        n: v for n, v in before.items() if n != NAMES[5]
    }
