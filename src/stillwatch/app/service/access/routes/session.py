"""Signing in and out: by the first code, an invitation or a key; one session or all of them.

Every sign-in draws a new session and ends the one that the browser had. A form is answered with
303 to the console, anything else with who is in now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from stillwatch.app.service.access.door import LedgerDoor, open_door
from stillwatch.app.service.access.forgery import require_own_page, token_of
from stillwatch.app.service.access.keys import identify, key_of
from stillwatch.app.service.access.routes.bodies import (
    body_of,
    describe,
    is_form,
    ledger_refusals,
    read_fields,
)
from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.service_limits import LEDGER_WORD_CHARS_MAX

router: Final = APIRouter(tags=["access"])
_CODE_CHARS_MAX: Final = 128
_ERRORS: Final = (400, 403, 404, 408, 409, 413, 422, 429, 503)
_Code = Annotated[str, Field(min_length=1, max_length=_CODE_CHARS_MAX)]
_Name = Annotated[str, Field(min_length=1, max_length=LEDGER_WORD_CHARS_MAX)]


class First(BaseModel):
    """The terminal's code, and the name that its reader chooses."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: _Code
    user_id: _Name


class Invited(BaseModel):
    """The code of an invitation."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: _Code


class SignedIn(BaseModel):
    """Who is in now; the cookie is beside."""

    user_id: str
    scopes: list[str]
    csrf_token: str
    """What requests that change something send as `x-stillwatch-csrf`."""


class Ended(BaseModel):
    """How many sessions were ended."""

    ended: int


@router.post(
    "/v1/session/first",
    responses=describe(SignedIn, *_ERRORS),
    openapi_extra=body_of(First),
    summary="Become the first administrator, with the code on the service's terminal",
)
async def enter_first(request: Request) -> Response:
    """Make the administrator and a session of theirs."""
    door = _begin(request)
    said = await read_fields(First, request)
    return await _let_in(request, lambda: door.enter_first(said.code, user_id=said.user_id))


@router.post(
    "/v1/session/invitation",
    responses=describe(SignedIn, *_ERRORS),
    openapi_extra=body_of(Invited),
    summary="Sign in with an invitation, once",
)
async def enter_invited(request: Request) -> Response:
    """Use the invitation up, and begin a session."""
    door = _begin(request)
    said = await read_fields(Invited, request)
    return await _let_in(request, lambda: door.enter_invited(said.code))


@router.post(
    "/v1/session/key",
    responses=describe(SignedIn, 401, *_ERRORS),
    summary="Sign in with a key of one's own; the session may what the key may",
)
async def enter_with_key(request: Request) -> Response:
    """Begin a session for a person whose key the request has."""
    door = _begin(request)
    if not key_of(request):
        raise RefusedError(401, "This needs a key.", headers={"www-authenticate": "Bearer"})
    principal = await identify(request)
    return await _let_in(request, lambda: door.enter_with_key(principal))


@router.post(
    "/v1/session/end",
    responses=describe(Ended, 401, 403, 404, 429, 503),
    summary="Sign out",
)
async def end_session(request: Request) -> Response:
    """End the session of the request's cookie, and take the cookie away."""
    return await _leave(request, everywhere=False)


@router.post(
    "/v1/session/end-all",
    responses=describe(Ended, 401, 403, 404, 429, 503),
    summary="Sign out everywhere",
)
async def end_all_sessions(request: Request) -> Response:
    """End every session of whoever asks."""
    return await _leave(request, everywhere=True)


async def let_in(request: Request, secret: str, *, to: str = "") -> Response:
    """Answer somebody who has just come in: with a cookie, and who they are or where to go.

    Any session that the browser had before is ended.
    """
    door = open_door(request)
    await run_in_threadpool(_end_previous, door, request, secret)
    found = door.keys.find_session(secret)
    if found is None:
        raise RefusedError(503, "The ledger can't be used now.")
    if to or is_form(request):
        response = Response(status_code=303, headers={"location": to or "/"})
    else:
        name, scopes = found.principal.name, sorted(found.principal.scopes)
        said = SignedIn(user_id=name, scopes=scopes, csrf_token=token_of(secret))
        response = Response(said.model_dump_json(), media_type="application/json")
    door.sessions.hand_over(response, request, secret=secret)
    return response


def _begin(request: Request) -> LedgerDoor:
    door = open_door(request)
    door.rates.spend_sign_in(request)
    door.sessions.require_privacy(request)
    require_own_page(request, origin=door.settings.origin, is_proof_needed=False)
    return door


async def _let_in(request: Request, enter: Callable[[], str]) -> Response:
    with ledger_refusals():
        secret = await run_in_threadpool(enter)
        return await let_in(request, secret)


def _end_previous(door: LedgerDoor, request: Request, secret: str) -> None:
    before = door.sessions.secret_of(request)
    found = door.keys.find_session(before) if before and before != secret else None
    if found is not None:
        door.end(found.session_id, actor=found.principal.name)


async def _leave(request: Request, *, everywhere: bool) -> Response:
    door = open_door(request)
    principal = await identify(request)
    found = door.sessions.find(request)
    with ledger_refusals():
        if everywhere:
            ended = await run_in_threadpool(door.end_all, principal.name)
        elif found is not None and found.principal.name == principal.name:
            await run_in_threadpool(door.end, found.session_id, actor=principal.name)
            ended = 1
        else:
            ended = 0
    if is_form(request):
        response = Response(status_code=303, headers={"location": "/"})
    else:
        response = Response(Ended(ended=ended).model_dump_json(), media_type="application/json")
    door.sessions.hand_over(response, request, secret="")
    return response
