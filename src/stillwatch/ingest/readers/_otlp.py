"""OTLP/JSON: its nesting and its typed values, brought to plain tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

_INNER: Final = (
    ("resourceSpans", ("scopeSpans", "instrumentationLibrarySpans"), "spans"),
    ("resourceLogs", ("scopeLogs",), "logRecords"),
)
Json = Any


def parts_of(document: Json) -> Iterator[dict[str, Any]]:
    """Give each span and log record with the attributes of its resource."""
    for outer, scopes, inner in _INNER:
        for resource in _tables(document, outer):
            shared = attributes_of(resource.get("resource"))
            for scope in scopes:
                for scoped in _tables(resource, scope):
                    for item in _tables(scoped, inner):
                        yield {"resource": shared, "item": item}


def attributes_of(holder: Json) -> dict[str, Any]:
    """Read a list of typed attributes (and an event's structured body) as one table."""
    if not isinstance(holder, dict):
        return {}
    said = {
        each["key"]: plain(each.get("value"))
        for each in _tables(holder, "attributes")
        if isinstance(each.get("key"), str)
    }
    body = plain(holder.get("body"))
    return {**body, **said} if isinstance(body, dict) else said


def plain(value: Json) -> Json:
    """Turn an AnyValue into the value it holds."""
    if not isinstance(value, dict):
        return value
    if "intValue" in value:
        return _whole(value["intValue"])
    if "arrayValue" in value:
        return [plain(each) for each in _list(value["arrayValue"])]
    if "kvlistValue" in value:
        pairs = (p for p in _list(value["kvlistValue"]) if isinstance(p, dict) and "key" in p)
        return {pair["key"]: plain(pair.get("value")) for pair in pairs}
    for kind in ("stringValue", "boolValue", "doubleValue", "bytesValue"):
        if kind in value:
            return value[kind]
    return value or None


def _whole(digits: Json) -> Json:
    """Read an integer, which OTLP/JSON writes as a string of digits."""
    if isinstance(digits, str) and digits.removeprefix("-").isdecimal():
        return int(digits)
    return digits


def _list(holder: Json) -> list[Any]:
    values = holder.get("values") if isinstance(holder, dict) else None
    return values if isinstance(values, list) else []


def _tables(holder: Json, name: str) -> list[dict[str, Any]]:
    found = holder.get(name) if isinstance(holder, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
