"""The parts of the service, and whence its decisions come: the one place that lists them."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Final

from fastapi import Depends, Request

from stillwatch.app.enforce.gateway_source import LedgerSource
from stillwatch.app.enforce.part import EnforcedPlaces, enforcement_part
from stillwatch.app.loops.results_folder import ResultsFolder
from stillwatch.app.service import Part
from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.ingestion import Ingestion, IngestionSettings
from stillwatch.app.service.sources import ResultSource
from stillwatch.app.settings import read_key, utc_now

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.app.commands.serving.places import Places
    from stillwatch.app.service.feed import DecisionSource
    from stillwatch.store.ledger import Ledger

_COMMIT_S: Final = 30.0
"""Seconds between two appends to the lake, or as many as between two looks where those are fewer:
each append is some files, which every look opens."""
_SERIES_BYTES: Final = 8
"""Bytes of a series' name: two starts of a service that share one would be a wonder."""


def make_parts(places: Places) -> list[Part]:
    """Make every part of the service that its places ask for; a new part is one more line here."""
    parts: list[Part] = []
    if places.journal is not None and places.lake is not None:
        parts.append(_ingestion(places, places.journal, places.lake))
    if places.ledger is not None:
        told = EnforcedPlaces(places.ledger, places.results, places.lake, places.policy)
        parts.append(enforcement_part(told))
    return parts


def source_of(places: Places, ledger: Ledger | None) -> DecisionSource:
    """Say whence decisions come: the ledger, the newest of a folder of results, or one result."""
    series = token_hex(_SERIES_BYTES)
    if ledger is not None:
        return LedgerSource(ledger, series=series, clock=utc_now)
    if places.decisions is None and places.results is not None:
        return ResultSource(ResultsFolder(places.results).newest, series=series)
    assert places.decisions is not None  # noqa: S101  `check_places` has seen to it
    return ResultSource(places.decisions, series=series)


def _ingestion(places: Places, journal: Path, lake: Path) -> Part:
    """Make the part that takes exchanges in; who sends them needs the scope `ingest`."""

    async def may_send(request: Request) -> None:
        await authorise(request, "ingest")

    may_send.__annotations__["request"] = Request  # FastAPI reads it, and knows no name of ours
    every = (min(_COMMIT_S, places.look_every_s), places.look_every_s)
    settings = IngestionSettings(journal, lake, places.results, *every)
    ingestion = Ingestion(settings, key=read_key(), dependencies=[Depends(may_send)])
    return Part(ingestion.router, ingestion.lifespan)
