"""Every dialect's reader, found by discovery, through the same checks.

Goldens are records written by hand in the shape that each dialect documents; none comes from a
writer of ours.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from dialects.writers import LACKS, WRITERS
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.domain.errors import BadMapping
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import ARRIVAL, EXCHANGE
from stillwatch.ingest import IngestSettings, find_traffic, parse_chunk, read_chunks
from stillwatch.ingest.parse import reader_of
from stillwatch.ingest.readers import MAPPED, Reader, catalogue, recognise
from stillwatch.ingest.records import LINE, Parsed, RowBuilder

DIALECTS = Path(__file__).parent / "dialects"
KEY = PseudonymKey.from_bytes(bytes(range(16)))
NAMED = sorted(set(catalogue()) - {MAPPED})
CASES = [
    pytest.param(name, case, id=f"{name}: {case['about']}")
    for name in NAMED
    for case in json.loads((DIALECTS / f"{name}.json").read_text("utf-8"))
]
ROW = {
    "exchange_id": "ex-1",
    "time": "2026-01-01T00:00:00.250Z",
    "account_id": "acct_1",
    "org_id": "org_1",
    "api_key_id": "key_1",
    "end_user_id": "eu_1",
    "access_path": "api",
    "ip": "198.51.100.7",
    "user_agent": "client/1.0",
    "tls_fingerprint": "t13d1516h2_8daaf6152771_b0da82dd1658",
    "device_id": "dev_1",
    "model": "model-x",
    "endpoint": "/v1/messages",
    "temperature": 0.5,
    "max_tokens": 64,
    "tools": 2,
    "thinking": True,
    "logprobs": False,
    "system": "Be brief.",
    "prompt": "Weather in Paris?",
    "response": "rainy",
    "input_tokens": 12,
    "output_tokens": 3,
    "status": 200,
    "latency_ms": 900,
    "conversation_id": "conv_1",
}


def read(reader: Reader, *documents: object, account_field: str | None = None) -> Parsed:
    """Read documents, one a line."""
    rows = RowBuilder(EXCHANGE, reader, account_field=account_field)
    for line, document in enumerate(documents, 1):
        rows.add_line(orjson.dumps(document), line=line)
    return rows.finish()


def known(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Give each row's fields that are not null."""
    rows = frame.drop(LINE).to_dicts()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_a_documented_record_is_read_field_by_field(name: str, case: dict[str, Any]) -> None:
    """Every field that the record carries is in the exchange, and nothing else is."""
    parsed = read(catalogue()[name], case["document"])
    assert known(parsed.frame) == [case["exchange"]]
    assert not parsed.rejects
    assert not +parsed.nulled


@pytest.mark.parametrize(("name", "case"), CASES)
def test_a_record_is_recognised_by_its_own_reader_alone(name: str, case: dict[str, Any]) -> None:
    """Of all readers exactly the right one says yes."""
    says_yes = [each for each, reader in catalogue().items() if reader.recognise(case["document"])]
    assert says_yes == [name]


@pytest.mark.parametrize("name", NAMED)
def test_the_account_can_be_taken_from_elsewhere(name: str) -> None:
    """--account-field is a dotted path into the record as it came in."""
    where = {
        "native": "org_id",
        "litellm": "metadata.user_api_key_org_id",
        "otel": "cloud.account.id",
        "openai": "headers.OpenAI-Organization",
        "anthropic": "response_headers.anthropic-organization-id",
        "bedrock": "accountId",
    }
    first = json.loads((DIALECTS / f"{name}.json").read_text("utf-8"))[0]
    parsed = read(catalogue()[name], first["document"], account_field=where[name])
    assert parsed.frame["account_id"].to_list() == [first["exchange"]["org_id"]]


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("form", ["lines", "array", "array over many lines", "gzip"])
def test_a_file_of_a_dialect_is_read_in_every_form(name: str, form: str, tmp_path: Path) -> None:
    """Lines, a JSON array in one line or many, and gzip give the same exchanges."""
    cases = json.loads((DIALECTS / f"{name}.json").read_text("utf-8"))
    documents = [case["document"] for case in cases]
    lines = b"".join(orjson.dumps(each) + b"\n" for each in documents)
    content = {
        "lines": lines,
        "array": orjson.dumps(documents),
        "array over many lines": orjson.dumps(documents, option=orjson.OPT_INDENT_2),
        "gzip": gzip.compress(lines),
    }[form]
    (tmp_path / "exchanges.json").write_bytes(content)
    settings = IngestSettings()
    chunks = list(read_chunks(find_traffic(tmp_path), settings=settings))
    parsed = [parse_chunk(chunk, settings=settings, key=KEY) for chunk in chunks]
    arrivals = pl.concat([each.arrivals for each in parsed])
    assert arrivals["account_id"].to_list() == [c["exchange"]["account_id"] for c in cases]
    assert arrivals["prompt"].to_list() == [c["exchange"].get("prompt") for c in cases]
    assert arrivals["source_line"].to_list() == list(range(1, len(cases) + 1))
    assert arrivals.schema == ARRIVAL.schema


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_the_same_exchange_reads_alike_from_every_dialect(name: str) -> None:
    """What a dialect can carry is the same as in the native record."""
    line = next(iter(WRITERS[name]([ROW])))
    document = orjson.loads(line)
    assert recognise(document) == name
    found = known(read(catalogue()[name], document).frame)[0]
    wanted = {field: value for field, value in ROW.items() if field not in LACKS[name]}
    times = {"litellm": ROW["time"], "otel": "1767225600250000000"}
    wanted["time"] = times.get(name, ROW["time"])
    assert {field: found.get(field) for field in wanted} == wanted


def test_a_span_that_is_no_model_call_is_no_record() -> None:
    """Tool runs and HTTP spans stand beside model calls in a trace, and are not exchanges."""
    tool = [{"key": "gen_ai.operation.name", "value": {"stringValue": "execute_tool"}}]
    http = [{"key": "http.request.method", "value": {"stringValue": "POST"}}]
    call = [{"key": "gen_ai.request.model", "value": {"stringValue": "model-x"}}]
    spans = [{"spanId": str(i), "attributes": a} for i, a in enumerate((tool, http, call))]
    document = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
    parsed = read(catalogue()["otel"], document)
    assert parsed.frame["model"].to_list() == ["model-x"]
    assert not parsed.rejects


def test_a_secret_in_a_header_never_becomes_an_account() -> None:
    """A bearer token names its account by a digest, and appears nowhere."""
    secret = "sk-very-secret"  # noqa: S105  it stands for one
    document = {
        "time": 1767225600,
        "headers": {"Authorization": f"Bearer {secret}"},
        "request": {"messages": [{"role": "user", "content": "hi"}]},
        "response": {"choices": []},
    }
    row = known(read(catalogue()["openai"], document).frame)[0]
    assert row["account_id"] == row["api_key_id"]
    assert row["account_id"].startswith("key-")
    assert secret not in json.dumps(row)


def test_a_mapping_reads_any_other_log() -> None:
    """Our field = a dotted path; a list of paths takes the first that leads somewhere."""
    mapping = {
        "time": "ts",
        "account_id": ["consumer.id", "consumer.name"],
        "prompt": "body.messages.0.content",
        "ip": "net.client.addr",
        "input_tokens": "usage.in",
    }
    reader = reader_of(MAPPED, IngestSettings(mapping=mapping))
    document = {
        "ts": 1767225600,
        "consumer": {"name": "acme"},
        "body": {"messages": [{"content": [{"text": "Weather"}]}]},
        "net.client": {"addr": "198.51.100.7"},
        "usage": {"in": 3},
    }
    assert known(read(reader, document).frame) == [
        {
            "time": "1767225600",
            "account_id": "acme",
            "prompt": "Weather",
            "ip": "198.51.100.7",
            "input_tokens": 3,
        }
    ]


@pytest.mark.parametrize(
    "mapping",
    [
        {"time": "ts"},
        {"time": "ts", "account_id": "a", "colour": "c"},
        {"time": "ts", "account_id": 5},
        {"time": "ts", "account_id": []},
    ],
)
def test_a_mapping_that_cannot_be_applied_stops_the_run(
    mapping: dict[str, Any], tmp_path: Path
) -> None:
    """What a mapping lacks, or names wrongly, is told before anything is read."""
    (tmp_path / "exchanges.jsonl").write_text("{}\n")
    with pytest.raises(BadMapping):
        read_chunks(find_traffic(tmp_path), settings=IngestSettings(mapping=mapping))


def _mangled(documents: list[Any]) -> st.SearchStrategy[Any]:
    """Give documents in which one value, at any depth, is of another type."""
    odd = st.sampled_from([None, 5, -1.5, True, "", "x", [], [1], {}, {"a": 1}, [[{}]], "[", "{}"])

    def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        pairs = value.items() if isinstance(value, dict) else enumerate(list(value))
        for key, each in pairs:
            yield (*path, key)
            if isinstance(each, dict | list):
                yield from places(each, (*path, key))

    @st.composite
    def mangle(draw: st.DrawFn) -> object:
        document = orjson.loads(orjson.dumps(draw(st.sampled_from(documents))))
        path = draw(st.sampled_from(list(places(document))))
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = draw(odd)
        return document

    return mangle()


@pytest.mark.parametrize("name", NAMED)
def test_a_value_of_another_type_never_stops_a_reader(name: str) -> None:
    """Whatever stands anywhere in a record, it is read or rejected, and the next one is read."""
    cases = json.loads((DIALECTS / f"{name}.json").read_text("utf-8"))
    sound = cases[0]

    @given(_mangled([case["document"] for case in cases]))
    def check(document: object) -> None:
        parsed = read(catalogue()[name], document, sound["document"])
        assert parsed.frame.height + len(parsed.rejects) in (1, 2)
        assert known(parsed.frame)[-1] == sound["exchange"]

    check()
