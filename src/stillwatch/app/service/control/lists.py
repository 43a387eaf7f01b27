"""Lists and single rows of any kind of the ledger: one way to filter, page and find them.

A list takes `limit`, `after` and the filters that the ledger has for its kind, and refuses every
other parameter: a filter that is misspelt and passed over would show what was not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.control.ledger_work import read_ledger
from stillwatch.app.service.control.shapes import (
    READING_PROBLEMS,
    PathId,
    answer,
    answer_page,
    good,
    model_of,
    page_of,
)
from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.service_limits import CONTROL_PAGE_MAX, LEDGER_ID_CHARS_MAX
from stillwatch.store.ledger.nouns import Row
from stillwatch.store.ledger.nouns.columns import OneOf, marks_of
from stillwatch.store.ledger.views import View

PAGE: Final = 100
"""Rows of a page where nobody says otherwise: what a person scrolls through."""
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_CURSOR_CHARS_MAX: Final = LEDGER_ID_CHARS_MAX + 24
"""Characters of a cursor: an id, and the instant before it."""
_HAVE_PARTS: Final = ("/v1/cases", "/v1/interventions", "/v1/appeals")
"""Kinds whose rows have routes below them."""
_DIGITS_MAX: Final = 18
"""Digits of a number: fits 64 bits."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a caller asks of a list."""

    limit: int
    after: str | None
    equal: dict[str, str] = field(default_factory=dict)

    def after_number(self) -> int:
        """Give the place to go on from, where that is a number.

        Raises:
            RefusedError: it is none.
        """
        if self.after is None:
            return 0
        if not (self.after.isascii() and self.after.isdigit() and len(self.after) <= _DIGITS_MAX):
            raise RefusedError(422, "`after` is no place in this list.")
        return int(self.after)


def read_listing(request: Request, *, filters: Sequence[str] = ()) -> Listing:
    """Read the parameters of a list.

    Raises:
        RefusedError: one is unknown, stands twice, or has no such value (422).
    """
    said: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in {"limit", "after", *filters}:
            known = ", ".join(("limit", "after", *filters))
            raise RefusedError(422, f"This list takes {known}, and no other parameter.")
        if name in said:
            raise RefusedError(422, f"`{name}` stands twice.")
        if not value or len(value) > _CURSOR_CHARS_MAX or _CONTROLS.search(value):
            raise RefusedError(422, f"`{name}` is empty, too long, or holds control characters.")
        said[name] = value
    limit, after = _read_limit(said.pop("limit", str(PAGE))), said.pop("after", None)
    return Listing(limit, after, said)


def add_list(
    router: APIRouter, row: type[Row], path: str, *, filters: Sequence[str] = (), about: str
) -> None:
    """Add the route that lists the rows of a kind, the newest first."""

    async def answer_list(request: Request) -> Response:
        await authorise(request, "read")
        asked = read_listing(request, filters=filters)
        page = await read_ledger(
            request,
            lambda view: view.list(row, after=asked.after, limit=asked.limit, **asked.equal),
        )
        return answer_page(page.rows, page.next)

    router.add_api_route(
        path,
        answer_list,
        methods=["GET"],
        operation_id=f"list{path.removeprefix('/v1').replace('/', '_').replace('-', '_')}",
        summary=about,
        responses=good(page_of(row), 401, 403, 422, 503),
        openapi_extra={"parameters": parameters_of(row, filters)},
    )


def add_find(router: APIRouter, row: type[Row], path: str, *, about: str) -> None:
    """Add the route that gives one row by its id; its version is its `ETag`.

    An id with a slash in it is found where nothing else stands below the path.
    """
    place = "{row_id}" if path in _HAVE_PARTS else "{row_id:path}"

    async def answer_row(request: Request, row_id: PathId) -> Response:
        await authorise(request, "read")
        return answer(await read_ledger(request, lambda view: view.find(row, row_id)))

    router.add_api_route(
        f"{path}/{place}",
        answer_row,
        methods=["GET"],
        operation_id=f"find{path.removeprefix('/v1').replace('/', '_').replace('-', '_')}",
        summary=about,
        responses=good(model_of(row), *READING_PROBLEMS),
    )


def add_part(
    router: APIRouter,
    path: str,
    *,
    rows: type[Row],
    ask: Callable[[View, str, Listing], tuple[Sequence[Any], str | None]],
    about: str,
) -> None:
    """Add the route that lists what belongs to one row: its comments, its accounts."""

    async def answer_part(request: Request, row_id: PathId) -> Response:
        await authorise(request, "read")
        asked = read_listing(request)
        found, following = await read_ledger(request, lambda view: ask(view, row_id, asked))
        return answer_page(found, following)

    router.add_api_route(
        path,
        answer_part,
        methods=["GET"],
        operation_id=f"list_{path.rpartition('/')[2]}_of_{path.split('/')[2]}",
        summary=about,
        responses=good(page_of(rows), *READING_PROBLEMS),
        openapi_extra={"parameters": parameters_of(rows, ())},
    )


def parameters_of(row: type[Row], filters: Sequence[str]) -> list[dict[str, Any]]:
    """Describe the parameters of a list."""
    marks = marks_of(row)
    limit = {"type": "integer", "minimum": 1, "maximum": CONTROL_PAGE_MAX, "default": PAGE}
    found = [_parameter("limit", limit), _parameter("after", {"type": "string", "minLength": 1})]
    for name in filters:
        words = next((m.words for m in marks.get(name, ()) if isinstance(m, OneOf)), None)
        word = {"type": "string", "minLength": 1, "maxLength": LEDGER_ID_CHARS_MAX}
        found.append(_parameter(name, {"enum": list(words)} if words else word))
    return found


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _read_limit(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
    if not is_number or not 1 <= int(text) <= CONTROL_PAGE_MAX:
        raise RefusedError(422, f"`limit` is a number from 1 to {CONTROL_PAGE_MAX:,}.")
    return int(text)
