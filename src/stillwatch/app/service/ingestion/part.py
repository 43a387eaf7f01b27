"""Ingestion as a part of the service: what it includes, and what runs while it runs.

The journal is open from the start of the service to its end. The committer and the detector are
processes of their own; new results are told to whoever has asked, from a thread of this process.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.params import Depends

from stillwatch.app.loops.results_folder import ResultsFolder
from stillwatch.app.service.ingestion.answering import Answering
from stillwatch.app.service.ingestion.bodies import Budget
from stillwatch.app.service.ingestion.children import LEDGER_VARIABLE, Child
from stillwatch.app.service.ingestion.dialects import dialect_router
from stillwatch.app.service.ingestion.intake import Intake
from stillwatch.app.service.ingestion.otlp import otlp_router
from stillwatch.app.service.ingestion.refusals import RefusedError
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.store.segments import Journal, JournalBounds, SegmentFolder
from stillwatch.store.segments.bounds import DEFAULT_BOUNDS

OnResult = Callable[[Path], None]
"""Is told of each new result; on a thread of its own, not the service's."""
_LOOK_S: Final = 1.0
"""Seconds between two looks for a new result."""


@dataclass(frozen=True, slots=True)
class IngestionSettings:
    """Where things are, and how often the loops go round."""

    journal: Path
    lake: Path
    results: Path | None = None
    """Folder of results; None = nobody looks at the lake from here."""
    commit_every_s: float = 30.0
    look_every_s: float = 300.0
    window_days: int | None = 14
    account_field: str | None = None
    commits: bool = True
    """Whether the committer is started beside the service; else `stillwatch commit` runs apart."""
    bounds: JournalBounds = DEFAULT_BOUNDS
    ledger: str | None = None
    """Whose policy, permissions and answers looks are taken under; None = none."""
    policy: Path | None = None
    """Policy of looks, until a version of the ledger's is active; None = the shipped one."""
    memory_bytes: int | None = None
    """Bytes of bodies in memory; None = service_limits.INGEST_MEMORY_BYTES_MAX."""


class Ingestion:
    """A router and a lifespan, for the service to include."""

    def __init__(
        self,
        settings: IngestionSettings,
        *,
        key: PseudonymKey,
        on_result: OnResult | None = None,
        dependencies: Sequence[Depends] = (),
    ) -> None:
        self.settings = settings
        self._key = key
        self._on_result = on_result
        self.intake: Intake | None = None
        """Open while the service runs; its counts are for metrics."""
        self.children: list[Child] = []
        self.router = APIRouter()
        self.router.include_router(dialect_router(self._open, dependencies=dependencies))
        self.router.include_router(
            otlp_router(self._open, account_field=settings.account_field, dependencies=dependencies)
        )

    @property
    def is_ready(self) -> bool:
        """Whether a body could be acknowledged now."""
        return self.intake is not None and self.intake.journal.is_writing

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """Open the journal and start the loops; end both in the other order.

        Raises:
            SegmentError: the journal can't be used.
        """
        settings = self.settings
        journal = Journal(
            SegmentFolder(settings.journal),
            secret=self._key.to_bytes(),
            clock_s=monotonic,
            bounds=settings.bounds,
        )
        budget = Budget() if settings.memory_bytes is None else Budget(settings.memory_bytes)
        self.intake = Intake(journal, budget=budget)
        ending = Event()
        told = _environment(settings)
        answering: Answering | None = getattr(app.state, "answering", None)
        self.children = [
            Child(one, clock_s=monotonic, environment=told, answering=answering)
            for one in _commands(settings)
        ]
        for child in self.children:
            child.start()
        self._follow_results(ending)
        try:
            yield
        finally:
            self.intake = None
            ending.set()
            await asyncio.to_thread(journal.close)
            for child in self.children:
                await asyncio.to_thread(child.end)

    def _open(self) -> Intake:
        if self.intake is None:
            raise RefusedError(503, "The service is starting or ending.", retry_after_s=1)
        return self.intake

    def _follow_results(self, ending: Event) -> None:
        results, told = self.settings.results, self._on_result
        if results is None or told is None:
            return

        def follow() -> None:
            folder = ResultsFolder(results)
            last: Path | None = None
            while True:
                newest = folder.newest()
                if newest is not None and newest != last:
                    last = newest
                    told(newest)
                if ending.wait(_LOOK_S):
                    return

        Thread(target=follow, name="results", daemon=True).start()


def _environment(settings: IngestionSettings) -> dict[str, str]:
    """Give what the commands find around them: the ledger, whose address may hold a password.

    Nulls:   without a ledger they are told of none, whatever this process was told.
    """
    given = {name: value for name, value in os.environ.items() if name != LEDGER_VARIABLE}
    return given if settings.ledger is None else {**given, LEDGER_VARIABLE: settings.ledger}


def _commands(settings: IngestionSettings) -> list[list[str]]:
    """Give the commands that run beside the service."""
    commands: list[list[str]] = []
    if settings.commits:
        commit = ["commit", str(settings.journal), "--lake", str(settings.lake), "--with-parent"]
        commit += ["--every", str(settings.commit_every_s)]
        if settings.account_field is not None:
            commit += ["--account-field", settings.account_field]
        commands.append(commit)
    if settings.results is not None:
        watch = ["watch", str(settings.lake), "--out", str(settings.results), "--with-parent"]
        watch += ["--every", str(settings.look_every_s)]
        if settings.window_days is not None:
            watch += ["--window-days", str(settings.window_days)]
        if settings.policy is not None:
            watch += ["--policy", str(settings.policy)]
        commands.append(watch)
    return commands
