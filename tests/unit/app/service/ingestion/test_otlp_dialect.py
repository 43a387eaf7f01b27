"""OTLP/HTTP: protobuf is JSON is the file of it, and answers are the protocol's own."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest
from google.protobuf.json_format import ParseDict
from ingestion_service import KEY, Service, service_at
from polars.testing import assert_frame_equal

from stillwatch.app.pipeline import run_ingest
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import IngestRequest, Source
from stillwatch.app.settings import utc_now
from stillwatch.domain.settings import Settings
from stillwatch.ingest.sources.otlp_messages import message_class
from stillwatch.ingest.sources.otlp_protobuf import read_logs, read_traces
from stillwatch.store.lake import Lake

JSON, PROTOBUF = "application/json", "application/x-protobuf"


def attribute(name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Write an attribute as OTLP/JSON has it."""
    kinds = {str: "stringValue", bool: "boolValue", float: "doubleValue"}
    if isinstance(value, int) and not isinstance(value, bool):
        return {"key": name, "value": {"intValue": str(value)}}
    if isinstance(value, list):
        items = [attribute("", one)["value"] for one in value]
        return {"key": name, "value": {"arrayValue": {"values": items}}}
    if isinstance(value, dict):
        return {
            "key": name,
            "value": {"kvlistValue": {"values": [attribute(*p) for p in value.items()]}},
        }
    return {"key": name, "value": {kinds[type(value)]: value}}


def span(number: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Make a span of a model call."""
    said = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m-1",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.usage.input_tokens": 100 + number,
        "gen_ai.usage.output_tokens": 180,
        "gen_ai.conversation.id": f"conv-{number}",
        "client.address": f"198.51.100.{number}",
        "user_agent.original": "Client/1.0",
        "user.id": f"acct_{number % 2}",
        "gen_ai.input.messages": orjson.dumps(
            [
                {
                    "role": "user",
                    "parts": [{"type": "text", "content": f"Weather in {number} cities?"}],
                }
            ]
        ).decode(),
        "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"57"}]}]',
        **changes,
    }
    begin = 1_767_225_600_000_000_000 + number * 10**9
    return {
        "traceId": f"5b8efff798038103d269b633813fc6{number:02x}",
        "spanId": f"eee19b7ec3c1b1{number:02x}",
        "name": "chat m-1",
        "kind": 3,
        "startTimeUnixNano": str(begin),
        "endTimeUnixNano": str(begin + 2_100_000_000),
        "attributes": [attribute(*pair) for pair in said.items() if pair[1] is not None],
        "status": {"code": 2 if number == 3 else 0},
    }


def traces(*spans: dict[str, Any]) -> dict[str, Any]:
    """Put spans into an export."""
    resource = {"attributes": [attribute("service.name", "gateway")]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


def logs() -> dict[str, Any]:
    """Make an export of one event whose messages are structured."""
    said = {
        "gen_ai.operation.name": "chat",
        "user.id": "acct_1",
        "gen_ai.response.id": "resp-1",
        "gen_ai.input.messages": [
            {"role": "user", "parts": [{"type": "text", "content": "And tomorrow, in Paris?"}]}
        ],
    }
    record = {
        "timeUnixNano": "1767225700000000000",
        "traceId": "5b8efff798038103d269b633813fc60c",
        "eventName": "gen_ai.client.inference.operation.details",
        "attributes": [attribute(*pair) for pair in said.items()],
        "body": attribute("", {"gen_ai.request.model": "m-2"})["value"],
    }
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}


def as_protobuf(document: dict[str, Any], message: Any) -> bytes:  # noqa: ANN401  a generated class
    """Write an export as protobuf, whose own JSON has ids in base64."""

    def based(value: Any, name: str = "") -> Any:  # noqa: ANN401
        if isinstance(value, dict):
            return {key: based(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [based(one) for one in value]
        return bytes.fromhex(value) if name in {"traceId", "spanId"} else value

    def ready(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, dict):
            return {key: ready(one) for key, one in value.items()}
        if isinstance(value, list):
            return [ready(one) for one in value]
        return base64.b64encode(value).decode() if isinstance(value, bytes) else value

    return bytes(ParseDict(ready(based(document)), message).SerializeToString())


GOLDEN_TRACES = (
    "CtIEChsKGQoMc2VydmljZS5uYW1lEgkKB2dhdGV3YXkSsgQSrwQKEFuO//eYA4ED0mm2M4E/xgESCO7hm37DwbEB"
    "KghjaGF0IG0tMTADOQDKlClScoYYQQA/wKZScoYYSh8KFWdlbl9haS5vcGVyYXRpb24ubmFtZRIGCgRjaGF0Sh0K"
    "FGdlbl9haS5yZXF1ZXN0Lm1vZGVsEgUKA20tMUonChpnZW5fYWkucmVxdWVzdC50ZW1wZXJhdHVyZRIJIQAAAAAA"
    "AOA/Sh8KGWdlbl9haS51c2FnZS5pbnB1dF90b2tlbnMSAhhlSiEKGmdlbl9haS51c2FnZS5vdXRwdXRfdG9rZW5z"
    "EgMYtAFKIgoWZ2VuX2FpLmNvbnZlcnNhdGlvbi5pZBIICgZjb252LTFKIAoOY2xpZW50LmFkZHJlc3MSDgoMMTk4"
    "LjUxLjEwMC4xSiMKE3VzZXJfYWdlbnQub3JpZ2luYWwSDAoKQ2xpZW50LzEuMEoTCgd1c2VyLmlkEggKBmFjY3Rf"
    "MUpnChVnZW5fYWkuaW5wdXQubWVzc2FnZXMSTgpMW3sicm9sZSI6InVzZXIiLCJwYXJ0cyI6W3sidHlwZSI6InRl"
    "eHQiLCJjb250ZW50IjoiV2VhdGhlciBpbiAxIGNpdGllcz8ifV19XUpbChZnZW5fYWkub3V0cHV0Lm1lc3NhZ2Vz"
    "EkEKP1t7InJvbGUiOiJhc3Npc3RhbnQiLCJwYXJ0cyI6W3sidHlwZSI6InRleHQiLCJjb250ZW50IjoiNTcifV19"
    "XXoA"
)
GOLDEN_LOGS = (
    "Cr0CEroCErcCCQDocDZpcoYYKiEyHwodChRnZW5fYWkucmVxdWVzdC5tb2RlbBIFCgNtLTIyHwoVZ2VuX2FpLm9w"
    "ZXJhdGlvbi5uYW1lEgYKBGNoYXQyEwoHdXNlci5pZBIICgZhY2N0XzEyHgoSZ2VuX2FpLnJlc3BvbnNlLmlkEggK"
    "BnJlc3AtMTJ2ChVnZW5fYWkuaW5wdXQubWVzc2FnZXMSXSpbClkyVwoOCgRyb2xlEgYKBHVzZXIKRQoFcGFydHMS"
    "PCo6CjgyNgoOCgR0eXBlEgYKBHRleHQKJAoHY29udGVudBIZChdBbmQgdG9tb3Jyb3csIGluIFBhcmlzP0oQW47/"
    "95gDgQPSabYzgT/GDGIpZ2VuX2FpLmNsaWVudC5pbmZlcmVuY2Uub3BlcmF0aW9uLmRldGFpbHM="
)
"""What opentelemetry-proto 1.45.2 wrote for `traces(span(1))` and `logs()`, in base64."""


def partial_success(content: bytes) -> tuple[int, str]:
    """Read a short export response: field 1 holds the number in its field 1, the word in its 2."""
    assert content[:1] == b"\x0a"
    assert content[1] == len(content) - 2
    assert (content[2], content[4]) == (0x08, 0x12)
    assert content[5] == len(content) - 6
    return content[3], content[6:].decode()


def test_what_the_protocols_own_library_writes_is_read() -> None:
    """Field by field the same document, and not one byte is unknown to our messages."""
    for golden, read, document, name in (
        (GOLDEN_TRACES, read_traces, traces(span(1)), "ExportTraceServiceRequest"),
        (GOLDEN_LOGS, read_logs, logs(), "ExportLogsServiceRequest"),
    ):
        body = base64.b64decode(golden)
        assert as_protobuf(document, message_class(name)()) == body
        told = read(body)
        (resource,) = told[next(iter(told))]
        (theirs,) = document[next(iter(document))]
        for scope in ("scopeSpans", "scopeLogs"):
            for one, other in zip(resource.get(scope, []), theirs.get(scope, []), strict=True):
                for kind in one.keys() & other.keys():
                    assert [{**b, **a} for a, b in zip(one[kind], other[kind], strict=True)] == [
                        {**a, **b} for a, b in zip(one[kind], other[kind], strict=True)
                    ]


DOCUMENT = traces(*(span(number) for number in range(5)), {"name": "GET /", "attributes": []})


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """Give a service that isn't running yet."""
    return service_at(tmp_path / "service")


def from_file(tmp_path: Path, *documents: dict[str, Any]) -> Lake:
    """Ingest the documents as a file of lines."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "exchanges.jsonl").write_bytes(b"\n".join(map(orjson.dumps, documents)))
    request = IngestRequest(Source(folder), tmp_path / "file")
    run_ingest(request, settings=Settings(), key=KEY, now=utc_now(), progress=QuietProgress())
    return Lake(tmp_path / "file")


@pytest.mark.parametrize("packing", [None, "gzip"])
@pytest.mark.parametrize("media", [JSON, PROTOBUF])
def test_protobuf_equals_json_equals_the_file(
    service: Service, tmp_path: Path, media: str, packing: str | None
) -> None:
    """The same rows, ids and hashes, whichever way spans and events came."""
    is_json = media == JSON
    bodies = {
        "/v1/traces": orjson.dumps(DOCUMENT, option=orjson.OPT_INDENT_2)
        if is_json
        else as_protobuf(DOCUMENT, message_class("ExportTraceServiceRequest")()),
        "/v1/logs": orjson.dumps(logs())
        if is_json
        else as_protobuf(logs(), message_class("ExportLogsServiceRequest")()),
    }
    headers = {"content-type": media}
    if packing:
        headers["content-encoding"] = packing
    with service.running() as (client, _):
        for path, body in bodies.items():
            sent = gzip.compress(body) if packing else body
            answer = client.post(path, content=sent, headers=headers)
            assert answer.status_code == 200
            assert answer.headers["content-type"] == media
            assert answer.content == (b"{}" if is_json else b"")
    assert service.commit().counts["exchanges"] == 6
    placed = ("source_file", "source_line")
    ours = service.rows().drop(placed).sort("exchange_id")
    theirs = from_file(tmp_path, DOCUMENT, logs()).read("observed").drop(placed).sort("exchange_id")
    assert_frame_equal(ours, theirs, check_exact=True)
    assert ours["status"].to_list().count(200) == 5


def test_calls_without_an_account_are_counted_as_rejected(service: Service) -> None:
    """Partial success in the client's form; they are quarantined, the rest is kept."""
    document = traces(span(0), span(1, **{"user.id": None}), span(2, **{"user.id": None}))
    with service.running() as (client, _):
        answer = client.post("/v1/traces", json=document)
        assert answer.status_code == 200
        assert answer.json()["partialSuccess"]["rejectedSpans"] == "2"
        body = as_protobuf(document, message_class("ExportTraceServiceRequest")())
        answer = client.post("/v1/traces", content=body, headers={"content-type": PROTOBUF})
    rejected, why = partial_success(answer.content)
    assert rejected == 2
    assert "account" in why
    assert service.commit().counts == {
        "read": 6, "exchanges": 1, "quarantined": 4, "duplicates": 1
    }  # fmt: skip


def test_rejected_log_records_are_counted_under_their_own_name(service: Service) -> None:
    """Field 1 of the response's field 1, in both."""
    document = logs()
    record = document["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]
    record["attributes"] = [one for one in record["attributes"] if one["key"] != "user.id"]
    with service.running() as (client, _):
        answer = client.post("/v1/logs", json=document)
        assert answer.json()["partialSuccess"]["rejectedLogRecords"] == "1"
        body = as_protobuf(document, message_class("ExportLogsServiceRequest")())
        answer = client.post("/v1/logs", content=body, headers={"content-type": PROTOBUF})
    assert partial_success(answer.content)[0] == 1


@pytest.mark.parametrize(
    ("status", "media", "body"),
    [
        (400, JSON, b"{torn"),
        (400, JSON, b"[1]"),
        (400, JSON, b'{"resourceSpans": 7}'),
        (400, JSON, b"\xff\xfe"),
        (400, JSON, b"[" * 100_000),
        (400, PROTOBUF, b"\x0a\xff\xff\xff"),
        (400, PROTOBUF, orjson.dumps(DOCUMENT)),
        (415, "text/plain", b"{}"),
    ],
    ids=["torn", "list", "shape", "no-text", "deep", "cut", "json", "media"],
)
def test_what_is_no_export_is_refused_in_the_protocols_form(
    service: Service, status: int, media: str, body: bytes
) -> None:
    """A google.rpc.Status: code 3 and a message, in the client's form."""
    with service.running() as (client, _):
        answer = client.post("/v1/traces", content=body, headers={"content-type": media})
    assert answer.status_code == status
    if media == PROTOBUF:
        assert answer.headers["content-type"] == PROTOBUF
        assert answer.content.startswith(b"\x08\x03\x12")
    else:
        assert answer.json()["code"] == 3


def test_back_pressure_is_told_in_the_protocols_form(service: Service) -> None:
    """429 and Retry-After, by which exporters wait and send again."""
    with service.running(memory_bytes=10) as (client, _):
        answer = client.post("/v1/traces", json=DOCUMENT)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["code"] == 8


def test_an_export_of_nothing_is_a_success(service: Service) -> None:
    """An empty message is how a collector tries its connection."""
    with service.running() as (client, _):
        for media, body in ((JSON, b"{}"), (PROTOBUF, b"")):
            answer = client.post("/v1/traces", content=body, headers={"content-type": media})
            assert answer.status_code == 200
