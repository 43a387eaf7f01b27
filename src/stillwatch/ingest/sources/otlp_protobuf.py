"""OTLP/protobuf requests as the OTLP/JSON documents that the reader of files knows.

For the service alone; needs `protobuf`, of the extra `serve`. Ids are hexadecimal, as
OTLP/JSON has them (protobuf's own JSON would have base64), whole numbers are written as text, and
what no exchange needs (links, dropped counts, flags, schema URLs) is left out.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Any, Final

from google.protobuf.message import DecodeError

from stillwatch.ingest.sources.otlp_messages import message_class

Json = dict[str, Any]
_DEPTH_MAX: Final = 64
"""Values within values that are followed; deeper ones are left out (protobuf itself allows 100)."""


def read_traces(body: bytes) -> Json:
    """Read an export of spans.

    Raises:
        ValueError: the body is no such message.
    """
    request = _parse(message_class("ExportTraceServiceRequest")(), body)
    return {
        "resourceSpans": [_resource(one, "scopeSpans", _scope) for one in request.resource_spans]
    }


def read_logs(body: bytes) -> Json:
    """Read an export of log records.

    Raises:
        ValueError: the body is no such message.
    """
    request = _parse(message_class("ExportLogsServiceRequest")(), body)
    return {"resourceLogs": [_resource(one, "scopeLogs", _scope) for one in request.resource_logs]}


def _parse(message: Any, body: bytes) -> Any:  # noqa: ANN401  either request
    try:
        message.ParseFromString(body)
    except (DecodeError, UnicodeDecodeError, RecursionError) as broken:
        text = "no such message"
        raise ValueError(text) from broken
    return message


def _resource(holder: Any, name: str, scope: Callable[[Any], Json]) -> Json:  # noqa: ANN401  generated classes
    scopes = holder.scope_spans if name == "scopeSpans" else holder.scope_logs
    return {
        "resource": {"attributes": _attributes(holder.resource.attributes)},
        name: [scope(one) for one in scopes],
    }


def _scope(scope: Any) -> Json:  # noqa: ANN401
    if hasattr(scope, "spans"):
        return {"spans": [_span(one) for one in scope.spans]}
    return {"logRecords": [_log(one) for one in scope.log_records]}


def _span(span: Any) -> Json:  # noqa: ANN401
    return {
        **_ids(span),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start_time_unix_nano),
        "endTimeUnixNano": str(span.end_time_unix_nano),
        "attributes": _attributes(span.attributes),
        "events": [
            {
                "timeUnixNano": str(one.time_unix_nano),
                "name": one.name,
                "attributes": _attributes(one.attributes),
            }
            for one in span.events
        ],
        "status": {"code": span.status.code},
    }


def _log(log: Any) -> Json:  # noqa: ANN401
    times = {
        "timeUnixNano": log.time_unix_nano,
        "observedTimeUnixNano": log.observed_time_unix_nano,
    }
    return {
        **_ids(log),
        **{name: str(nanoseconds) for name, nanoseconds in times.items() if nanoseconds},
        "attributes": _attributes(log.attributes),
        **({"body": _value(log.body)} if log.HasField("body") else {}),
        **({"eventName": log.event_name} if log.event_name else {}),
    }


def _ids(item: Any) -> Json:  # noqa: ANN401
    ids = {"traceId": item.trace_id, "spanId": item.span_id}
    return {name: raw.hex() for name, raw in ids.items() if raw}


def _attributes(pairs: Iterable[Any], depth: int = 0) -> list[Json]:
    return [{"key": one.key, "value": _value(one.value, depth)} for one in pairs]


def _value(value: Any, depth: int = 0) -> Json:  # noqa: ANN401
    kind = value.WhichOneof("value")
    if kind is None or depth > _DEPTH_MAX:
        return {}
    held = getattr(value, kind)
    if kind == "array_value":
        return {"arrayValue": {"values": [_value(one, depth + 1) for one in held.values]}}
    if kind == "kvlist_value":
        return {"kvlistValue": {"values": _attributes(held.values, depth + 1)}}
    if kind == "int_value":
        return {"intValue": str(held)}
    if kind == "bytes_value":
        return {"bytesValue": base64.b64encode(held).decode()}
    names = {
        "string_value": "stringValue",
        "bool_value": "boolValue",
        "double_value": "doubleValue",
    }
    return {names[kind]: held} if kind in names else {}
