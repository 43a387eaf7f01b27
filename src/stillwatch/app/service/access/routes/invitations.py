"""Invitations: a code that an administrator hands to a person, and that opens once.

The code is in this one answer; the ledger has its hash, and the audit log who made it for whom.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from stillwatch.app.service.access.door import LedgerDoor, open_door
from stillwatch.app.service.access.keys import authorise, hash_key
from stillwatch.app.service.access.routes.bodies import describe, ledger_refusals
from stillwatch.app.service.access.scopes import Principal
from stillwatch.app.service.problems import RefusedError
from stillwatch.store.ledger.nouns.people import NewInvitation
from stillwatch.store.ledger.states import is_machine

router: Final = APIRouter(tags=["access"])


class Invitation(BaseModel):
    """What opens once: the code is told here and nowhere else."""

    invitation_id: str
    user_id: str
    code: str
    ends_at: datetime


@router.post(
    "/v1/users/{user_id}/invitations",
    status_code=201,
    responses=describe(Invitation, 401, 403, 404, 409, 422, 429, 503, status=201),
    summary="Make a code that lets a person in once",
)
async def invite_user(request: Request, user_id: str, response: Response) -> Invitation:
    """Make an invitation; an earlier one of that person is taken back."""
    door = open_door(request)
    principal = await authorise(request, "administer")
    if is_machine(user_id):
        raise RefusedError(422, "A program doesn't sign in: give it a key.")
    response.headers["cache-control"] = "no-store"
    with ledger_refusals():
        return await run_in_threadpool(_invite, door, principal, user_id)


def _invite(door: LedgerDoor, asks: Principal, user_id: str) -> Invitation:
    code = door.draw()
    new = NewInvitation(
        invitation_id=f"i-{door.draw()}",
        code_hash=hash_key(code),
        user_id=user_id,
        ends_at=door.now + timedelta(seconds=door.settings.invitation_s),
    )
    with door.write(actor=asks.name) as change:
        made = change.invite(new)
    return Invitation(
        invitation_id=made.invitation_id, user_id=user_id, code=code, ends_at=made.ends_at
    )
