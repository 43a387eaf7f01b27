"""The console as a part of a service: one route for each page, one for the files that pages load.

A question goes the same way whatever the page: who asks and whether they may; the form, if it is
one, and whether it is theirs; the view, in a thread; the answer, drawn. What goes wrong on the way
is a page too, with what to do. The pages themselves stand in catalogues, `pages.PAGES` for one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from secrets import token_bytes
from threading import Thread
from typing import Final

from fastapi import APIRouter, Request, Response

from stillwatch.app.console.answering import Answering, answer_asset
from stillwatch.app.console.desk import PAGES as DESK
from stillwatch.app.console.desk import router as sign_in_routes
from stillwatch.app.console.frame.assets import Assets
from stillwatch.app.console.frame.forms import Tokens
from stillwatch.app.console.frame.page import ROOT, Page
from stillwatch.app.console.frame.render import compile_ahead
from stillwatch.app.console.pages import PAGES as FINDINGS
from stillwatch.app.console.reading import Readings, make_ready
from stillwatch.app.service.factory import Part
from stillwatch.app.settings import utc_now

CATALOGUE: Final[tuple[Page, ...]] = (*FINDINGS, *DESK)
"""Every page, in the order of the navigation."""
_SECRET_BYTES: Final = 32


def make_console(
    results: Callable[[], Path | None],
    *,
    clock: Callable[[], datetime] = utc_now,
    pages: Sequence[Page] = CATALOGUE,
    sign_in: str | None = None,
    stays_alive: bool = False,
) -> Part:
    """Make the console of a service.

    `results` says which result is the newest; the ledger is the service's, `app.state.ledger`.
    sign_in:      where a person without a session is sent; None says so on a page.
    stays_alive:  pages say now and then that they are open, so that who serves them may end after.
    """
    answering = Answering(
        readings=Readings(results, ahead=make_ready),
        assets=Assets(),
        tokens=Tokens(token_bytes(_SECRET_BYTES)),
        clock=clock,
        pages=tuple(pages),
        sign_in=sign_in,
        stays_alive=stays_alive,
    )
    Thread(target=compile_ahead, name="templates", daemon=True).start()
    router = APIRouter(include_in_schema=False)
    router.include_router(sign_in_routes)
    for page in pages:
        _add_page(router, page, answering)

    @router.get("/")
    async def door() -> Response:
        return Response(status_code=307, headers={"location": ROOT})

    @router.get(f"{ROOT}/static/{{mark}}/{{name}}")
    async def asset(request: Request, mark: str, name: str) -> Response:
        return answer_asset(request, answering.assets.at(mark, name))

    @router.get(f"{ROOT}/{{rest:path}}")
    async def nowhere(request: Request, rest: str) -> Response:
        if not rest:
            return Response(status_code=308, headers={"location": ROOT})
        return await answering.answer_nowhere(request)

    return Part(router)


def _add_page(router: APIRouter, page: Page, answering: Answering) -> None:
    async def show(request: Request) -> Response:
        return await answering.answer(request, page)

    methods = ["GET", "POST"] if page.act else ["GET"]
    router.add_api_route(page.address, show, methods=methods, name=page.title)
