"""`/appeals/{reference}`: what a customer sees and sends, as a page or as JSON, without a key.

Whoever holds the reference is the customer: it can't be guessed, and no account, password or
cookie stands beside it, so there is nothing that another site could borrow. A browser gets a page,
everything else JSON; a form and JSON are taken.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from stillwatch.app.service.control.appeals.links import AppealLinks
from stillwatch.app.service.control.appeals.page import PRIVATE, render_page
from stillwatch.app.service.control.appeals.seen import NOBODY, AppealSeen, Held, see
from stillwatch.app.service.control.appeals.statement import (
    FORM,
    JSON,
    StatementAsked,
    read_statement,
)
from stillwatch.app.service.control.ledger_work import (
    ledger_of,
    now_of,
    read_ledger,
    run_refusable,
)
from stillwatch.app.service.control.shapes import good
from stillwatch.app.service.problems import RefusedError, problem

router: Final = APIRouter(tags=["appeals of customers"])
ACTOR: Final = "service:appeals"
_TAIL: Final = ".,;:)>"
"""What mail readers take into a link that ends a sentence."""
_UNKNOWN: Final = "There is no such decision, or its address is not complete."
Reference = Annotated[str, Path(min_length=1, max_length=3_000)]


_CONTENT: Final = {name: {"schema": StatementAsked.model_json_schema()} for name in (JSON, FORM)}
_PAGE: Final = {"text/html": {"schema": {"type": "string"}}}


def _shown(status: int, *problems: int) -> dict[int | str, dict[str, object]]:
    """Describe answers that are JSON or a page."""
    described = good(AppealSeen, *problems, status=status)
    for one in described.values():
        one["content"] = {**one.get("content", {}), **_PAGE}
    return described


@router.get(
    "/appeals/{reference}",
    responses=_shown(200, 404, 422, 429, 503),
    summary="What was decided, and how far the appeal against it is",
)
async def show_appeal(request: Request, reference: Reference) -> Response:
    """Show it to whoever holds the reference."""
    try:
        _, seen = await _look_up(request, reference)
    except RefusedError as refused:
        return _refuse(request, refused)
    return _show(request, seen)


@router.post(
    "/appeals/{reference}",
    status_code=201,
    responses={
        **_shown(201, 404, 408, 409, 413, 415, 422, 429, 503),
        303: {"description": "To the page, where a form was sent."},
    },
    openapi_extra={"requestBody": {"required": True, "content": _CONTENT}},
    summary="Appeal",
)
async def send_appeal(request: Request, reference: Reference) -> Response:
    """Take the appeal of whoever holds the reference; there is one."""
    seen, statement = None, ""
    try:
        held, seen = await _look_up(request, reference)
        statement = await read_statement(request)
        await _file(request, held, statement)
        seen = await _see(request, held)
    except RefusedError as refused:
        if refused.status == 409 and _wants_page(request):  # noqa: PLR2004  it was sent before
            return _redirect(request)
        return _refuse(request, refused, seen=seen, statement=statement)
    return _redirect(request) if _wants_page(request) else _show(request, seen, status=201)


async def _look_up(request: Request, reference: str) -> tuple[Held, AppealSeen]:
    """Give what a reference stands for, and what its holder may see.

    Raises:
        RefusedError: it stands for nothing (404), or is used too often (429).
    """
    control = request.app.state.control
    clean = reference.rstrip(_TAIL)
    ids = control.links.read(clean) if control.links is not None else None
    wait_s = control.buckets.wait_s(ids)
    if wait_s:
        detail = "Too many requests; try again later."
        raise RefusedError(429, detail, headers={"retry-after": str(wait_s)})
    held = Held(clean, *(ids or NOBODY))
    return held, await _see(request, held)


async def _see(request: Request, held: Held) -> AppealSeen:
    """Give what the holder of a reference may see, in the sentence that is theirs.

    Raises:
        RefusedError: it stands for nothing (404).
    """
    links: AppealLinks | None = request.app.state.control.links
    seen = await read_ledger(request, lambda view: see(view, held))
    if seen is None or links is None:
        raise RefusedError(404, _UNKNOWN)
    own = links.personal(seen.sentence, decision_id=held.decision_id, account_id=held.account_id)
    return seen.model_copy(update={"sentence": own})


async def _file(request: Request, held: Held, statement: str) -> None:
    ledger, now = ledger_of(request), now_of(request)
    days = request.app.state.control.settings.appeal_days
    appeal = held.as_appeal(statement, now=now, days=days)

    def work() -> None:
        with ledger.write(actor=ACTOR, now=now) as change:
            change.file_appeal(appeal)

    try:
        await run_refusable(work)
    except RefusedError as refused:
        if refused.status == 409:  # noqa: PLR2004
            detail = "An appeal was sent already, or there is nothing left to appeal against."
            raise RefusedError(409, detail) from refused
        raise


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "").lower()


def _redirect(request: Request) -> Response:
    return RedirectResponse(request.url.path, 303, headers=PRIVATE)


def _show(request: Request, seen: AppealSeen, *, status: int = 200) -> Response:
    if _wants_page(request):
        return render_page(seen, status=status, days=request.app.state.control.settings.appeal_days)
    body = seen.model_dump_json()
    return Response(body, status, media_type=JSON, headers=PRIVATE)


def _refuse(
    request: Request, refused: RefusedError, *, seen: AppealSeen | None = None, statement: str = ""
) -> Response:
    headers = {**PRIVATE, **refused.headers}
    if not _wants_page(request):
        return problem(refused.status, refused.detail, headers=headers, **refused.said)
    days = request.app.state.control.settings.appeal_days
    shown = render_page(
        seen, status=refused.status, days=days, problem=refused.detail, statement=statement
    )
    shown.headers.update(headers)
    return shown
