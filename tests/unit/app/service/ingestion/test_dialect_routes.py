"""Bodies of every dialect and packing: durable, bounded, and in the lake as a file would be."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from ingestion_service import Service, service_at

from stillwatch.domain import service_limits
from stillwatch.ingest.readers import dialects
from stillwatch.store.segments import JournalBounds, SegmentFolder


def call(number: int, **changes: object) -> dict[str, Any]:
    """Make a record as LiteLLM's generic logger sends it."""
    return {
        "id": f"chatcmpl-{number}",
        "litellm_call_id": f"b980db26-{number}",
        "call_type": "acompletion",
        "status": "success",
        "prompt_tokens": 210,
        "completion_tokens": 602,
        "startTime": 1_767_225_600.12 + number,
        "endTime": 1_767_225_604.9 + number,
        "response_time": 4.78,
        "model": "m-1",
        "metadata": {
            "user_api_key_hash": "88dc28d0",
            "user_api_key_team_id": f"team_{number % 3}",
            "user_api_key_user_email": "someone@example.org",
        },
        "end_user": "eu_9",
        "requester_ip_address": "198.51.100.7",
        "user_agent": "Client/1.0",
        "messages": [{"role": "user", "content": f"What is {number} in binary, step by step?"}],
        "response": {"choices": [{"message": {"role": "assistant", "content": "Half of it …"}}]},
        **changes,
    }


CALLS = [call(number) for number in range(6)]
BEYOND = service_limits.INGEST_BODY_BYTES_MAX + 1
LINES = b"\n".join(orjson.dumps(one) for one in CALLS)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """Give a service that isn't running yet."""
    return service_at(tmp_path)


def ids(service: Service) -> list[str]:
    """Name the exchanges of the lake."""
    return sorted(service.rows()["exchange_id"])


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, LINES),
        ({}, orjson.dumps(CALLS)),
        ({}, orjson.dumps(CALLS, option=orjson.OPT_INDENT_2)),
        ({"content-encoding": "gzip"}, gzip.compress(LINES[:900]) + gzip.compress(LINES[900:])),
        ({"content-encoding": "zstd"}, zstandard.compress(orjson.dumps(CALLS))),
        (
            {"content-encoding": "ZSTD"},
            zstandard.compress(LINES[:9]) + zstandard.compress(LINES[9:]),
        ),
        ({"content-encoding": "identity"}, LINES + b"\n"),
    ],
    ids=["lines", "array", "indented", "gzip", "zstd", "two-frames", "identity"],
)
def test_what_a_gateway_sends_is_kept_and_committed(
    service: Service, headers: dict[str, str], body: bytes
) -> None:
    """Whatever its layout and packing; the content type is what the logger says, always JSON."""
    headers = {"content-type": "application/json", **headers}
    with service.running() as (client, ingestion):
        answer = client.post("/ingest/litellm", content=body, headers=headers)
        assert (answer.status_code, answer.json()) == (202, {"kept": True})
        assert ingestion.intake is not None
        assert ingestion.intake.counts.bodies == 1
        assert ingestion.intake._budget.held == 0
    assert service.commit().counts["exchanges"] == 6
    assert ids(service) == [f"chatcmpl-{number}" for number in range(6)]
    assert set(service.rows()["account_id"]) == {"team_0", "team_1", "team_2"}


def test_it_is_on_the_disk_before_it_is_acknowledged(service: Service, tmp_path: Path) -> None:
    """The segment, unfinished as it is, holds the body when the answer comes."""
    with service.running() as (client, _):
        client.post("/ingest/native", content=b'{"account_id": "a", "time": 1767225600}')
        (path,) = SegmentFolder(tmp_path / "journal").unfinished()
        assert path.stat().st_size > 0


@pytest.mark.parametrize("kind", [*dialects(), "accounts", "releases", "permissions"])
def test_every_dialect_has_a_route(service: Service, kind: str) -> None:
    """But the mapping, which is no dialect of anybody's."""
    with service.running() as (client, _):
        answer = client.post(f"/ingest/{kind}", content=b"{}\n")
    assert answer.status_code == (404 if kind == "mapping" else 202)


def test_an_empty_body_is_acknowledged_and_nothing_kept(service: Service) -> None:
    """Loggers send an empty batch now and then."""
    with service.running() as (client, _):
        assert client.post("/ingest/native", content=b"").status_code == 202
    assert SegmentFolder(service.settings.journal).sealed() == []


def bomb(size: int) -> bytes:
    """Give a few kilobytes that unpack to as many zero bytes."""
    return zstandard.ZstdCompressor(level=19).compress(b" " * size)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (400, {}, b"\x89PNG\r\n\0\0\0"),
        (400, {}, b"\xff\xfe\xfd"),
        (400, {"content-encoding": "gzip"}, LINES),
        (400, {"content-encoding": "gzip"}, gzip.compress(LINES)[:-9]),
        (400, {"content-encoding": "zstd"}, LINES),
        (400, {"content-encoding": "zstd"}, zstandard.compress(LINES)[:-3]),
        (413, {"content-encoding": "zstd"}, bomb(BEYOND)),
        (413, {"content-encoding": "gzip"}, gzip.compress(b" " * BEYOND)),
        (413, {}, b" " * (service_limits.INGEST_PACKED_BYTES_MAX + 1)),
        (415, {"content-encoding": "br"}, LINES),
    ],
    ids=["binary", "no-text", "no-gzip", "cut-gzip", "no-zstd", "cut-zstd", "zstd-bomb",
         "gzip-bomb", "large", "br"],
)  # fmt: skip
def test_what_cannot_be_taken_is_a_problem(
    service: Service, status: int, headers: dict[str, str], body: bytes
) -> None:
    """In problem+json, without a word of the body; nothing is kept and no memory is held."""
    with service.running() as (client, ingestion):
        answer = client.post("/ingest/native", content=body, headers=headers)
        assert ingestion.intake is not None
        assert ingestion.intake._budget.held == 0
        assert ingestion.intake.counts.refused == {status: 1}
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert SegmentFolder(service.settings.journal).sealed() == []


def test_a_body_without_a_length_is_bounded_too(service: Service) -> None:
    """Chunked: it is refused when it has come to the bound, and not read on."""
    given = [0]

    def pieces() -> Iterator[bytes]:
        for _ in range(40):
            given[0] += 2**20
            yield b" " * 2**20

    with service.running() as (client, _):
        assert client.post("/ingest/native", content=pieces()).status_code == 413


def test_too_much_at_once_is_told_to_come_again(service: Service) -> None:
    """429 with Retry-After, by memory, and by what waits on the disk."""
    body = b'{"account_id": "a"}\n' * 100
    with service.running(memory_bytes=1_000) as (client, _):
        answer = client.post("/ingest/native", content=body)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    with service.running(bounds=JournalBounds(disk_bytes=10)) as (client, _):
        answer = client.post("/ingest/native", content=body)
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == str(service_limits.JOURNAL_RETRY_S)
        assert answer.json()["title"] == "Too Many Requests"


def test_a_malformed_line_is_data(service: Service) -> None:
    """It is acknowledged, and a row of the quarantine when it is committed."""
    with service.running() as (client, _):
        answer = client.post("/ingest/litellm", content=LINES + b'\n{"torn": \n\xff\xfe\n')
        assert answer.status_code == 202
    counts = service.commit().counts
    assert (counts["exchanges"], counts["quarantined"]) == (6, 2)


def test_a_lost_answer_doubles_nothing(service: Service) -> None:
    """The same body again, in another layout, is six duplicates."""
    with service.running() as (client, _):
        client.post("/ingest/litellm", content=LINES)
        client.post("/ingest/litellm", content=orjson.dumps(CALLS))
    assert service.commit().counts == {
        "read": 12, "exchanges": 6, "quarantined": 0, "duplicates": 6
    }  # fmt: skip
    assert len(service.rows()) == 6


def test_a_register_is_taken_too(service: Service) -> None:
    """Its e-mail addresses rest nowhere."""
    with service.running() as (client, _):
        client.post("/ingest/native", content=b'{"account_id": "a", "time": 1767225600}')
        row = {"account_id": "a", "email_domain": "example.org", "created_at": "2026-01-01"}
        client.post("/ingest/accounts", content=orjson.dumps([row]))
    service.commit()
    assert service.rows("register")["account_id"].to_list() == ["a"]


def test_before_and_after_it_runs_nothing_is_taken(service: Service) -> None:
    """503: an answer that a client tries again after."""
    with service.running() as (client, ingestion):
        assert ingestion.is_ready
        held, ingestion.intake = ingestion.intake, None
        assert not ingestion.is_ready
        assert client.post("/ingest/native", content=b"{}").status_code == 503
        ingestion.intake = held


def test_the_schema_names_every_route(service: Service) -> None:
    """With a body and the refusals, for whoever makes a client."""
    with service.running() as (client, _):
        paths = client.get("/openapi.json").json()["paths"]
    assert {"/ingest/native", "/ingest/litellm", "/ingest/accounts", "/v1/traces", "/v1/logs"} <= {
        *paths
    }
    for path in paths.values():
        assert path["post"]["requestBody"]["required"]
        assert {"400", "413", "429"} <= path["post"]["responses"].keys()
