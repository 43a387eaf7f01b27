"""What holds for every request before a route is looked for, and for every answer after.

Sizes of bodies, names of hosts, and headers that tell a browser to trust nothing but our own pages.
The two paths on which a gateway's requests wait get one header: what else stands in their answers a
gateway may hand on to a customer's browser, which those headers are not meant for. It is plain
ASGI, since each layer that makes a task or a request of its own costs them more than the lookup.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stillwatch.app.service.access.settings import AccessSettings
from stillwatch.app.service.problems import RefusedError, problem
from stillwatch.domain.service_limits import MACHINE_BODY_BYTES_MAX, PAGE_BODY_BYTES_MAX

Pairs = list[tuple[bytes, bytes]]
_HOT: Final = frozenset({"/v1/decisions", "/v1/authz", "/authz"})
_HOT_BELOW: Final = ("/v1/authz/", "/authz/")
_MACHINES: Final = ("/ingest/", "/beta/")
_MACHINES_EXACTLY: Final = frozenset({"/v1/traces", "/v1/logs", "/v1/usage"})
"""Routes of programs: they read their bodies within bounds of their own."""
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)
_NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
HOT_HEADERS: Final = (_NOSNIFF,)
"""What the two paths get beside what their answers have themselves."""
_HEADERS: Final = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    _NOSNIFF,
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"x-frame-options", b"DENY"),
    (b"cache-control", b"no-store"),
)
_STRICT: Final = (b"strict-transport-security", b"max-age=31536000")


class Guard:
    """Refuse what is too large or meant for another host, and put headers on the rest."""

    def __init__(self, app: ASGIApp, *, settings: AccessSettings) -> None:
        self._app = app
        self._hosts = settings.hosts
        self._is_tls = settings.origin.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path in _HOT or path.startswith(_HOT_BELOW):
            await self._app(scope, receive, _adding_one(send))
            return
        send = _adding(self._headers(scope), send)
        if refusal := self._refuse(Headers(scope=scope), path):
            await problem(*refusal)(scope, receive, send)
            return
        await self._app(scope, _bounded(receive, _bound_of(path)), send)

    def _headers(self, scope: Scope) -> Pairs:
        is_tls = self._is_tls or scope["scheme"] == "https"
        return [*_HEADERS, _STRICT] if is_tls else [*_HEADERS]

    def _refuse(self, headers: Headers, path: str) -> tuple[int, str] | None:
        if self._hosts and _host_in(headers) not in self._hosts:
            return 421, "This service does not go by that name."
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > (bound := _bound_of(path)):
            return 413, _too_large(bound)
        return None


def _bound_of(path: str) -> int:
    is_machine = path in _MACHINES_EXACTLY or path.startswith(_MACHINES)
    return MACHINE_BODY_BYTES_MAX if is_machine else PAGE_BODY_BYTES_MAX


def _too_large(bound: int) -> str:
    return f"A body may have {bound:,} bytes."


def _host_in(headers: Headers) -> str:
    host = headers.get("host", "").lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _adding_one(send: Send) -> Send:
    """Add the one header that every answer has, as cheaply as it can be."""

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *HOT_HEADERS]
        await send(message)

    return add


def _adding(pairs: Pairs, send: Send) -> Send:
    """Add headers to an answer, but for those that it has itself."""

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            own: list[Any] = list(message.get("headers", ()))
            names = {name for name, _ in own}
            message["headers"] = own + [pair for pair in pairs if pair[0] not in names]
        await send(message)

    return add


def _bounded(receive: Receive, bound: int) -> Receive:
    """Count a body as it comes; one that says no length is cut off where it is too large."""
    size = 0

    async def count() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > bound:
            raise RefusedError(413, _too_large(bound))
        return message

    return count
