"""The messages of OTLP that carry model calls, made here from their field numbers.

Not imported from `opentelemetry-proto`: `xds-protos`, which Envoy's messages come from, installs an
older copy of the same modules over it, and which of the two is there depends on who came last. The
numbers are the protocol's, version 1, and never change; fields that are not read here are passed by
as unknown ones. They rest in a pool of their own, so that nobody else's copy is met.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE: Final = "stillwatch.otlp"
_VALUE: Final = "value"
"""Name of the oneof of an attribute's value."""
_KINDS: Final = {
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "fixed64": FieldDescriptorProto.TYPE_FIXED64,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "string": FieldDescriptorProto.TYPE_STRING,
}
MESSAGES: Final[Mapping[str, Mapping[str, tuple[int, str]]]] = {
    "AnyValue": {
        "string_value": (1, "string"),
        "bool_value": (2, "bool"),
        "int_value": (3, "int64"),
        "double_value": (4, "double"),
        "array_value": (5, "ArrayValue"),
        "kvlist_value": (6, "KeyValueList"),
        "bytes_value": (7, "bytes"),
    },
    "ArrayValue": {"values": (1, "AnyValue*")},
    "KeyValueList": {"values": (1, "KeyValue*")},
    "KeyValue": {"key": (1, "string"), "value": (2, "AnyValue")},
    "Resource": {"attributes": (1, "KeyValue*")},
    "Event": {
        "time_unix_nano": (1, "fixed64"),
        "name": (2, "string"),
        "attributes": (3, "KeyValue*"),
    },
    "Status": {"code": (3, "int32")},
    "Span": {
        "trace_id": (1, "bytes"),
        "span_id": (2, "bytes"),
        "name": (5, "string"),
        "kind": (6, "int32"),
        "start_time_unix_nano": (7, "fixed64"),
        "end_time_unix_nano": (8, "fixed64"),
        "attributes": (9, "KeyValue*"),
        "events": (11, "Event*"),
        "status": (15, "Status"),
    },
    "ScopeSpans": {"spans": (2, "Span*")},
    "ResourceSpans": {"resource": (1, "Resource"), "scope_spans": (2, "ScopeSpans*")},
    "ExportTraceServiceRequest": {"resource_spans": (1, "ResourceSpans*")},
    "LogRecord": {
        "time_unix_nano": (1, "fixed64"),
        "body": (5, "AnyValue"),
        "attributes": (6, "KeyValue*"),
        "trace_id": (9, "bytes"),
        "span_id": (10, "bytes"),
        "observed_time_unix_nano": (11, "fixed64"),
        "event_name": (12, "string"),
    },
    "ScopeLogs": {"log_records": (2, "LogRecord*")},
    "ResourceLogs": {"resource": (1, "Resource"), "scope_logs": (2, "ScopeLogs*")},
    "ExportLogsServiceRequest": {"resource_logs": (1, "ResourceLogs*")},
}
"""Message → field → (number, type); a star says that it is repeated."""


def message_class(name: str) -> Any:  # noqa: ANN401  a class that protobuf makes
    """Give the class of a message.

    Raises:
        KeyError: there is no such message.
    """
    return GetMessageClass(_pool().FindMessageTypeByName(f"{_PACKAGE}.{name}"))


@cache
def _pool() -> DescriptorPool:
    made = FileDescriptorProto(name="stillwatch/otlp.proto", package=_PACKAGE, syntax="proto3")
    made.message_type.extend(_describe(name, fields) for name, fields in MESSAGES.items())
    pool = DescriptorPool()
    pool.Add(made)
    return pool


def _describe(name: str, fields: Mapping[str, tuple[int, str]]) -> DescriptorProto:
    message = DescriptorProto(name=name)
    if name == "AnyValue":
        message.oneof_decl.add(name=_VALUE)
    for field, (number, said) in fields.items():
        made = message.field.add(name=field, number=number)
        made.label = (
            FieldDescriptorProto.LABEL_REPEATED
            if said.endswith("*")
            else FieldDescriptorProto.LABEL_OPTIONAL
        )
        kind = said.rstrip("*")
        made.type = _KINDS.get(kind, FieldDescriptorProto.TYPE_MESSAGE)
        if kind not in _KINDS:
            made.type_name = f".{_PACKAGE}.{kind}"
        if name == "AnyValue":
            made.oneof_index = 0
    return message
