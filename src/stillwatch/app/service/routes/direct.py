"""The two paths that requests wait on, answered before the router is asked.

Half of what a question costs is finding its route and its parameters among those of the whole
service. These two have none: their functions are called as they stand, with the same problems for
the same faults, and the router still has them for every other method and for the schema.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from stillwatch.app.service.problems import RefusedError, problem
from stillwatch.app.service.routes.authz import authorise_request
from stillwatch.app.service.routes.decisions import ask_decisions
from stillwatch.app.service.telemetry import tell

_DIRECT: Final[dict[tuple[str, str], Callable[[Request], Awaitable[Response]]]] = {
    ("POST", "/v1/decisions"): ask_decisions,
    ("GET", "/v1/authz"): authorise_request,
    ("GET", "/authz"): authorise_request,
}


class DirectPaths:
    """Answer the paths that requests wait on, and pass on the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http" or scope["query_string"]:
            await self._app(scope, receive, send)
            return
        answer = _DIRECT.get((scope["method"], scope["path"]))
        if answer is None:
            await self._app(scope, receive, send)
            return
        response = await _answer(answer, Request(scope, receive))
        await response(scope, receive, send)


async def _answer(answer: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    try:
        return await answer(request)
    except RefusedError as refused:
        return problem(refused.status, refused.detail, headers=refused.headers, **refused.said)
    except Exception as fault:  # noqa: BLE001  as the router does with a fault
        tell("request.failed", route=request.url.path, fault=type(fault).__name__)
        return problem(500, "This is a fault of the service.")
