"""A line a request, for who wants one: route, status and milliseconds, and never an account.

The route is its pattern and not the path that was asked for, in which an account could stand.
"""

from __future__ import annotations

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stillwatch.app.service.telemetry import tell


class AccessLog:
    """Tell each request when it has been answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and tell."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = perf_counter(), 0

        async def note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            tell_request(route, method=scope["method"], status=status, begun=begun)


def tell_request(route: str, *, method: str, status: int, begun: float) -> None:
    """Tell one request; `begun` is what `perf_counter` said when it began."""
    took_ms = round((perf_counter() - begun) * 1000, 3)
    tell("request", route=route, method=method, status=status, ms=took_ms)
