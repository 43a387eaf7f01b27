"""The service as one application: routes, who may ask, and what runs beside them.

Other parts of the service bring a router and a piece of lifespan each, and are let in here; they
meet decisions in nothing but `app.state`. No page of documentation is served, since its scripts
would come from elsewhere: the schema is at `/v1/openapi.json`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, FastAPI

from stillwatch import __version__
from stillwatch.app.service.access.keys import KeyRing
from stillwatch.app.service.access_log import AccessLog
from stillwatch.app.service.decider import Decider
from stillwatch.app.service.ingestion.answering import Answering
from stillwatch.app.service.problems import add_problems
from stillwatch.app.service.routes import ROUTERS
from stillwatch.app.service.routes.delivery_figures import DeliveryFigures
from stillwatch.app.service.telemetry import tell
from stillwatch.store.ledger import Ledger

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Part:
    """Another part of the service: its routes, and what it does while the service runs."""

    router: APIRouter
    lifespan: Lifespan | None = None


def make_service(
    decider: Decider, *, keys: KeyRing, ledger: Ledger | None = None, parts: Sequence[Part] = ()
) -> FastAPI:
    """Put the service together; it follows its source from its start to its end.

    `ledger` is what the parts find as `app.state.ledger`; None serves a finished result alone.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(_following(decider))
            for part in parts:
                if part.lifespan is not None:
                    await stack.enter_async_context(part.lifespan(app))
            tell("service.started", version=__version__)
            yield
        tell("service.ended")

    app = FastAPI(
        title="Stillwatch",
        version=__version__,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.decider = decider
    app.state.keys = keys
    app.state.ledger = ledger
    app.state.hot_headers = ()
    app.state.answering = Answering()
    app.state.delivery_figures = None if ledger is None else _figures(ledger, decider)
    add_problems(app)
    if decider.settings.access_log:
        app.add_middleware(AccessLog)
    for router in (*ROUTERS, *(part.router for part in parts)):
        app.include_router(router)
    return app


def _figures(ledger: Ledger, decider: Decider) -> DeliveryFigures:
    return DeliveryFigures(
        ledger,
        decider.metrics.registry,
        steady_s=time.monotonic,
        now=lambda: datetime.fromtimestamp(decider.clock(), UTC),
    )


@asynccontextmanager
async def _following(decider: Decider) -> AsyncIterator[None]:
    await decider.feed.refresh()
    task = asyncio.create_task(decider.feed.follow())
    try:
        yield
    finally:
        decider.feed.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
