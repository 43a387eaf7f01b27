"""How these routes read what is sent, word what the ledger refuses, and describe both.

A body is JSON, or a form as a page without scripts sends it; fields are the same. The ledger's
refusals are told in its own words, which name ids and states; that it can't be used at all is told
without where it rests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs

import orjson
from fastapi import Request
from pydantic import BaseModel, TypeAdapter

from stillwatch.app.service.problems import MEDIA_TYPE, RefusedError, read_body, read_shape
from stillwatch.domain.service_limits import PAGE_BODY_BYTES_MAX
from stillwatch.store.ledger.errors import (
    BadValue,
    FourEyesNeeded,
    LedgerError,
    MoveRefused,
    RowExists,
    StaleVersion,
    UnknownRow,
)

Responses = dict[int | str, dict[str, Any]]
Model = TypeVar("Model", bound=BaseModel)
_READ_MS: Final = 5_000.0
"""Milliseconds for a body to arrive; no gateway's request waits for it."""
_FORM: Final = "application/x-www-form-urlencoded"
_FIELDS_MAX: Final = 100
_STATUSES: Final[tuple[tuple[type[LedgerError], int], ...]] = (
    (BadValue, 422),
    (UnknownRow, 404),
    (RowExists, 409),
    (MoveRefused, 409),
    (StaleVersion, 409),
    (FourEyesNeeded, 403),
)
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_TITLES: Final = {
    400: "Not over a private way",
    401: "Nobody known",
    403: "May not, or forged",
    404: "Nothing of that name",
    408: "The body came too late",
    409: "It is otherwise already",
    413: "Too large",
    421: "Another host",
    422: "Not as it should be",
    429: "Too many requests",
    502: "The identity provider does not answer",
    503: "The ledger does not answer",
}


def is_form(request: Request) -> bool:
    """Say whether a page without scripts sends this."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


async def read_fields(model: type[Model], request: Request) -> Model:
    """Read a body, JSON or a form, as what it should be.

    Raises:
        RefusedError: it is something else (422), too large (413) or late (408).
    """
    body = await read_body(request, bytes_max=PAGE_BODY_BYTES_MAX, budget_ms=_READ_MS)
    return read_shape(TypeAdapter(model), _form_as_json(body) if is_form(request) else body)


@contextmanager
def ledger_refusals() -> Iterator[None]:
    """Turn what the ledger refuses into what HTTP refuses.

    Raises:
        RefusedError: 403, 404, 409 or 422 as the ledger says, 503 where it can't be used.
    """
    try:
        yield
    except LedgerError as refused:
        for kind, status in _STATUSES:
            if isinstance(refused, kind):
                raise RefusedError(status, f"{refused}.") from refused
        raise RefusedError(503, "The ledger can't be used now.") from refused


def describe(good: Any, *errors: int, status: int = 200) -> Responses:  # noqa: ANN401  a model or None
    """Describe the answers of a route: what it gives, and which problems it may have."""
    found: Responses = {} if good is None else {status: {"model": good}}
    content = {MEDIA_TYPE: {"schema": _PROBLEM}}
    for error in sorted({*errors, 421}):
        found[error] = {"description": _TITLES[error], "content": content}
    return found


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """Describe a body that is JSON or a form."""
    schema = {"schema": model.model_json_schema()}
    content = {"application/json": schema, _FORM: schema}
    return {"requestBody": {"required": True, "content": content}}


def _form_as_json(body: bytes) -> bytes:
    try:
        fields = parse_qs(body.decode(), max_num_fields=_FIELDS_MAX, keep_blank_values=True)
    except ValueError:
        raise RefusedError(422, "The form is not as it should be.") from None
    fields.pop("csrf_token", None)
    return orjson.dumps({k: v[0] if len(v) == 1 else v for k, v in fields.items()})
