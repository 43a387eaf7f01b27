"""What the service is made of, and whence its decisions come: the one place that lists it.

Without a ledger: decisions, maybe what takes exchanges in, and the console to look. With one people
and programs come in by its users and keys, what they decide is put in force and delivered, and
customers appeal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final

import typer
from fastapi import Depends, Request

from stillwatch.app.commands.audit import read_audit_key
from stillwatch.app.console import make_console
from stillwatch.app.console.desk.keeping.entering import SIGN_IN
from stillwatch.app.deliver.part import deliver_part
from stillwatch.app.deliver.settings import read_deliver_settings
from stillwatch.app.enforce.gateway_source import LedgerSource
from stillwatch.app.enforce.part import EnforcedPlaces, enforcement_part
from stillwatch.app.enforce.settings import read_enforce_settings
from stillwatch.app.loops.results_folder import ResultsFolder
from stillwatch.app.service import Part
from stillwatch.app.service.access.keys import EverybodyMay, KeyRing, authorise
from stillwatch.app.service.access.settings import AccessSettings
from stillwatch.app.service.access.wiring import guard_app, make_access
from stillwatch.app.service.control import ControlSettings, make_control
from stillwatch.app.service.control import Places as ControlPlaces
from stillwatch.app.service.ingestion import Ingestion, IngestionSettings
from stillwatch.app.service.serve import Served
from stillwatch.app.service.sources import ResultSource
from stillwatch.app.settings import read_key, read_section, read_settings, utc_now

if TYPE_CHECKING:
    from stillwatch.app.commands.serving.places import Places
    from stillwatch.app.service.feed import DecisionSource
    from stillwatch.store.ledger import Ledger

_COMMIT_S: Final = 30.0
"""Seconds between two appends to the lake, or as many as between two looks where those are fewer:
each append is some files, which every look opens."""
_SERIES_BYTES: Final = 8
"""Bytes of a series' name: two starts of a service that share one would be a wonder."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How people and programs reach the service."""

    keys: KeyRing | None
    """The keys of a file; None = there is none."""
    url: str


def serve_result(places: Places, ways: Ways) -> Served:
    """Put together what a service without a ledger serves; a new part is one more line here."""
    parts = [] if places.journal is None else [_ingestion(places)]
    parts.append(make_console(_newest_of(places)))
    access = read_section("access", AccessSettings())
    access.check()
    keys = ways.keys or EverybodyMay()
    return Served(keys, parts, prepare=lambda app: guard_app(app, access))


def serve_ledger(places: Places, ledger: Ledger, ways: Ways) -> Served:
    """Put together what a service with a ledger serves; a new part is one more line here.

    Nobody is let in without a key or a session: the ledger says under whose name each change was
    made. Where it knows no administrator yet, a terminal gets a code that makes one.
    """
    assert places.ledger is not None  # noqa: S101  it has been opened
    access = make_access(ledger, read_section("access", AccessSettings()), beside=ways.keys)
    told = EnforcedPlaces(places.ledger, places.results, places.lake, places.policy)
    parts = [
        Part(access.router, access.lifespan),
        make_control(
            read_section("control", ControlSettings()),
            places=_control_places(places),
            audit_key=read_audit_key(),
        ),
        enforcement_part(told),
        make_console(_newest_of(places), sign_in=SIGN_IN),
    ]
    if places.journal is not None:
        parts.append(_ingestion(places))
    if read_deliver_settings().is_in_use:
        parts.append(deliver_part(places.ledger))
    if sys.stderr.isatty():
        access.tell_first_code(_show, url=ways.url)
    return Served(access.keys, parts, ledger=ledger, prepare=access.guard)


def source_of(places: Places, ledger: Ledger | None) -> DecisionSource:
    """Say whence decisions come: the ledger, the newest of a folder of results, or one result."""
    series = token_hex(_SERIES_BYTES)
    if ledger is not None:
        return LedgerSource(ledger, series=series, clock=utc_now)
    return ResultSource(_newest_of(places), series=series)


def _show(code: str) -> None:
    typer.echo(code, err=True)


def _newest_of(places: Places) -> Callable[[], Path | None]:
    if places.decisions is None and places.results is not None:
        return ResultsFolder(places.results).newest
    return lambda: places.decisions


def _control_places(places: Places) -> ControlPlaces:
    enforce = read_enforce_settings()
    return ControlPlaces(
        newest=_newest_of(places),
        results=places.results,
        lake=places.lake,
        channels=enforce.channel_names(),
        policy_name=enforce.policy_name,
        policy=read_settings().policy,
    )


def _ingestion(places: Places) -> Part:
    """Make the part that takes exchanges in; who sends them needs the scope `ingest`."""
    assert places.journal is not None  # noqa: S101  `check_places` has seen to both
    assert places.lake is not None  # noqa: S101  likewise

    async def may_send(request: Request) -> None:
        await authorise(request, "ingest")

    may_send.__annotations__["request"] = Request  # FastAPI reads it, and knows no name of ours
    every = (min(_COMMIT_S, places.look_every_s), places.look_every_s)
    settings = IngestionSettings(
        places.journal, places.lake, places.results, *every, ledger=places.ledger
    )
    ingestion = Ingestion(settings, key=read_key(), dependencies=[Depends(may_send)])
    return Part(ingestion.router, ingestion.lifespan)
