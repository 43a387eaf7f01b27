"""The door of a console that stands open on one machine: one person, one browser, one result.

The first address holds a token that nobody can guess; it is changed into a cookie at once, so that
it stands in no history and in no header. Every other question needs the cookie, and a host name
that means this machine, so that a page of somebody else's can't ask through a name of its own.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from time import monotonic
from typing import Final
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from stillwatch.app.console.frame.headers import PAGE_HEADERS
from stillwatch.app.console.frame.page import ROOT
from stillwatch.app.service.access.keys import Principal

ENTER: Final = f"{ROOT}/enter"
COOKIE: Final = "stillwatch_open"
_HOSTS: Final = frozenset({"127.0.0.1", "localhost"})
_CLOSED: Final = (
    b"This console belongs to whoever started it. Open the address that `stillwatch open` printed."
)
Clock = Callable[[], float]


class ReadOnly:
    """The ring of keys of an open console: whoever came through the gate may read."""

    def __init__(self, name: str) -> None:
        self._reader = Principal(name, frozenset({"read"}))

    def find(self, key: str) -> Principal:
        """Give the one reader."""
        del key
        return self._reader


class Gate:
    """Lets in whoever has the token, and notes when somebody was last here."""

    def __init__(self, app: ASGIApp, *, token: str, clock: Clock = monotonic) -> None:
        self._app = app
        self._token = token
        self._clock = clock
        self._last_seen = clock()

    def is_idle(self, seconds: float) -> bool:
        """Say whether nobody has asked for that long."""
        return self._clock() - self._last_seen > seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the question through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        if headers.get("host", "").partition(":")[0] not in _HOSTS:
            await _answer(send, 421, {}, _CLOSED)
        elif scope["path"] == ENTER:
            await self._enter(scope, send)
        elif not self._knows(_cookie(headers.get("cookie", ""))):
            await _answer(send, 401, {}, _CLOSED)
        else:
            self._last_seen = self._clock()
            await self._app(scope, receive, send)

    async def _enter(self, scope: Scope, send: Send) -> None:
        told = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if not self._knows(told):
            await _answer(send, 401, {}, _CLOSED)
            return
        self._last_seen = self._clock()
        cookie = f"{COOKIE}={self._token}; Path=/; HttpOnly; SameSite=Strict"
        await _answer(send, 303, {"location": ROOT, "set-cookie": cookie}, b"")

    def _knows(self, told: str) -> bool:
        return hmac.compare_digest(told.encode("utf-8", "replace"), self._token.encode())


def _cookie(header: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


async def _answer(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    told = {"content-type": "text/plain; charset=utf-8", **PAGE_HEADERS, **headers}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
