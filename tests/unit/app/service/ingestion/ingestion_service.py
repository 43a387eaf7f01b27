"""A small service that includes ingestion, and what is in its lake after a commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl
from fastapi import FastAPI
from starlette.testclient import TestClient

from stillwatch.app.loops.committing import Committer
from stillwatch.app.service.ingestion import Ingestion, IngestionSettings
from stillwatch.app.steps.facts import IngestFacts
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.store.lake import Lake
from stillwatch.store.segments import SegmentFolder

KEY: Final = PseudonymKey.from_bytes(bytes(range(16)))


@dataclass
class Service:
    """A service that a test talks to."""

    settings: IngestionSettings

    @contextmanager
    def running(self, **changes: object) -> Iterator[tuple[TestClient, Ingestion]]:
        """Run it; at the end its segment is finished."""
        settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        ingestion = Ingestion(settings, key=KEY)
        app = FastAPI(lifespan=ingestion.lifespan)
        app.include_router(ingestion.router)
        with TestClient(app, raise_server_exceptions=True) as client:
            yield client, ingestion

    def commit(self) -> IngestFacts:
        """Commit what was acknowledged."""
        folder = SegmentFolder(self.settings.journal)
        done = Committer(folder, self.settings.lake, KEY, Settings()).commit_waiting()
        assert done is not None
        return done.facts

    def rows(self, table: str = "observed") -> pl.DataFrame:
        """Read a table of the lake."""
        return Lake(self.settings.lake).read(table)


def service_at(place: Path) -> Service:
    """Make a service whose folders are here; nothing runs beside it."""
    return Service(IngestionSettings(place / "journal", place / "lake", commits=False))
