"""Signing in and out: the page anybody may see, and the forms behind it.

The routes of `access` do the work, with their limits and their proofs; here their answers are led
back to a page, so that a wrong code is a sentence and no JSON. What went wrong travels as a word.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter, Request, Response

from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.forms import read_form
from stillwatch.app.console.frame.page import ROOT, Page, Shown
from stillwatch.app.console.frame.refusals import RefusedPageError
from stillwatch.app.service.access.door import LedgerDoor
from stillwatch.app.service.access.routes import session as access
from stillwatch.app.service.problems import RefusedError

SIGN_IN: Final = address("/sign-in")
router: Final = APIRouter(include_in_schema=False)
_WORDS: Final = {
    "400": "Signing in needs HTTPS, or this machine alone.",
    "403": "This opens nothing: it was used, is over, or was typed wrong.",
    "404": "This service has no ledger, and nobody signs in.",
    "409": "Somebody is called that already, or there is an administrator already.",
    "422": "A name has a-z, 0-9 and . _ - alone, and a code is not empty.",
    "429": "Too many tries. Wait a minute.",
    "503": "The ledger does not answer. Try again in a minute.",
}
_OUT: Final = "You are signed out."
_FAILED: Final = "That did not work. Try again."


def view(asked: Asked) -> Shown:
    """Show the ways in that there are."""
    door = getattr(asked.behind.state, "access", None)
    refused = asked.text("refused")
    told = {
        "has_door": isinstance(door, LedgerDoor),
        "is_first": isinstance(door, LedgerDoor) and not door.keys.has_admin,
        "has_oidc": isinstance(door, LedgerDoor) and door.settings.has_oidc,
        "problem": _WORDS.get(refused, _FAILED) if refused else "",
        "told": _OUT if asked.text("told") == "out" else "",
    }
    return Shown("desk/sign_in.html", told)


@router.post(f"{ROOT}/sign-in/first")
async def enter_first(request: Request) -> Response:
    """Become the first administrator."""
    return await _lead(request, access.enter_first, to=ROOT)


@router.post(f"{ROOT}/sign-in/invitation")
async def enter_invited(request: Request) -> Response:
    """Come in by an invitation."""
    return await _lead(request, access.enter_invited, to=ROOT)


@router.post(f"{ROOT}/sign-in/key")
async def enter_with_key(request: Request) -> Response:
    """Come in with a key of one's own, which a form carries and no header."""

    async def work(request: Request) -> Response:
        door = access._begin(request)  # noqa: SLF001  limits and proofs, as for the other ways in
        key = ((await read_form(request)).get("key") or [""])[0].strip()
        principal = door.keys.find(key) if key else None
        if principal is None:
            door.spend(request, None)
            raise RefusedError(403, "This key opens nothing.")
        return await access._let_in(  # noqa: SLF001  as above
            request, lambda: door.enter_with_key(principal)
        )

    return await _lead(request, work, to=ROOT)


@router.post(f"{ROOT}/sign-out")
async def leave(request: Request) -> Response:
    """End the session."""
    return await _lead(request, access.end_session, to=address("/sign-in", told="out"))


async def _lead(
    request: Request, work: Callable[[Request], Awaitable[Response]], *, to: str
) -> Response:
    try:
        answer = await work(request)
    except (RefusedError, RefusedPageError) as refused:
        there = address("/sign-in", refused=str(refused.status))
        return Response(status_code=303, headers={"location": there})
    answer.headers["location"] = to
    return answer


PAGES: Final = (Page("/sign-in", "Sign in", view, scope=""),)
