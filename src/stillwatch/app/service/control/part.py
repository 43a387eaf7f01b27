"""The management API as a part of the service: its routes, and what it holds while it runs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool

from stillwatch.app.service.control import (
    appeals,
    audit,
    cases,
    following,
    interventions,
    reading,
    rules,
)
from stillwatch.app.service.control.appeals import AppealLinks
from stillwatch.app.service.control.appeals.buckets import Buckets
from stillwatch.app.service.control.interventions import Knowledge
from stillwatch.app.service.control.rules import Backtests
from stillwatch.app.service.control.settings import ControlSettings, Places
from stillwatch.app.service.factory import Part
from stillwatch.store.ledger import AuditKey

_ROUTERS = (
    cases.router,
    following.router,
    *interventions.ROUTERS,
    *rules.ROUTERS,
    audit.router,
    *appeals.ROUTERS,
    reading.router,
)
"""Those that change first: where a path could be read in two ways, the longer one is meant."""


@dataclass(frozen=True, slots=True)
class Control:
    """What the routes of the management API find as `app.state.control`."""

    settings: ControlSettings
    places: Places
    links: AppealLinks | None
    """None without an audit key: nobody can appeal by a link."""
    knowledge: Knowledge
    backtests: Backtests
    buckets: Buckets = field(default_factory=lambda: Buckets(clock_s=time.monotonic))


def make_control(
    settings: ControlSettings, *, places: Places, audit_key: AuditKey | None = None
) -> Part:
    """Make the management API and the appeals of a service that has a ledger.

    Nulls:   without the audit key, from which customers' references are made, no link is one.

    Raises:
        SettingError: a setting is outside its bounds.
    """
    settings.check()
    links = None
    if audit_key is not None:
        links = AppealLinks(audit_key, settings=settings, policy=places.policy)
    backtests = Backtests(places, seconds=settings.backtest_s)
    control = Control(settings, places, links, Knowledge(places), backtests)
    router = APIRouter()
    for one in _ROUTERS:
        router.include_router(one)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.control = control
        if links is not None and links.has_address:
            app.state.decider.reword = links.personal
        yield
        await run_in_threadpool(backtests.end)

    return Part(router, lifespan)
