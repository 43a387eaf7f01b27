"""What every route of the management API does around the ledger: off the loop, with its errors.

A route says what to ask or to change; here it is done in a thread, under the name of whoever asked,
and what the ledger refuses becomes a problem. An `If-Match` header holds a change to the version
that was looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar

from fastapi import Header, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter

from stillwatch.app.service.access.keys import Principal
from stillwatch.app.service.problems import RefusedError, read_body, read_shape
from stillwatch.domain.errors import LimitExceeded, StillwatchError
from stillwatch.domain.service_limits import CONTROL_READ_MS_MAX, SERVICE_BODY_BYTES_MAX
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger import errors as told
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.nouns import Row
from stillwatch.store.ledger.views import View

T = TypeVar("T")
Shape = TypeVar("Shape")
RETRY_S: Final = 5
"""Seconds after which a ledger that was busy may be asked again."""
_VERSION_FORM: Final = r'^(?:W/)?"[0-9]{1,18}"$'
IfMatch = Annotated[
    str | None,
    Header(
        pattern=_VERSION_FORM,
        description='Go on only if its version is still this one, as `ETag` gave it: `"3"`.',
    ),
]
_STATUS_OF: Final[tuple[tuple[type[StillwatchError], int], ...]] = (
    (told.UnknownRow, 404),
    (told.FourEyesNeeded, 403),
    (told.StaleVersion, 412),
    (told.MoveRefused, 409),
    (told.RowExists, 409),
    (told.BadValue, 422),
    (told.LedgerUnavailable, 503),
    (told.LedgerError, 503),
    (LimitExceeded, 422),
)
"""What the ledger refuses, as a status: the first kind that fits."""


def ledger_of(request: Request) -> Ledger:
    """Give the service's ledger.

    Raises:
        RefusedError: it has none (503).
    """
    ledger: Ledger | None = request.app.state.ledger
    if ledger is None:
        raise RefusedError(503, "This service has no ledger.")
    return ledger


def now_of(request: Request) -> datetime:
    """Give the service's present instant."""
    return datetime.fromtimestamp(request.app.state.decider.clock(), UTC)


async def read_ledger(request: Request, ask: Callable[[View], T]) -> T:
    """Ask one instant of the ledger something.

    Raises:
        RefusedError: the ledger refuses, or has no such thing.
    """
    ledger = ledger_of(request)

    def work() -> T:
        with ledger.read() as view:
            return ask(view)

    return await run_refusable(work)


async def change_ledger(request: Request, principal: Principal, do: Callable[[Change], T]) -> T:
    """Change the ledger in one transaction, under the name of whoever asked.

    Raises:
        RefusedError: the ledger refuses; nothing was changed.
    """
    ledger, now = ledger_of(request), now_of(request)

    def work() -> T:
        with ledger.write(actor=principal.name, now=now) as change:
            return do(change)

    return await run_refusable(work)


async def run_refusable(work: Callable[[], T]) -> T:
    """Do in a thread what may be refused.

    Raises:
        RefusedError: it was; the status says how.
    """
    try:
        return await run_in_threadpool(work)
    except StillwatchError as refused:
        raise word_refusal(refused) from refused


def word_refusal(refused: StillwatchError) -> RefusedError:
    """Word what the house refuses as what a caller is told."""
    status = next((one for kind, one in _STATUS_OF if isinstance(refused, kind)), 503)
    headers = {"retry-after": str(RETRY_S)} if isinstance(refused, told.LedgerUnavailable) else {}
    detail = "The ledger cannot be used at the moment." if headers else f"{refused}."
    refusal = RefusedError(status, detail, headers=headers)
    if refused.hint and not headers:
        refusal.said["hint"] = refused.hint
    return refusal


def expect_version(change: Change, row: type[Row], subject_id: str, if_match: str | None) -> None:
    """Go on only if something is still as its `ETag` said.

    Raises:
        StaleVersion, UnknownRow: it isn't.
    """
    if if_match is not None:
        change.expect(row, subject_id, version=int(if_match.removeprefix("W/").strip('"')))


async def read_asked(request: Request, kind: TypeAdapter[Shape]) -> Shape:
    """Read the body of a request as what it should be.

    Raises:
        RefusedError: it is something else (422), too large (413), or late (408).
    """
    body = await read_body(request, bytes_max=SERVICE_BODY_BYTES_MAX, budget_ms=CONTROL_READ_MS_MAX)
    return read_shape(kind, body)
