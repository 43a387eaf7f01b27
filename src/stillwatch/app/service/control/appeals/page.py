"""The appeal as a page: it loads nothing, runs nothing, and works with a keyboard or a reader.

Everything that comes from people is escaped by the template. The address is a secret, so it is told
to nobody (no referrer), kept in no cache, and found by no search engine.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import Response
from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from stillwatch.app.service.control.appeals.seen import AppealSeen
from stillwatch.domain.service_limits import LEDGER_TEXT_CHARS_MAX

_TITLE: Final = "A decision about your account"
PRIVATE: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}
"""Headers of every answer about an appeal, pages and JSON alike."""


def render_page(
    seen: AppealSeen | None, *, status: int, days: int, problem: str = "", statement: str = ""
) -> Response:
    """Show a customer what there is to see, and the form where an appeal may be sent.

    Nulls:   without `seen` the page says the problem alone.
    """
    content = _template().render(
        title=_TITLE,
        style=Markup(_asset("page.css")),  # noqa: S704  ours, and its hash is in the policy
        seen=seen,
        day=_day,
        days=days,
        chars=LEDGER_TEXT_CHARS_MAX,
        problem=problem,
        statement=statement,
    )
    headers = {**PRIVATE, "content-security-policy": _policy(), "x-frame-options": "DENY"}
    return Response(content, status, media_type="text/html", headers=headers)


@cache
def _policy() -> str:
    digest = hashlib.sha256(_asset("page.css").encode()).digest()
    style = f"'sha256-{base64.b64encode(digest).decode()}'"
    return (
        f"default-src 'none'; style-src {style}; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


@cache
def _asset(name: str) -> str:
    return files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
