"""What a customer has written: a form or JSON, bounded, with nothing in it that can't be shown."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import parse_qs

from fastapi import Request
from pydantic import Field, TypeAdapter

from stillwatch.app.service.control.shapes import Asked
from stillwatch.app.service.problems import RefusedError, read_body, read_shape
from stillwatch.domain.service_limits import (
    APPEAL_BODY_BYTES_MAX,
    CONTROL_READ_MS_MAX,
    LEDGER_TEXT_CHARS_MAX,
)

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_FIELDS_MAX: Final = 8
"""Fields of a form: it has one, and some browsers' extensions add theirs."""
_EMPTY: Final = f"Write something, up to {LEDGER_TEXT_CHARS_MAX:,} characters."


class StatementAsked(Asked):
    """Why the decision should be taken back."""

    statement: Annotated[str, Field(min_length=1, max_length=LEDGER_TEXT_CHARS_MAX)]


async def read_statement(request: Request) -> str:
    """Read what a customer has written, with line ends of one kind and no control characters.

    Raises:
        RefusedError: nothing, or too much (413, 422), late (408), or in another form (415).
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in {FORM, JSON}:
        raise RefusedError(415, f"The content type may be {JSON} or {FORM}.")
    body = await read_body(request, bytes_max=APPEAL_BODY_BYTES_MAX, budget_ms=CONTROL_READ_MS_MAX)
    if media == JSON:
        said = read_shape(TypeAdapter(StatementAsked), body).statement
    else:
        said = _read_form(body)
    clean = _CONTROLS.sub("", said.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not 1 <= len(clean) <= LEDGER_TEXT_CHARS_MAX:
        raise RefusedError(422, _EMPTY)
    return clean


def _read_form(body: bytes) -> str:
    try:
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError as broken:
        raise RefusedError(422, _EMPTY) from broken
    return fields.get("statement", [""])[0]
