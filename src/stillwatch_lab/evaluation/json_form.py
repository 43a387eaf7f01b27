"""Frozen values to JSON and back: the shape of the JSON is the shape of the dataclasses.

Reads and writes `record`. The one idea: the types of the fields are the schema, so nothing is
written down twice. Absent: forms other than the present one; a file of another form is refused.
"""

from __future__ import annotations

import json
import math
import types
from dataclasses import asdict, fields, is_dataclass
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from stillwatch.domain.errors import InputError

T = TypeVar("T")


def write_json(value: Any) -> str:  # noqa: ANN401  any dataclass of `record`
    """Write a dataclass as indented JSON; a figure that is not finite would be a bug."""
    return json.dumps(asdict(value), indent=2, allow_nan=False)


def read_json(kind: type[T], text: str) -> T:
    """Read what `write_json` wrote, as the dataclass that it was.

    Raises:
        InputError: it is no JSON, or not of this form.
    """
    try:
        built: T = _build(kind, json.loads(text))
    except (ValueError, TypeError, KeyError) as wrong:
        message = f"this is no {kind.__name__} in JSON: {wrong}"
        raise InputError(message, hint="`stillwatch evaluate --json` writes it") from wrong
    return built


def _build(kind: Any, value: Any) -> Any:  # noqa: ANN401  a type and what JSON holds for it
    if isinstance(kind, types.UnionType):
        return None if value is None else _build(get_args(kind)[0], value)
    if is_dataclass(kind):
        hints, make = get_type_hints(kind), cast("type", kind)
        return make(**{one.name: _build(hints[one.name], value[one.name]) for one in fields(kind)})
    if get_origin(kind) is tuple:
        return tuple(_build(get_args(kind)[0], item) for item in value)
    if get_origin(kind) is dict:
        return {str(name): _build(get_args(kind)[1], item) for name, item in value.items()}
    return _take(kind, value)


def _take(kind: type, value: Any) -> Any:  # noqa: ANN401  see above
    if kind is float and type(value) in {int, float} and math.isfinite(value):
        return float(value)
    if kind is float or type(value) is not kind:
        message = f"{value!r} is no {kind.__name__}"
        raise TypeError(message)
    return value
