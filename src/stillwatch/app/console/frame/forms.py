"""Forms: read within bounds, and refused unless they come from a page of this console.

Two checks, each enough alone: the browser's word that the request comes from this very origin
(`Sec-Fetch-Site`, else `Origin`), and a token in the form that only a page for this person and
this start of the service holds. It needs no session of its own.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qs, urlsplit

from fastapi import Request

from stillwatch.app.console.frame.refusals import RefusedPageError
from stillwatch.app.service.problems import read_body
from stillwatch.domain.service_limits import CONSOLE_FORM_BYTES_MAX, CONSOLE_FORM_FIELDS_MAX

FIELD: Final = "csrf"
_FORM_MS_MAX: Final = 10_000.0
"""Milliseconds for a form to arrive, over a poor line."""
_FORM_TYPE: Final = "application/x-www-form-urlencoded"


class Tokens:
    """Tokens against forged forms."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, name: str) -> str:
        """Make the token of a person."""
        return hmac.new(self._secret, name.encode("utf-8", "replace"), sha256).hexdigest()

    def check(self, request: Request, *, form: Mapping[str, list[str]], name: str) -> None:
        """Refuse a form that another site, or another person, has made.

        Raises:
            RefusedPageError: it may be forged (403).
        """
        told = (form.get(FIELD) or [""])[0]
        if not (_is_same_origin(request) and hmac.compare_digest(told, self.make(name))):
            raise RefusedPageError(
                403,
                "This form was not accepted",
                "It was made for another session, or by another site. Go back, reload the page, "
                "and send it again.",
            )


async def read_form(request: Request) -> dict[str, list[str]]:
    """Read a posted form.

    Raises:
        RefusedPageError: it is none, or has too many fields.
        RefusedError: it is too large, or too slow.
    """
    body = await read_body(request, bytes_max=CONSOLE_FORM_BYTES_MAX, budget_ms=_FORM_MS_MAX)
    if request.headers.get("content-type", "").split(";")[0].strip() != _FORM_TYPE:
        raise RefusedPageError(415, "This is no form", "Use the buttons of the page.")
    try:
        text = body.decode("utf-8", "replace")
        return parse_qs(text, keep_blank_values=True, max_num_fields=CONSOLE_FORM_FIELDS_MAX)
    except ValueError as broken:
        advice = "Choose fewer accounts at once."
        raise RefusedPageError(413, "This form has too many fields", advice) from broken


def _is_same_origin(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == request.headers.get("host", "")
