"""Asking the identity provider: within a time, up to a size, over TLS, and never redirected."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final
from urllib.parse import SplitResult, urlencode, urlsplit

import orjson

from stillwatch.app.service.access.settings import LOOPBACK
from stillwatch.app.service.problems import RefusedError
from stillwatch.app.service.telemetry import tell
from stillwatch.domain.service_limits import OIDC_BYTES_MAX

_TIMEOUT_S: Final = 5.0
"""Seconds for each wait, and for all of an answer together: a person looks at a white page."""
_PIECE_BYTES: Final = 2**16
_GOOD: Final = 200
_AWAY: Final = "The identity provider does not answer as it should."


def fetch_json(
    url: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Ask an address for a JSON object; with `form`, send that.

    Cost:    at most some ten seconds; call it in a thread.

    Raises:
        RefusedError: no answer, none in time, too large a one, or no JSON object (502).
    """
    body = None if form is None else urlencode(form)
    sent = {"accept": "application/json", **(headers or {})}
    if body is not None:
        sent["content-type"] = "application/x-www-form-urlencoded"
    split = urlsplit(url)
    try:
        connection = _connect(split)
        try:
            path = f"{split.path or '/'}{'?' if split.query else ''}{split.query}"
            connection.request("GET" if body is None else "POST", path, body, sent)
            with connection.getresponse() as response:
                return _read(response)
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as fault:
        tell("access.oidc_away", fault=type(fault).__name__)
        raise RefusedError(502, _AWAY) from fault


def _connect(split: SplitResult) -> HTTPConnection:
    host = split.hostname or ""
    if split.scheme == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(host, split.port, timeout=_TIMEOUT_S, context=context)
    if split.scheme == "http" and host in LOOPBACK:
        return HTTPConnection(host, split.port, timeout=_TIMEOUT_S)
    message = "an address without TLS"
    raise ValueError(message)


def _read(response: HTTPResponse) -> dict[str, Any]:
    ends_at, body = time.monotonic() + _TIMEOUT_S, b""
    while piece := response.read1(_PIECE_BYTES):
        body += piece
        if len(body) > OIDC_BYTES_MAX or time.monotonic() > ends_at:
            message = "an answer without end"
            raise ValueError(message)
    found = orjson.loads(body) if response.status == _GOOD else None
    if not isinstance(found, dict):
        message = f"status {response.status}, or no object"
        raise ValueError(message)  # noqa: TRY004  what another host says is no type of ours
    return found
