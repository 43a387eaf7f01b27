"""Against requests that another site makes with a person's cookie.

A browser sends the cookie wherever a request comes from; so what changes something must also carry
a token that another site can't read, and the browser itself must say that the request comes from
our own pages. The token hangs on the session's secret: it needs no state, ends with the session,
and tells nothing of the secret. A request with a key carries nothing that a browser adds.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qs, urlsplit

from fastapi import Request

from stillwatch.app.service.access.settings import LOOPBACK
from stillwatch.app.service.problems import RefusedError

CSRF_HEADER: Final = "x-stillwatch-csrf"
CSRF_FIELD: Final = "csrf_token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PURPOSE: Final = b"stillwatch: this request comes from our own page"
_FORM: Final = "application/x-www-form-urlencoded"
_FORGED: Final = "This request does not come from a page of this service."
_FIELDS_MAX: Final = 25_000
"""Fields of a form: a selection of 20,000 accounts."""


def token_of(secret: str) -> str:
    """Give the token that belongs to a session's secret."""
    mac = hmac.digest(secret.encode("utf-8", "replace"), _PURPOSE, sha256)
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


async def require_token(request: Request, *, secret: str) -> None:
    """Let a request on that carries the token, in its header or its form.

    Raises:
        RefusedError: it carries none, or another session's (403).
    """
    said = request.headers.get(CSRF_HEADER) or await _token_in_form(request)
    if not hmac.compare_digest(said.encode(), token_of(secret).encode()):
        raise RefusedError(403, _FORGED)


def require_own_page(request: Request, *, origin: str, is_proof_needed: bool) -> None:
    """Let a request on of which the browser says that it comes from our own pages.

    `origin` is where browsers find the service, empty = as they address it. Without
    `is_proof_needed` a request passes that says nothing: browsers always do, programs never.

    Raises:
        RefusedError: it comes from elsewhere, or doesn't say (403).
    """
    site = request.headers.get("sec-fetch-site")
    said = request.headers.get("origin")
    if site is not None and site != "same-origin":
        raise RefusedError(403, _FORGED)
    if said is not None and not _is_own(said, request, origin):
        raise RefusedError(403, _FORGED)
    if is_proof_needed and site is None and said is None:
        raise RefusedError(403, _FORGED)


def refuse_strangers(request: Request, *, is_for_people: bool) -> None:
    """Keep pages of other sites from a service that asks for no keys.

    A browser on this machine reaches it too, whatever page it shows; so a change must come from
    nobody's page or our own, and people's routes are asked for by an address of this machine, not
    by a name that somebody else gave it.

    Raises:
        RefusedError: it comes from elsewhere (403).
    """
    if request.method not in SAFE_METHODS:
        require_own_page(request, origin="", is_proof_needed=False)
    if is_for_people and request.url.hostname not in LOOPBACK:
        raise RefusedError(403, "Without keys this is for this machine alone: ask 127.0.0.1.")


def _is_own(said: str, request: Request, origin: str) -> bool:
    if origin:
        return said.lower() == origin
    host = request.headers.get("host", "")
    return bool(host) and urlsplit(said).netloc.lower() == host.lower()


async def _token_in_form(request: Request) -> str:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return ""
    try:
        fields = parse_qs((await request.body()).decode(), max_num_fields=_FIELDS_MAX)
    except ValueError:
        return ""
    return fields.get(CSRF_FIELD, [""])[0]
