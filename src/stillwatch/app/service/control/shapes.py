"""Rows of the ledger as the API shows them: as JSON, and in the OpenAPI schema.

A row's model is made of the row itself, so that a column added to the ledger is in the schema
without a word here. What customers' references hash to is nobody's business and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_type_hints

import orjson
from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from stillwatch.app.service.routes.schema import Responses, body_of, describe
from stillwatch.domain.service_limits import LEDGER_ID_CHARS_MAX, LEDGER_TEXT_CHARS_MAX
from stillwatch.store.ledger.nouns import Row
from stillwatch.store.ledger.nouns.columns import OneOf, marks_of

_HIDDEN: Final = frozenset({"reference_hash"})
_NO_CONTROLS: Final = r"^[^\x00-\x1f\x7f]+$"
PROBLEMS: Final = (400, 401, 403, 404, 408, 409, 412, 413, 422, 503)
"""What a change may be refused with."""
READING_PROBLEMS: Final = (401, 403, 404, 422, 503)
Id = Annotated[
    str, StringConstraints(min_length=1, max_length=LEDGER_ID_CHARS_MAX, pattern=_NO_CONTROLS)
]
PathId = Annotated[str, Path(min_length=1, max_length=LEDGER_ID_CHARS_MAX, pattern=_NO_CONTROLS)]
_models: dict[type[Row], type[BaseModel]] = {}
_pages: dict[type[Row], type[BaseModel]] = {}
Prose = Annotated[str, StringConstraints(min_length=1, max_length=LEDGER_TEXT_CHARS_MAX)]


class Asked(BaseModel):
    """What every body of the management API holds to: no word that it doesn't know."""

    model_config = ConfigDict(extra="forbid")


class Counted(BaseModel):
    """How many it was."""

    count: int


def among(words: tuple[str, ...]) -> Any:  # noqa: ANN401  Pydantic's mark of a field
    """Hold a field of a body to some words."""
    pattern = "|".join(re.escape(word) for word in words)
    return Field(pattern=f"^(?:{pattern})$", json_schema_extra={"enum": list(words)})


def model_of(row: type[Row]) -> type[BaseModel]:
    """Give the model of a row, closed lists of words included."""
    if row not in _models:
        _models[row] = _make_model(row)
    return _models[row]


def _make_model(row: type[Row]) -> type[BaseModel]:
    hints, marks = get_type_hints(row), marks_of(row)
    fields = {
        name: (_with_words(hint, marks[name]), ...)
        for name, hint in hints.items()
        if name not in _HIDDEN
    }
    return create_model(row.__name__, __doc__=row.__doc__, **fields)  # type: ignore[call-overload,no-any-return]  # fields of a row are its own


def page_of(row: type[Row]) -> type[BaseModel]:
    """Give the model of a page of rows."""
    if row not in _pages:
        rows: Any = list[model_of(row)]  # type: ignore[misc]  # made while the program runs
        _pages[row] = create_model(
            f"{row.__name__}Page",
            __doc__="Some rows, and what `after` takes for the next page; null = this is the last.",
            rows=(rows, ...),
            next=(str | None, ...),
        )
    return _pages[row]


def good(model: Any, *problems: int, status: int = 200) -> Responses:  # noqa: ANN401  a model
    """Describe a route: what it gives, and which problems it may have."""
    return {status: {"model": model}, **describe(None, *(problems or PROBLEMS))}


def body_as(model: type[BaseModel]) -> dict[str, Any]:
    """Describe the body of a route by its model, models within it written out."""
    schema = model.model_json_schema()
    inner = schema.pop("$defs", {})
    return body_of(_inline(schema, inner))


def answer(content: Any, *, status: int = 200) -> Response:  # noqa: ANN401  rows, or JSON
    """Answer with a row, or with what is JSON already; a version goes out as `ETag`."""
    version = getattr(content, "version", None)
    headers = {} if version is None else {"etag": f'"{version}"'}
    body = orjson.dumps(plain(content))
    return Response(body, status, media_type="application/json", headers=headers)


def answer_page(rows: Sequence[Any], following: str | None) -> Response:
    """Answer with a page."""
    return answer({"rows": [plain(row) for row in rows], "next": following})


def plain(content: Any) -> Any:  # noqa: ANN401  rows, or JSON
    """Give a row as JSON can have it, without what is not to be shown."""
    if is_dataclass(content) and not isinstance(content, type):
        return {name: one for name, one in asdict(content).items() if name not in _HIDDEN}
    return content


def _with_words(hint: Any, marks: tuple[Any, ...]) -> Any:  # noqa: ANN401  types
    words = next((mark.words for mark in marks if isinstance(mark, OneOf)), None)
    if words is None:
        return hint
    one: Any = Literal[words]
    return one if hint is str else list[one]


def _inline(schema: Any, inner: Mapping[str, Any]) -> Any:  # noqa: ANN401  a piece of a schema
    if isinstance(schema, list):
        return [_inline(one, inner) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline(inner[schema["$ref"].rpartition("/")[2]], inner)
    return {name: _inline(one, inner) for name, one in schema.items()}


Instant = Annotated[datetime, Field(description="RFC 3339, with its zone.")]
