"""Enforcement as a part of the service: the round of enforcement, kept running in its own process.

It has no routes. The ledger's address goes through the environment: it may hold a password, and
arguments are there for every user of the machine to read.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool

from stillwatch.app.service import Part
from stillwatch.app.service.ingestion.children import LEDGER_VARIABLE, Child


@dataclass(frozen=True, slots=True)
class EnforcedPlaces:
    """What is enforced, and whence."""

    ledger: str
    results: Path | None
    lake: Path | None
    policy: Path | None


def enforcement_part(places: EnforcedPlaces) -> Part:
    """Make the part of the service that keeps `stillwatch enforce` running beside it."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        environment = {**os.environ, LEDGER_VARIABLE: places.ledger}
        child = Child(_command(places), clock_s=monotonic, environment=environment)
        child.start()
        try:
            yield
        finally:
            await run_in_threadpool(child.end)

    return Part(APIRouter(), lifespan)


def _command(places: EnforcedPlaces) -> list[str]:
    command = ["enforce", "--with-parent"]
    named = (("--results", places.results), ("--lake", places.lake), ("--policy", places.policy))
    for option, path in named:
        if path is not None:
            command += [option, str(path)]
    return command
