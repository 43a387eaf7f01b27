"""Putting access together: from a ledger and settings to keys, a part of the service, and a guard.

    access = make_access(ledger, read_section("access", AccessSettings()), beside=file_keys)
    part = Part(access.router, access.lifespan)
    app = make_service(decider, keys=access.keys, ledger=ledger, parts=(part, …))
    access.guard(app)
    access.tell_first_code(show_on_the_terminal, url="http://127.0.0.1:8787")

A service without a ledger calls `guard_app` alone.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from fastapi import APIRouter, FastAPI

from stillwatch.app.service.access.admitted import LedgerKeys
from stillwatch.app.service.access.door import Chance, LedgerDoor
from stillwatch.app.service.access.first import CODE_S
from stillwatch.app.service.access.guard import HOT_HEADERS, Guard
from stillwatch.app.service.access.keys import KeyRing
from stillwatch.app.service.access.oidc.flow import OidcClient
from stillwatch.app.service.access.oidc.roles import read_role_map
from stillwatch.app.service.access.routes import ROUTERS
from stillwatch.app.service.access.settings import AccessSettings
from stillwatch.app.service.telemetry import tell
from stillwatch.store.ledger import Ledger

_LOOK_S: Final = 0.5
"""Seconds between two looks at the ledger: a quarter of what a revocation may take."""
_JOIN_S: Final = 10.0
_SECRET_BYTES: Final = 32
_FIRST: Final = """
Nobody administers this ledger yet. Within {minutes:.0f} minutes, whoever has this code becomes its
administrator, once:

    {code}

    curl -H 'content-type: application/json' -d '{{"code":"{code}","user_id":"YOUR-NAME"}}' \\
        {url}/v1/session/first
"""


@dataclass(frozen=True, slots=True)
class Access:
    """What a service with a ledger needs."""

    keys: LedgerKeys
    door: LedgerDoor
    router: APIRouter
    oidc: OidcClient | None

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """Be `app.state.access`, and follow the ledger, while the service runs."""
        app.state.access, app.state.oidc = self.door, self.oidc
        over = threading.Event()
        follower = threading.Thread(target=_follow, args=(self.keys, over), daemon=True)
        follower.start()
        try:
            yield
        finally:
            over.set()
            follower.join(_JOIN_S)

    def guard(self, app: FastAPI) -> None:
        """Put the guard before everything else of an application."""
        guard_app(app, self.door.settings)

    def tell_first_code(self, show: Callable[[str], object], *, url: str) -> bool:
        """Show the code for the first administrator where there is none; say whether it was.

        `show` is for a terminal: where the standard error is a log, `stillwatch invite --first` is
        the way.
        """
        if self.keys.has_admin:
            return False
        show(_FIRST.format(code=self.door.first.draw(), minutes=CODE_S / 60, url=url))
        return True


def make_access(
    ledger: Ledger,
    settings: AccessSettings,
    *,
    beside: KeyRing | None = None,
    clock: Callable[[], float] = time.time,
) -> Access:
    """Make what lets people and programs into a service with a ledger; it reads the ledger once.

    `beside` are the keys of a file, which go on to hold.

    Raises:
        LedgerError: the ledger can't be read.
        SettingError: a setting would leave a door open.
    """
    settings.check()
    settings = replace(settings, oidc_client_secret=settings.read_client_secret())
    keys = LedgerKeys(ledger, clock=clock, beside=beside)
    keys.refresh()
    chance = Chance(clock, lambda: secrets.token_urlsafe(_SECRET_BYTES), secrets.choice)
    door = LedgerDoor(ledger, keys, settings, chance)
    router = APIRouter()
    for one in ROUTERS:
        router.include_router(one)
    return Access(keys, door, router, _make_oidc(settings, chance))


def guard_app(app: FastAPI, settings: AccessSettings) -> None:
    """Put the guard before everything else of an application."""
    app.add_middleware(Guard, settings=settings)
    app.state.hot_headers = HOT_HEADERS


def _make_oidc(settings: AccessSettings, chance: Chance) -> OidcClient | None:
    read_role_map(settings.oidc_roles)
    if not settings.has_oidc:
        return None
    return OidcClient(settings, clock=chance.clock, draw=chance.draw)


def _follow(keys: LedgerKeys, over: threading.Event) -> None:
    """Look at the ledger until the end; one that can't be read is tried again."""
    while not over.wait(_LOOK_S):
        try:
            keys.refresh()
        except Exception as fault:  # noqa: BLE001  whatever it is, the next look may succeed
            tell("access.unread", fault=type(fault).__name__)
