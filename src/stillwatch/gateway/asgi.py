"""An ASGI middleware: each request meets the decision on its account before the application does.

Refusals are answered here, with a status and a problem+json body; what goes on carries headers that
say what the application should leave out (`x-stillwatch-measures`). Such headers of a caller's own
are taken away first: nobody may tell the application what was decided. The body of a request is
never read, and nothing is said to a caller whose request goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from stillwatch.gateway.answers import HEADER_PREFIX, Answer, unchecked
from stillwatch.gateway.decision import Fallback

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
_POLICY_VIOLATION: Final = 1008
"""Close code of a WebSocket that is refused (RFC 6455, 7.4.1)."""
_PREFIX: Final = HEADER_PREFIX.encode()


class Judging(Protocol):
    """What a middleware needs of a client."""

    def judge(
        self, account_id: str, *, api_key_id: str | None = None, output_tokens: int = 0
    ) -> Answer:
        """Say whether a request goes on."""
        ...


@dataclass(frozen=True, slots=True)
class MiddlewareSettings:
    """Whom a request belongs to, and what happens where that can't be said."""

    account: str | Callable[[Scope], str | None] = "x-account-id"
    """A header that your authentication sets, or a function of the ASGI scope."""
    api_key: str | Callable[[Scope], str | None] = "x-api-key-id"
    on_missing: Fallback = "allow"
    """A request without an account: health checks have none, and neither has a forgotten rule."""
    dry_run: bool = False
    """Let everything pass; `on_answer` hears what would have been."""
    on_answer: Callable[[Answer], None] | None = None
    """Is told every answer, for metrics; it must not wait."""


class DecisionMiddleware:
    """Meet each request with the decision on its account."""

    def __init__(
        self, app: App, client: Judging, *, settings: MiddlewareSettings | None = None
    ) -> None:
        self._app = app
        self._client = client
        self._settings = settings or MiddlewareSettings()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal, or pass on."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        answer = self._judge(scope)
        if self._settings.on_answer is not None:
            self._settings.on_answer(answer)
        if answer.goes_on or self._settings.dry_run:
            said = [] if self._settings.dry_run else answer.headers()
            await self._app({**scope, "headers": _with(scope["headers"], said)}, receive, send)
        elif scope["type"] == "websocket":
            reason = answer.decision.decision_id
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": reason})
        else:
            await _refuse(answer, send)

    def _judge(self, scope: Scope) -> Answer:
        account_id = _find(self._settings.account, scope)
        if not account_id:
            return unchecked("", self._settings.on_missing, is_stale=False)
        return self._client.judge(account_id, api_key_id=_find(self._settings.api_key, scope))


async def _refuse(answer: Answer, send: Send) -> None:
    body = answer.body()
    said = [
        *answer.headers(),
        ("content-type", "application/problem+json"),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
    ]
    headers = [(name.encode(), value.encode()) for name, value in said]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _find(where: str | Callable[[Scope], str | None], scope: Scope) -> str | None:
    if not isinstance(where, str):
        return where(scope)
    wanted = where.lower().encode()
    found = [value for name, value in scope["headers"] if name.lower() == wanted]
    return read_header(found[0]) if len(found) == 1 else None


def read_header(value: bytes) -> str:
    """Read an id out of a header: UTF-8, as gateways pass it on, else Latin-1, as HTTP has it."""
    try:
        return value.decode().strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()


def _with(
    headers: Iterable[tuple[bytes, bytes]], said: list[tuple[str, str]]
) -> list[tuple[bytes, bytes]]:
    own = [(name, value) for name, value in headers if not name.lower().startswith(_PREFIX)]
    ours = [
        (name.encode(), value.encode()) for name, value in said if name.startswith(HEADER_PREFIX)
    ]
    return [*own, *ours]
