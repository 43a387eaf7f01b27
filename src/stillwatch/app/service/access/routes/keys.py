"""Keys: a person makes their own, an administrator those of programs, and each is shown once.

No administrator makes a key of another person: that person's eyes would be one of the four. A key
may no more than the roles of its owner, whoever makes it no more than they may themselves, and what
the owner's roles lose, it loses with them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from stillwatch.app.service.access.door import LedgerDoor, open_door
from stillwatch.app.service.access.keys import hash_key, identify
from stillwatch.app.service.access.routes.bodies import (
    body_of,
    describe,
    ledger_refusals,
    read_fields,
)
from stillwatch.app.service.access.scopes import SCOPES, Principal, scopes_of
from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.service_limits import LEDGER_ID_CHARS_MAX, LEDGER_WORD_CHARS_MAX
from stillwatch.store.ledger.errors import UnknownRow
from stillwatch.store.ledger.nouns.people import ApiKey, NewApiKey
from stillwatch.store.ledger.states import is_machine

router: Final = APIRouter(tags=["access"])
_PAGE_MAX: Final = 500
_DAYS: Final = 90
"""Days of a person's key: a quarter."""
_DAYS_MAX: Final = 3_650
_MARK: Final = "stillwatch-"
"""How every key begins, so that whoever searches files for secrets finds it."""
_CHANGING: Final = (401, 403, 404, 408, 409, 413, 422, 429, 503)


class Held(BaseModel):
    """A key, without its secret."""

    key_id: str
    user_id: str
    scopes: list[str]
    issued_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class HeldKeys(BaseModel):
    """A page of keys, and where the next begins: null where this is the last."""

    keys: list[Held]
    next: str | None


class Wanted(BaseModel):
    """A key to make."""

    model_config = ConfigDict(extra="forbid", strict=True)

    scopes: Annotated[list[str], Field(min_length=1, max_length=len(SCOPES))]
    user_id: Annotated[str, Field(max_length=LEDGER_WORD_CHARS_MAX)] | None = None
    """A program; left out, the key is one's own."""
    days: Annotated[int, Field(ge=1, le=_DAYS_MAX)] | None = None
    """Left out: 90 for a person, no end for a program."""


class Issued(Held):
    """A key that was just made: `key` is told here and nowhere else."""

    key: str


@router.get("/v1/keys", responses=describe(HeldKeys, 401, 403, 404, 422, 429, 503), summary="Keys")
async def list_keys(
    request: Request,
    user_id: Annotated[str | None, Query(max_length=LEDGER_WORD_CHARS_MAX)] = None,
    after: Annotated[str | None, Query(max_length=LEDGER_ID_CHARS_MAX)] = None,
    limit: Annotated[int, Query(ge=1, le=_PAGE_MAX)] = 100,
) -> HeldKeys:
    """List one's own by id; who administers lists everybody's, or a user's."""
    door = open_door(request)
    principal = await identify(request)
    if "administer" not in principal.scopes:
        if user_id not in (None, principal.name):
            raise RefusedError(403, "Other people's keys are for administrators to see.")
        user_id = principal.name
    with ledger_refusals():
        return await run_in_threadpool(_list_keys, door, user_id, after, limit)


@router.post(
    "/v1/keys",
    status_code=201,
    responses=describe(Issued, *_CHANGING, status=201),
    openapi_extra=body_of(Wanted),
    summary="Make a key",
)
async def issue_key(request: Request, response: Response) -> Issued:
    """Make one's own key, or as an administrator that of a program."""
    door = open_door(request)
    principal = await identify(request)
    said = await read_fields(Wanted, request)
    response.headers["cache-control"] = "no-store"
    with ledger_refusals():
        return await run_in_threadpool(_issue, door, principal, said)


@router.delete(
    "/v1/keys/{key_id}",
    responses=describe(Held, 401, 403, 404, 422, 429, 503),
    summary="Revoke a key",
)
async def revoke_key(request: Request, key_id: str) -> Held:
    """Revoke one's own key, or as an administrator anybody's; in force at once."""
    door = open_door(request)
    principal = await identify(request)
    with ledger_refusals():
        return await run_in_threadpool(_revoke, door, principal, key_id)


def _list_keys(door: LedgerDoor, user_id: str | None, after: str | None, limit: int) -> HeldKeys:
    chosen = {} if user_id is None else {"user_id": user_id}
    with door.ledger.read() as view:
        page = view.list(ApiKey, after=after, limit=limit, **chosen)
    return HeldKeys(keys=[Held(**_show(one)) for one in page.rows], next=page.next)


def _issue(door: LedgerDoor, asks: Principal, said: Wanted) -> Issued:
    owner = said.user_id or asks.name
    _require_scopes(door, asks, owner=owner, scopes=frozenset(said.scopes))
    days = said.days or (None if is_machine(owner) else _DAYS)
    secret = f"{_MARK}{door.draw()}"
    new = NewApiKey(
        key_id=f"k-{door.draw()}",
        key_hash=hash_key(secret),
        user_id=owner,
        scopes=tuple(sorted(set(said.scopes))),
        expires_at=None if days is None else door.now + timedelta(days=days),
    )
    with door.write(actor=asks.name) as change:
        change.issue_key(new)
    with door.ledger.read() as view:
        return Issued(**_show(view.find(ApiKey, new.key_id)), key=secret)


def _require_scopes(
    door: LedgerDoor, asks: Principal, *, owner: str, scopes: frozenset[str]
) -> None:
    """Hold a new key to what its owner and its maker may.

    Raises:
        RefusedError: it is neither their own nor, for who administers, a program's (403),
            or may more than its owner or its maker (403).
        UnknownRow: its owner is no active user.
    """
    is_own = owner == asks.name
    if not is_own and not ("administer" in asks.scopes and is_machine(owner)):
        raise RefusedError(403, "People make their own keys, administrators those of programs.")
    user = door.keys.find_user(owner)
    if user is None:
        raise UnknownRow(kind="active user", subject_id=owner)
    may = scopes_of(user.roles) & asks.scopes if is_own else scopes_of(user.roles)
    if beyond := sorted(scopes - may):
        raise RefusedError(403, f"{owner} may not {', '.join(beyond)}, nor may a key of theirs.")


def _revoke(door: LedgerDoor, asks: Principal, key_id: str) -> Held:
    with door.ledger.read() as view:
        found = view.find(ApiKey, key_id)
    if found.user_id != asks.name and "administer" not in asks.scopes:
        raise UnknownRow(kind="api_key", subject_id=key_id)
    with door.write(actor=asks.name) as change:
        return Held(**_show(change.revoke_key(key_id)))


def _show(key: ApiKey) -> dict[str, Any]:
    names = ("key_id", "user_id", "issued_at", "expires_at", "revoked_at")
    return {name: getattr(key, name) for name in names} | {"scopes": list(key.scopes)}
