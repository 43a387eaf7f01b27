"""What the OpenAPI schema says of errors and of bodies that we read ourselves."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel

from stillwatch.app.service.problems import MEDIA_TYPE

Responses = dict[int | str, dict[str, Any]]
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


def describe(good: Any, *errors: int) -> Responses:  # noqa: ANN401  a model, a union of some, or None
    """Describe the answers of a route: what it gives, and which problems it may have."""
    found: Responses = {} if good is None else {200: {"model": good}}
    content = {MEDIA_TYPE: {"schema": _PROBLEM}}
    for status in errors:
        found[status] = {"description": HTTPStatus(status).phrase, "content": content}
    return found


def body_of(*shapes: dict[str, Any]) -> dict[str, Any]:
    """Describe a JSON body that may have one of several shapes."""
    schema = shapes[0] if len(shapes) == 1 else {"anyOf": list(shapes)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def shape_of(kind: type[BaseModel]) -> dict[str, Any]:
    """Give the schema of a model that holds no other model."""
    return kind.model_json_schema()
