"""Sessions of people: a cookie that only our own pages send, and a row that the ledger can end.

The cookie is 256 random bits and says nothing; whose it is stands in the ledger as its hash. It is
drawn anew at every sign-in, so that none that somebody planted becomes anybody's. When a session
was last used is known to this process alone: a write for each page would stop other writers, and a
restart counts as a use. Its end is in the ledger, and no restart moves it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from fastapi import Request, Response

from stillwatch.app.service.access.admitted import LedgerKeys, OpenSession
from stillwatch.app.service.access.keys import hash_key
from stillwatch.app.service.access.settings import LOOPBACK, AccessSettings
from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.service_limits import ACCESS_ROWS_MAX
from stillwatch.store.ledger.nouns.people import NewSession

COOKIE: Final = "__Host-stillwatch"
"""Browsers take a cookie of that name over TLS alone, for all paths and no other host."""
PLAIN_COOKIE: Final = "stillwatch"
"""For this machine alone, without TLS."""
_TOKEN_CHARS_MAX: Final = 128


class Sessions:
    """The open sessions, and when each was used last."""

    def __init__(
        self,
        admitted: LedgerKeys,
        *,
        settings: AccessSettings,
        clock: Callable[[], float],
        draw: Callable[[], str],
    ) -> None:
        self._admitted = admitted
        self._settings = settings
        self._clock = clock
        self._draw = draw
        self._started_at_s = clock()
        self._used_at_s: dict[str, float] = {}

    def make(self, user_id: str, *, scopes: frozenset[str]) -> tuple[NewSession, str]:
        """Draw a session, for the ledger, and the secret of its cookie, for the browser."""
        secret, now_s = self._draw(), self._clock()
        ends_at = datetime.fromtimestamp(now_s, UTC) + timedelta(seconds=self._settings.session_s)
        session = NewSession(
            session_id=f"s-{self._draw()}",
            token_hash=hash_key(secret),
            user_id=user_id,
            scopes=tuple(sorted(scopes)),
            ends_at=ends_at,
        )
        return session, secret

    def find(self, request: Request) -> OpenSession | None:
        """Give the session of a request's cookie, and count it as used.

        Nulls:   None where there is no cookie, or its session is unknown, over or idle.
        """
        secret = self.secret_of(request)
        found = self._admitted.find_session(secret) if secret else None
        if found is None or self._is_idle(found):
            return None
        self._used_at_s[found.session_id] = self._clock()
        if len(self._used_at_s) > ACCESS_ROWS_MAX:
            going_on = self._admitted.session_ids
            self._used_at_s = {k: v for k, v in self._used_at_s.items() if k in going_on}
        return found

    def is_secure(self, request: Request) -> bool:
        """Say whether browsers reach the service over TLS."""
        origin = self._settings.origin
        return origin.startswith("https://") if origin else request.url.scheme == "https"

    def secret_of(self, request: Request) -> str:
        """Give what a request's cookie says; empty where there is none."""
        said = request.cookies.get(COOKIE if self.is_secure(request) else PLAIN_COOKIE, "")
        return said if len(said) <= _TOKEN_CHARS_MAX else ""

    def require_privacy(self, request: Request) -> None:
        """Begin no session whose cookie would travel in the clear.

        Raises:
            RefusedError: the request came without TLS, and not from this machine (400).
        """
        if not self.is_secure(request) and request.url.hostname not in LOOPBACK:
            raise RefusedError(400, "Signing in needs HTTPS, or this machine alone.")

    def hand_over(self, response: Response, request: Request, *, secret: str) -> None:
        """Give the browser its cookie; an empty secret takes it away."""
        is_secure = self.is_secure(request)
        response.set_cookie(
            COOKIE if is_secure else PLAIN_COOKIE,
            secret,
            max_age=int(self._settings.session_s) if secret else 0,
            path="/",
            secure=is_secure,
            httponly=True,
            samesite="lax",
        )

    def _is_idle(self, session: OpenSession) -> bool:
        unknown = max(session.began_at_s, self._started_at_s)
        since_s = self._used_at_s.get(session.session_id, unknown)
        return self._clock() - since_s > self._settings.session_idle_s
