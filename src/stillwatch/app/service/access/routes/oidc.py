"""Signing in at the identity provider: there, and back again."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from stillwatch.app.service.access.door import LedgerDoor, open_door
from stillwatch.app.service.access.oidc.enter import enter_identified
from stillwatch.app.service.access.oidc.flow import FLOW_S, OidcClient
from stillwatch.app.service.access.routes.bodies import Responses, describe, ledger_refusals
from stillwatch.app.service.access.routes.session import let_in
from stillwatch.app.service.problems import RefusedError

router: Final = APIRouter(tags=["access"])
COOKIE: Final = "__Host-stillwatch-oidc"
PLAIN_COOKIE: Final = "stillwatch-oidc"
_WAY_CHARS_MAX: Final = 2_000
_SAID_CHARS_MAX: Final = 4_000
_Said = Annotated[str, Query(max_length=_SAID_CHARS_MAX)]
_REDIRECT: Final[Responses] = {303: {"description": "On to where the header `location` says"}}


@router.get(
    "/v1/session/oidc/start",
    status_code=303,
    response_class=Response,
    responses={**_REDIRECT, **describe(None, 400, 404, 422, 429, 502)},
    summary="Sign in at the identity provider",
)
async def start_oidc(
    request: Request, to: Annotated[str, Query(max_length=_WAY_CHARS_MAX)] = "/"
) -> Response:
    """Send the browser to the identity provider; afterwards it goes on to the path `to`."""
    door, client = _open(request)
    door.sessions.require_privacy(request)
    where, browser = await run_in_threadpool(client.start, to=_own_path(to))
    response = Response(status_code=303, headers={"location": where})
    _hand_over(response, door, request, browser)
    return response


@router.get(
    "/v1/session/oidc/callback",
    status_code=303,
    response_class=Response,
    responses={**_REDIRECT, **describe(None, 400, 403, 404, 409, 422, 429, 502, 503)},
    summary="Come back from the identity provider",
)
async def finish_oidc(
    request: Request, state: _Said = "", code: _Said = "", iss: _Said | None = None
) -> Response:
    """Believe the identity provider, or not; begin a session."""
    door, client = _open(request)
    said = {"state": state, "code": code} | ({} if iss is None else {"iss": iss})
    browser = request.cookies.get(_cookie_of(door, request), "")
    claims, to = await run_in_threadpool(client.finish, said, browser=browser)
    with ledger_refusals():
        secret = await run_in_threadpool(enter_identified, door, claims)
        response = await let_in(request, secret, to=to)
    _hand_over(response, door, request, "")
    return response


def _open(request: Request) -> tuple[LedgerDoor, OidcClient]:
    door = open_door(request)
    client: OidcClient | None = getattr(request.app.state, "oidc", None)
    if client is None:
        raise RefusedError(404, "This service has no identity provider.")
    door.rates.spend_sign_in(request)
    return door, client


def _own_path(to: str) -> str:
    """Give a path of ours; an address of anybody else becomes the first page."""
    is_path = to.startswith("/") and not to.startswith(("//", "/\\"))
    return to if is_path and to.isprintable() and to.isascii() and "\\" not in to else "/"


def _cookie_of(door: LedgerDoor, request: Request) -> str:
    return COOKIE if door.sessions.is_secure(request) else PLAIN_COOKIE


def _hand_over(response: Response, door: LedgerDoor, request: Request, browser: str) -> None:
    response.set_cookie(
        _cookie_of(door, request),
        browser,
        max_age=int(FLOW_S) if browser else 0,
        path="/",
        secure=door.sessions.is_secure(request),
        httponly=True,
        samesite="lax",
    )
