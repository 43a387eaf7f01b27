"""Granting permissions and revoking them: what an account or an organisation may do."""

from __future__ import annotations

from datetime import datetime
from secrets import token_hex
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field, TypeAdapter

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.control.cases import answer_row
from stillwatch.app.service.control.ledger_work import (
    IfMatch,
    change_ledger,
    expect_version,
    read_asked,
)
from stillwatch.app.service.control.shapes import Asked, Id, PathId, answer, body_as, good, model_of
from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.service_limits import LEDGER_WORD_CHARS_MAX
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.nouns.policies import NewPermission, Permission

router: Final = APIRouter(tags=["permissions"])
_ID_BYTES: Final = 10
_COUNT_MAX: Final = 2**53
"""Whole numbers up to here are the same in every JSON reader."""


class PermissionAsked(Asked):
    """Who may do what, from when, until when, and how much of it; null = not bounded."""

    scope: Literal["distillation", "evaluation", "resale"]
    account_id: Id | None = None
    org_id: Id | None = None
    granted_by: Annotated[str, Field(min_length=1, max_length=LEDGER_WORD_CHARS_MAX)]
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    budget_exchanges: Annotated[int, Field(ge=0, le=_COUNT_MAX)] | None = None
    permission_id: Id | None = None


@router.post(
    "/v1/permissions",
    status_code=201,
    responses=good(model_of(Permission), status=201),
    openapi_extra=body_as(PermissionAsked),
    summary="Grant a permission",
)
async def grant_permission(request: Request) -> Response:
    """Write it down; looks that begin from now on go by it."""
    principal = await authorise(request, "administer")
    asked = await read_asked(request, TypeAdapter(PermissionAsked))
    for name in ("valid_from", "valid_to"):
        said: datetime | None = getattr(asked, name)
        if said is not None and said.tzinfo is None:
            raise RefusedError(422, f"`{name}` needs a zone: 2026-12-24T00:00:00Z.")
    own = asked.permission_id or f"permission-{token_hex(_ID_BYTES)}"
    granted = NewPermission(**{**asked.model_dump(), "permission_id": own})
    await change_ledger(request, principal, lambda change: change.grant_permission(granted))
    return await answer_row(request, Permission, own, status=201)


@router.post(
    "/v1/permissions/{row_id}/revoke",
    responses=good(model_of(Permission)),
    summary="Revoke a permission",
)
async def revoke_permission(request: Request, row_id: PathId, if_match: IfMatch = None) -> Response:
    """End it now; one that is revoked already stays as it is."""
    principal = await authorise(request, "administer")

    def do(change: Change) -> Permission:
        expect_version(change, Permission, row_id, if_match)
        return change.revoke_permission(row_id)

    return answer(await change_ledger(request, principal, do))
