"""`POST /v1/audit/verify`: the audit log read again, in a thread, one at a time.

The command `stillwatch audit verify` does the same without the service, and is what to believe when
it is the service that is in doubt.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from threading import Lock
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, TypeAdapter

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.control.ledger_work import (
    RETRY_S,
    ledger_of,
    now_of,
    read_asked,
    run_refusable,
)
from stillwatch.app.service.control.shapes import Asked, answer, body_as, good
from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.service_limits import AUDIT_VERIFY_ENTRIES_MAX, LEDGER_COUNT_MAX
from stillwatch.store.ledger import Anchor, AuditReport, Ledger
from stillwatch.store.ledger.errors import AuditBroken

router: Final = APIRouter(tags=["audit"])
_FAULTS_TOLD_MAX: Final = 100
_HASH: Final = r"^[0-9a-f]{64}$"
_Hash = Annotated[str, Field(pattern=_HASH)]
_verifying: Final = Lock()


class AnchorAsked(Asked):
    """An anchor as `stillwatch audit anchor` wrote it."""

    scheme: Annotated[str, Field(max_length=64)] = ""
    ledger_id: Annotated[str, Field(max_length=256)]
    entries: Annotated[int, Field(ge=0, le=LEDGER_COUNT_MAX)]
    head_hash: _Hash
    head_mac: _Hash
    at: Annotated[str, Field(max_length=64)]


class VerifyAsked(Asked):
    """What to compare the log with, beside itself."""

    anchor: AnchorAsked | None = None


class AuditFault(BaseModel):
    """Something that is not as it was written; `number` is the first entry that it touches."""

    number: int | None
    says: str


class AuditSeen(BaseModel):
    """What reading the log again has found."""

    is_whole: bool
    ledger_id: str
    entries: int
    head_hash: str
    first_bad: int | None
    faults: list[AuditFault]
    faults_count: int
    stood_aside: list[str]
    """What could not be checked, and why."""


@router.post(
    "/v1/audit/verify",
    responses=good(AuditSeen),
    openapi_extra=body_as(VerifyAsked),
    summary="Read the audit log again, and compare every row of the ledger with it",
)
async def verify_audit(request: Request) -> Response:
    """Verify it; writers go on meanwhile."""
    await authorise(request, "read")
    asked = await read_asked(request, TypeAdapter(VerifyAsked))
    anchor = Anchor(**asked.anchor.model_dump(exclude={"scheme"})) if asked.anchor else None
    ledger, now = ledger_of(request), now_of(request)
    if not _verifying.acquire(blocking=False):
        raise RefusedError(503, "It is being verified.", headers={"retry-after": str(RETRY_S)})
    try:
        report = await run_refusable(lambda: _verify(ledger, anchor, now))
    finally:
        _verifying.release()
    return answer(_tell(report))


def _verify(ledger: Ledger, anchor: Anchor | None, now: datetime) -> AuditReport:
    entries = 0
    with suppress(AuditBroken):  # a head that is missing is for the report to say
        entries = ledger.anchor(now=now).entries
    if entries > AUDIT_VERIFY_ENTRIES_MAX:
        detail = f"The log has {entries:,} entries; verify it with `stillwatch audit verify`."
        raise RefusedError(409, detail)
    return ledger.verify(anchor=anchor)


def _tell(report: AuditReport) -> dict[str, object]:
    told = [AuditFault(number=one.number, says=one.says) for one in report.faults]
    return AuditSeen(
        is_whole=report.is_whole,
        ledger_id=report.ledger_id,
        entries=report.entries,
        head_hash=report.head_hash,
        first_bad=report.first_bad,
        faults=told[:_FAULTS_TOLD_MAX],
        faults_count=len(told),
        stood_aside=list(report.stood_aside),
    ).model_dump()
