"""One question answered: may they, is the form theirs, the view in a thread, the page drawn."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool

from stillwatch.app.console.frame.asked import Asked, Behind
from stillwatch.app.console.frame.assets import Asset, Assets
from stillwatch.app.console.frame.exports import export_sheet
from stillwatch.app.console.frame.forms import Tokens, read_form
from stillwatch.app.console.frame.headers import ASSET_HEADERS, PAGE_HEADERS
from stillwatch.app.console.frame.packing import choose_form
from stillwatch.app.console.frame.page import SECTIONS, Answer, Moved, Page, Sent, Shown
from stillwatch.app.console.frame.refusals import NotThereError, RefusedPageError
from stillwatch.app.console.frame.render import render
from stillwatch.app.console.frame.sheets import view_sheet
from stillwatch.app.console.reading import Readings
from stillwatch.app.console.reading.in_force import follow_ledger
from stillwatch.app.service.access.door import csrf_token
from stillwatch.app.service.access.keys import Principal, authorise
from stillwatch.app.service.problems import RefusedError
from stillwatch.app.service.telemetry import tell
from stillwatch.domain.errors import StillwatchError
from stillwatch.store.ledger import Ledger

_HTML: Final = "text/html; charset=utf-8"
_FAULT: Final = RefusedPageError(
    500,
    "This page has a fault",
    "It is a fault of Stillwatch. The other pages go on working; the log of the service says where "
    "it happened, and a report of it is welcome.",
)
_NOBODY: Final = Principal("", frozenset())
THEMES: Final = ("light", "dark")
THEME_COOKIE: Final = "stillwatch_theme"


@dataclass(frozen=True, slots=True)
class Answering:
    """What every answer needs."""

    readings: Readings
    assets: Assets
    tokens: Tokens
    clock: Callable[[], datetime]
    pages: tuple[Page, ...]
    sign_in: str | None
    stays_alive: bool

    async def answer(self, request: Request, page: Page) -> Response:
        """Answer a question to a page; whatever goes wrong is answered with a page too."""
        asked = Asked(page, dict(request.query_params), _NOBODY, self.clock(), Behind(None, None))
        try:
            posted = request.method == "POST"
            scope = page.act_scope if posted else page.scope
            principal = await authorise(request, scope) if scope else _NOBODY
            asked = replace(asked, principal=principal, cookies=request.cookies)
            if posted:
                form = await read_form(request)
                self.tokens.check(request, form=form, name=principal.name)
                asked = replace(asked, form=form)
            return await run_in_threadpool(self._draw, request, asked)
        except RefusedError as refused:
            if refused.status == 401 and self.sign_in:  # noqa: PLR2004  nobody is signed in
                return Response(status_code=303, headers={"location": self.sign_in})
            return self._refuse(request, asked, _word(refused))
        except RefusedPageError as refused:
            return self._refuse(request, asked, refused)
        except StillwatchError as failed:
            advice = failed.hint or "Try again; the log of the service has more."
            return self._refuse(request, asked, RefusedPageError(503, str(failed), advice))
        except Exception as fault:  # noqa: BLE001  a bug is a page too, and a line in the log
            tell("console.fault", page=page.path, kind=type(fault).__name__, where=_place(fault))
            return self._refuse(request, asked, _FAULT)

    async def answer_nowhere(self, request: Request) -> Response:
        """Say that there is no such page."""
        page = Page("/", "Nothing here", lambda _: Moved("/"))
        asked = Asked(page, {}, _NOBODY, self.clock(), Behind(None, None))
        try:
            asked = replace(asked, principal=await authorise(request, "read"))
        except RefusedError as refused:
            return self._refuse(request, asked, _word(refused))
        return self._refuse(request, asked, NotThereError("page", request.url.path))

    def _draw(self, request: Request, asked: Asked) -> Response:
        """Call the view and draw what it says; runs in a thread."""
        ledger: Ledger | None = request.app.state.ledger
        reading = self.readings.newest()
        if reading is not None and ledger is not None:
            follow_ledger(reading, ledger, now=asked.now)
        asked = replace(asked, behind=Behind(reading, ledger, request.app.state))
        view = asked.page.act if request.method == "POST" else None
        answer = (view or asked.page.view)(asked)
        return self._respond(request, asked, answer)

    def _respond(self, request: Request, asked: Asked, answer: Answer) -> Response:
        if isinstance(answer, Moved):
            return Response(status_code=303, headers={"location": answer.to, **PAGE_HEADERS})
        if isinstance(answer, Shown):
            wanted, _, form = asked.text("export").rpartition(".")
            for sheet in answer.sheets:
                if sheet.name == wanted:
                    about = asked.text("id")
                    sent = export_sheet(view_sheet(sheet, asked.query), form=form, about=about)
                    answer = sent or answer
                    break
        if isinstance(answer, Sent):
            return _send(request, answer)
        return self._show(request, asked, answer)

    def _show(self, request: Request, asked: Asked, shown: Shown) -> Response:
        theme = request.cookies.get(THEME_COOKIE, "")
        context: dict[str, Any] = {
            "page": asked.page,
            "asked": asked,
            "now": asked.now,
            "sections": self._navigation(asked, request),
            "sheets": {sheet.name: view_sheet(sheet, asked.query) for sheet in shown.sheets},
            "asset": self.assets.address,
            "theme": theme if theme in THEMES else "",
            "form_token": self.tokens.make(asked.principal.name),
            "session_token": csrf_token(request),
            "stays_alive": self.stays_alive,
            **shown.context,
        }
        return Response(
            render(shown.template, context),
            shown.status,
            media_type=_HTML,
            headers={**PAGE_HEADERS, "vary": "cookie"},
        )

    def _refuse(self, request: Request, asked: Asked, refused: RefusedPageError) -> Response:
        tell("console.refused", status=refused.status, page=asked.page.path)
        said: Mapping[str, Any] = {"refused": refused}
        return self._show(request, asked, Shown("refused.html", said, status=refused.status))

    def _navigation(self, asked: Asked, request: Request) -> dict[str, list[Page]]:
        """List the pages that this person may open and whose needs are met, by section."""
        has_ledger = request.app.state.ledger is not None
        listed = [
            page
            for page in self.pages
            if page.section
            and page.scope in asked.principal.scopes
            and (has_ledger or "ledger" not in page.needs)
        ]
        found = {name: [page for page in listed if page.section == name] for name in SECTIONS}
        return {name: pages for name, pages in found.items() if pages}


def answer_asset(request: Request, asset: Asset | None) -> Response:
    """Send a file that a page loads; it never changes under its address."""
    if asset is None:
        return Response(status_code=404, headers=PAGE_HEADERS)
    content, said = choose_form(request, asset.content, asset.packed)
    return Response(content, media_type=asset.media_type, headers={**ASSET_HEADERS, **said})


def _send(request: Request, sent: Sent) -> Response:
    content, said = choose_form(request, sent.content, sent.packed)
    headers = {**PAGE_HEADERS, **said}
    if sent.file_name is not None:
        headers["content-disposition"] = f'attachment; filename="{sent.file_name}"'
    return Response(content, media_type=sent.media_type, headers=headers)


def _word(refused: RefusedError) -> RefusedPageError:
    """Say what a route of the service refused, as a page does."""
    words = {
        401: ("You are not signed in", "Sign in, or open the console with the address you got."),
        403: ("You may not do this", f"{refused.detail} Ask an administrator for the role."),
    }
    title, advice = words.get(refused.status, (refused.detail, "Go back and try again."))
    return RefusedPageError(refused.status, title, advice)


def _place(fault: Exception) -> str:
    """Say where a fault happened, without anything that it was about."""
    last = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
