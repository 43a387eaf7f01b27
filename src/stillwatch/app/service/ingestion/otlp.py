"""OTLP/HTTP: `POST /v1/traces` and `POST /v1/logs`, in JSON and in protobuf, answered in kind.

An exporter sends a document of many items and wants 200 with an export response. What is no model
call is passed by; a call without an account or a time is kept, will be quarantined, and is counted
as rejected in the partial success. A refusal is a `google.rpc.Status`, as the protocol has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.params import Depends

from stillwatch.app.service.ingestion.dialects import OTLP_DIALECT, REFUSALS
from stillwatch.app.service.ingestion.intake import Intake
from stillwatch.app.service.ingestion.refusals import RefusedError, as_refusal
from stillwatch.domain.tables import EXCHANGE
from stillwatch.ingest.parse import require_fields
from stillwatch.ingest.readers import catalogue
from stillwatch.ingest.records import RowBuilder, read_json
from stillwatch.ingest.sources.otlp_protobuf import read_logs, read_traces

JSON: Final = "application/json"
PROTOBUF: Final = "application/x-protobuf"
_INVALID, _EXHAUSTED, _UNAVAILABLE = 3, 8, 14
_CODES: Final = {429: _EXHAUSTED, 503: _UNAVAILABLE}
"""google.rpc codes by status; all others are an invalid argument."""
_WORD: Final = "neither an account nor a time may be missing: see docs/operate/ingestion.md"
_STRING_FIELD: Final = 0x12
"""Protobuf's tag of field 2 where that is a text: both messages below have theirs there."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One of the two kinds of export."""

    name: str
    outermost: str
    rejected: str
    """What a partial success counts."""
    from_protobuf: Callable[[bytes], dict[str, Any]]


SIGNALS: Final = (
    Signal("traces", "resourceSpans", "rejectedSpans", read_traces),
    Signal("logs", "resourceLogs", "rejectedLogRecords", read_logs),
)


def otlp_router(
    intake_of: Callable[[], Intake],
    *,
    account_field: str | None = None,
    dependencies: Sequence[Depends] = (),
) -> APIRouter:
    """Make the routes of OTLP/HTTP."""
    router = APIRouter(prefix="/v1", tags=["ingestion"], dependencies=dependencies)
    for signal in SIGNALS:
        _add(router, signal, intake_of, account_field)
    return router


def _add(
    router: APIRouter,
    signal: Signal,
    intake_of: Callable[[], Intake],
    account_field: str | None,
) -> None:
    async def take(request: Request) -> Response:
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        rejected = [0]

        def prepare(body: bytes) -> bytes:
            document = _read(body, signal, media)
            rejected[0] = _count_rejected(document, account_field)
            return orjson.dumps(document) if document else b""

        try:
            _require_known(media)
            await intake_of().take(request, OTLP_DIALECT, prepare)
        except Exception as failure:
            refusal = as_refusal(failure)
            if refusal is None:
                raise
            return _refuse(refusal, media)
        return _acknowledge(signal, rejected[0], media)

    content = {
        JSON: {"schema": {"type": "object"}},
        PROTOBUF: {"schema": {"type": "string", "format": "binary"}},
    }
    refusals: dict[int | str, dict[str, Any]] = {
        status: {"description": "A google.rpc.Status; nothing was kept.", "content": {JSON: {}}}
        for status in (400, 413, 415, 429, 503)
    }
    refusals |= {status: REFUSALS[status] for status in (401, 403)}
    router.add_api_route(
        f"/{signal.name}",
        take,
        methods=["POST"],
        operation_id=f"export_{signal.name}",
        summary=f"Keep the model calls of an export of {signal.name}",
        response_class=Response,
        responses={200: {"description": "Kept.", "content": {JSON: {}, PROTOBUF: {}}}, **refusals},
        openapi_extra={"requestBody": {"required": True, "content": content}},
    )


def _require_known(media: str) -> None:
    if media not in {JSON, PROTOBUF}:
        raise RefusedError(415, f"The content type may be {JSON} or {PROTOBUF}.")


def _read(body: bytes, signal: Signal, media: str) -> dict[str, Any]:
    """Read an export as a document.

    Raises:
        RefusedError: it is none (400).
    """
    try:
        document = signal.from_protobuf(body) if media == PROTOBUF else read_json(body or b"{}")
    except (ValueError, RecursionError) as broken:
        raise RefusedError(400, f"The body is no export of {signal.name}.") from broken
    if not isinstance(document, dict) or not isinstance(document.get(signal.outermost, []), list):
        raise RefusedError(400, f"The body is no export of {signal.name}.")
    return {signal.outermost: document[signal.outermost]} if document.get(signal.outermost) else {}


def _count_rejected(document: dict[str, Any], account_field: str | None) -> int:
    """Count the calls that will be quarantined, by the reader that will read them."""
    rows = RowBuilder(EXCHANGE, catalogue()[OTLP_DIALECT], account_field=account_field)
    rows.add_document(document, line=1)
    return len(require_fields(rows.finish(), table=EXCHANGE).rejects)


def _acknowledge(signal: Signal, rejected: int, media: str) -> Response:
    if media == JSON:
        said = {signal.rejected: str(rejected), "errorMessage": _WORD}
        return Response(orjson.dumps({"partialSuccess": said} if rejected else {}), media_type=JSON)
    partial = b"\x08" + _varint(rejected) + _text(_WORD)
    raw = b"\x0a" + _varint(len(partial)) + partial if rejected else b""
    return Response(raw, media_type=PROTOBUF)


def _refuse(refusal: RefusedError, media: str) -> Response:
    code = _CODES.get(refusal.status, _INVALID)
    if media == PROTOBUF:
        raw = b"\x08" + _varint(code) + _text(refusal.detail)
    else:
        media, raw = JSON, orjson.dumps({"code": code, "message": refusal.detail})
    return Response(raw, refusal.status, media_type=media, headers=dict(refusal.headers))


def _text(text: str) -> bytes:
    """Write a text as the second field of a protobuf message."""
    raw = text.encode()
    return bytes([_STRING_FIELD]) + _varint(len(raw)) + raw


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004  seven bits a byte
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
