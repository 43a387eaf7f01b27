"""Errors as problem+json (RFC 9457), and bodies that are read within bounds.

What is said: which rule of the request was broken. Never what was in it, nor where in our code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar, cast

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException

Shape = TypeVar("Shape")
MEDIA_TYPE: Final = "application/problem+json"
_FAULTS_TOLD_MAX: Final = 20
"""Faults of one body that are told: nobody mends more at once."""
_PLACE_CHARS: Final = 100
"""Characters of a place in a body: what is longer was made up."""


class RefusedError(Exception):
    """A request that is not answered as it was meant."""

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.said: dict[str, Any] = {}


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, **said: object
) -> Response:
    """Word an error."""
    content = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **said,
    }
    return Response(
        orjson.dumps(content), status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def add_problems(app: FastAPI) -> None:
    """Word every error of an application in the one way."""
    app.add_exception_handler(RefusedError, _word_refused)
    app.add_exception_handler(HTTPException, _word_http)
    app.add_exception_handler(RequestValidationError, _word_parameters)
    app.add_exception_handler(Exception, _word_fault)


async def read_body(request: Request, *, bytes_max: int, budget_ms: float) -> bytes:
    """Read a request's body.

    Raises:
        RefusedError: it is larger than that (413), or takes longer (408).
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > bytes_max:
        raise RefusedError(413, f"A body may have {bytes_max:,} bytes.")
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(budget_ms / 1000):
            async for part in request.stream():
                size += len(part)
                if size > bytes_max:
                    raise RefusedError(413, f"A body may have {bytes_max:,} bytes.")
                parts.append(part)
    except TimeoutError:
        raise RefusedError(408, "The request did not arrive in time.") from None
    return b"".join(parts)


def read_shape(kind: TypeAdapter[Shape], body: bytes) -> Shape:
    """Read a body as what it should be.

    Raises:
        RefusedError: it is something else (422); where, but not with which value.
    """
    try:
        return kind.validate_json(body)
    except ValidationError as refused:
        faults = refused.errors(include_url=False, include_context=False, include_input=False)
        refusal = RefusedError(422, "The body is not as it should be.")
        refusal.said["faults"] = [
            {"where": ".".join(map(str, fault["loc"]))[:_PLACE_CHARS], "what": fault["type"]}
            for fault in faults[:_FAULTS_TOLD_MAX]
        ]
        raise refusal from refused


async def _word_refused(_: Request, fault: Exception) -> Response:
    refused = cast("RefusedError", fault)
    return problem(refused.status, refused.detail, headers=refused.headers, **refused.said)


async def _word_http(_: Request, fault: Exception) -> Response:
    refused = cast("HTTPException", fault)
    return problem(refused.status_code, str(refused.detail), headers=refused.headers)


async def _word_fault(_: Request, fault: Exception) -> Response:
    del fault
    return problem(500, "This is a fault of the service.")


async def _word_parameters(_: Request, fault: Exception) -> Response:
    faults = cast("RequestValidationError", fault).errors()
    told = [{"where": str(one["loc"][-1])[:_PLACE_CHARS], "what": one["type"]} for one in faults]
    detail = "A parameter is not as it should be."
    return problem(422, detail, faults=told[:_FAULTS_TOLD_MAX])
