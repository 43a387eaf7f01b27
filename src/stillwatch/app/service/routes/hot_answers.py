"""What is answered at once, to whom, and with which headers beside.

The routes' own functions answer, and who asks is found as the routes find it; only what is answered
well is answered here. The connection that asks for it is in `hot_path.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from fastapi import Response
from starlette.datastructures import Headers

from stillwatch.app.service.access.scopes import KeyRing, find_gateway, key_in
from stillwatch.app.service.decider import Decider
from stillwatch.app.service.routes.authz import METHODS, answer_authz
from stillwatch.app.service.routes.decisions import answer_decisions

Pairs = list[tuple[bytes, bytes]]
Beside = tuple[tuple[bytes, bytes], ...]
Reply = Callable[[Decider, Headers, bytes], Response]
_SCOPE: Final = "decide"
_DECISIONS: Final = (b"POST", b"/v1/decisions")
_AUTHZ: Final = re.compile(
    rb"(?:/v1)?/authz(?:/[A-Za-z0-9._~:/-]*)?(?:\?refuse_with=(?P<refuse_with>401|403))?"
)
"""Plain paths alone: what has to be decoded first the application decodes."""
_AUTHZ_METHODS: Final = frozenset(name.encode() for name in METHODS) - {b"HEAD"}
"""An answer to HEAD has no body, but says how long it would be."""
_UNFIT: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""What no header may hold: the application has to say that it is a fault."""


class HotPath:
    """What is answered at once, to whom, and with which headers beside its own."""

    def __init__(self, decider: Decider, keys: KeyRing, *, beside: Beside) -> None:
        self._decider = decider
        self.is_told = decider.settings.access_log
        """Whether each request is told."""
        self._keys = keys
        self._beside = beside

    @staticmethod
    def find(method: bytes, url: bytes) -> Reply | None:
        """Give what answers a request; None where the application does."""
        if (method, url) == _DECISIONS:
            return _reply_decisions
        found = _AUTHZ.fullmatch(url) if method in _AUTHZ_METHODS else None
        return None if found is None else _AUTHZ_REPLIES[found["refuse_with"]]

    @staticmethod
    def route_of(url: bytes) -> str:
        """Name the route of a hot request, as the application has it: never what stands below."""
        path, _, below = url.partition(b"?")[0].decode().partition("authz")
        return (
            path if path == "/v1/decisions" else f"{path}authz" + ("/{rest:path}" if below else "")
        )

    def answer(self, reply: Reply, headers: Pairs, body: bytes) -> tuple[int, bytes, bytes] | None:
        """Give status, head and body of an answer; None where the application has to answer.

        Cost:    constant for one account; it waits for nothing.
        """
        try:
            if find_gateway(self._keys, key_in(headers), _SCOPE) is None:
                return None
            found = reply(self._decider, Headers(raw=headers), body)
        except Exception:  # noqa: BLE001  the application meets it again, and words it
            return None
        head = b""
        for name, value in (*found.raw_headers, *self._beside):
            if _UNFIT.search(value):
                return None
            head += name + b": " + value + b"\r\n"
        return found.status_code, head, bytes(found.body)


def _reply_decisions(decider: Decider, headers: Headers, body: bytes) -> Response:
    del headers
    return answer_decisions(decider, body)


def _reply_authz(refuse_with: str | None) -> Reply:
    def reply(decider: Decider, headers: Headers, body: bytes) -> Response:
        del body
        return answer_authz(decider, headers, refuse_with=refuse_with)

    return reply


_AUTHZ_REPLIES: Final = {
    None: _reply_authz(None),
    b"401": _reply_authz("401"),
    b"403": _reply_authz("403"),
}
