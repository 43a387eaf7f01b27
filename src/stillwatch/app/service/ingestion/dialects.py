"""The routes of log dialects: one a reader of *ingest*, and one a kind of the register's records.

Bodies are what a file of the dialect would be: lines, or arrays, of records. A new reader has its
route without a word here. What is in a record is nobody's business before it is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.params import Depends
from pydantic import BaseModel

from stillwatch.app.loops.batches import REGISTER_KINDS
from stillwatch.app.service.ingestion.intake import Intake, as_text
from stillwatch.app.service.ingestion.refusals import MEDIA_TYPE, refusing
from stillwatch.ingest.readers import MAPPED, dialects
from stillwatch.ingest.readers.otel import NAME as OTLP_DIALECT

__all__ = ["OTLP_DIALECT", "Acknowledged", "dialect_router"]

_SENT: Final = {"type": "string", "description": "Records as JSON: a line each, or arrays of them."}
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": says, "content": {MEDIA_TYPE: {}}}
    for status, says in (
        (400, "The body is no text, or is not packed as it says. Nothing was kept."),
        (401, "This needs a key. Nothing was kept."),
        (403, "This key may not send exchanges. Nothing was kept."),
        (413, "The body is too large. Nothing was kept."),
        (415, "No such content encoding. Nothing was kept."),
        (429, "More waits than may wait: `Retry-After` says when to come again. Nothing was kept."),
        (503, "It could not be written, or not in time: `Retry-After` says when to come again."),
    )
}


class Acknowledged(BaseModel):
    """The body is on the disk; its records will be in the lake."""

    kept: bool = True


_KEPT: Final = Acknowledged().model_dump_json().encode()


def dialect_router(
    intake_of: Callable[[], Intake], *, dependencies: Sequence[Depends] = ()
) -> APIRouter:
    """Make the routes `POST /ingest/<dialect>`, and those of accounts, releases, permissions."""
    router = APIRouter(prefix="/ingest", tags=["ingestion"], dependencies=dependencies)
    for kind in (*(name for name in dialects() if name != MAPPED), *REGISTER_KINDS):
        _add(router, kind, intake_of)
    return router


def _add(router: APIRouter, kind: str, intake_of: Callable[[], Intake]) -> None:
    async def take(request: Request) -> Response:
        await intake_of().take(request, kind, as_text)
        return Response(_KEPT, 202, media_type="application/json")

    media = {name: {"schema": _SENT} for name in ("application/x-ndjson", "application/json")}
    router.add_api_route(
        f"/{kind}",
        refusing(take),
        methods=["POST"],
        status_code=202,
        operation_id=f"ingest_{kind}",
        summary=f"Keep {kind} records",
        response_model=Acknowledged,
        responses=REFUSALS,
        openapi_extra={"requestBody": {"required": True, "content": media}},
    )
