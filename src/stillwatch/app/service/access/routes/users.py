"""Users: who there is, their roles, and whether they may come in.

Whoever reads may see who there is, since work is given to people; who changes it administers.
Rules on roles and on the last administrator are the ledger's, inside its transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from stillwatch.app.service.access.door import LedgerDoor, open_door
from stillwatch.app.service.access.keys import Principal, authorise
from stillwatch.app.service.access.routes.bodies import (
    body_of,
    describe,
    ledger_refusals,
    read_fields,
)
from stillwatch.domain.service_limits import (
    LEDGER_ID_CHARS_MAX,
    LEDGER_WORD_CHARS_MAX,
    LEDGER_WORDS_MAX,
)
from stillwatch.store.ledger.nouns.people import NewUser, User

router: Final = APIRouter(tags=["access"])
_PAGE_MAX: Final = 500
_Name = Annotated[str, Field(min_length=1, max_length=LEDGER_WORD_CHARS_MAX)]
_Roles = Annotated[list[_Name], Field(max_length=LEDGER_WORDS_MAX)]
_CHANGING: Final = (401, 403, 404, 408, 409, 413, 422, 429, 503)


class Person(BaseModel):
    """A user, who may be a program."""

    user_id: str
    roles: list[str]
    is_active: bool
    added_at: datetime
    identity: str | None
    """Issuer and subject at the identity provider; None too for who doesn't administer."""
    version: int


class People(BaseModel):
    """A page of users, and where the next begins: null where this is the last."""

    users: list[Person]
    next: str | None


class NewPerson(BaseModel):
    """A user to add; a program's name begins with `service:`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    user_id: _Name
    roles: _Roles
    identity: Annotated[str, Field(min_length=1, max_length=LEDGER_ID_CHARS_MAX)] | None = None
    """Issuer, a space, and subject."""


class PersonChange(BaseModel):
    """What is to become of a user; what is left out stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    roles: _Roles | None = None
    is_active: bool | None = None
    version: int | None = None
    """The version that was looked at; another one is refused."""


@router.get("/v1/users", responses=describe(People, 401, 403, 404, 422, 429, 503), summary="Users")
async def list_users(
    request: Request,
    after: Annotated[str | None, Query(max_length=LEDGER_WORD_CHARS_MAX)] = None,
    limit: Annotated[int, Query(ge=1, le=_PAGE_MAX)] = 100,
) -> People:
    """List them by name."""
    door = open_door(request)
    principal = await authorise(request, "read")
    with ledger_refusals():
        return await run_in_threadpool(_list_users, door, principal, after, limit)


@router.post(
    "/v1/users",
    status_code=201,
    responses=describe(Person, *_CHANGING, status=201),
    openapi_extra=body_of(NewPerson),
    summary="Add a user",
)
async def add_user(request: Request) -> Person:
    """Add a person or a program, once."""
    door = open_door(request)
    principal = await authorise(request, "administer")
    said = await read_fields(NewPerson, request)
    new = NewUser(user_id=said.user_id, roles=tuple(said.roles), identity=said.identity)
    with ledger_refusals():
        return await run_in_threadpool(_add_user, door, principal, new)


@router.patch(
    "/v1/users/{user_id}",
    responses=describe(Person, *_CHANGING),
    openapi_extra=body_of(PersonChange),
    summary="Give a user other roles, or let them in no more",
)
async def change_user(request: Request, user_id: str) -> Person:
    """Change a user; who is let in no more loses keys, invitations and sessions with it."""
    door = open_door(request)
    principal = await authorise(request, "administer")
    said = await read_fields(PersonChange, request)
    with ledger_refusals():
        return await run_in_threadpool(_change_user, door, principal, user_id, said)


def _list_users(door: LedgerDoor, asks: Principal, after: str | None, limit: int) -> People:
    with door.ledger.read() as view:
        page = view.list(User, after=after, limit=limit)
    is_admin = "administer" in asks.scopes
    return People(users=[_show(one, is_admin=is_admin) for one in page.rows], next=page.next)


def _add_user(door: LedgerDoor, asks: Principal, new: NewUser) -> Person:
    with door.write(actor=asks.name) as change:
        change.add_user(new)
    return _find(door, new.user_id)


def _change_user(door: LedgerDoor, asks: Principal, user_id: str, said: PersonChange) -> Person:
    with door.write(actor=asks.name) as change:
        if said.version is not None:
            change.expect(User, user_id, version=said.version)
        if said.is_active is True:
            change.activate_user(user_id)
        if said.roles is not None:
            change.set_roles(user_id, roles=said.roles)
        if said.is_active is False:
            change.deactivate_user(user_id)
    return _find(door, user_id)


def _find(door: LedgerDoor, user_id: str) -> Person:
    with door.ledger.read() as view:
        return _show(view.find(User, user_id), is_admin=True)


def _show(user: User, *, is_admin: bool) -> Person:
    return Person(
        user_id=user.user_id,
        roles=list(user.roles),
        is_active=user.is_active,
        added_at=user.added_at,
        identity=user.identity if is_admin else None,
        version=user.version,
    )
