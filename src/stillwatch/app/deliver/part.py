"""The deliverer as a part of the service: a process beside it, that ends with it.

    make_service(…, parts=[…, deliver_part(address)])

The ledger's address travels in the environment: it may hold a password, and command lines are for
everybody to see.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool

from stillwatch.app.service.factory import Part
from stillwatch.app.service.ingestion.children import LEDGER_VARIABLE, Child


def deliver_part(
    ledger: str, *, every_s: float = 1.0, environment: Mapping[str, str] = os.environ
) -> Part:
    """Make the part that brings effects and notices out of a ledger, as `stillwatch deliver` does.

    ledger: its file or `postgresql://…`; settings, secrets and the audit key are those of the
    environment. The process is kept running, and starts anew after a fault.
    """
    command = ["deliver", "--with-parent", "--every", str(every_s)]

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        given = {**environment, LEDGER_VARIABLE: ledger}
        child = Child(command, clock_s=monotonic, environment=given)
        child.start()
        try:
            yield
        finally:
            await run_in_threadpool(child.end)

    return Part(APIRouter(), lifespan)
