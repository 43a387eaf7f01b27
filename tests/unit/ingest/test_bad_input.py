"""Bad input is data: what is wrong is quarantined with file, line and reason, the rest is read."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import orjson
import polars as pl
import pytest
import zstandard

from stillwatch.domain import limits
from stillwatch.domain.errors import InputError, NothingToRead, UnknownDialect
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.ingest import IngestSettings, find_traffic, parse_chunk, read_chunks, settle
from stillwatch.ingest.parse import ArrivalChunk, ReadCounts
from stillwatch.ingest.sources.cut import OVERSIZED

KEY = PseudonymKey.from_bytes(bytes(range(16)))
Put = Callable[..., None]


def record(name: str, **fields: object) -> bytes:
    """Write one sound record, but for the fields given."""
    sound = {"exchange_id": name, "time": "2026-01-01T00:00:00Z", "account_id": "a"}
    return orjson.dumps({**sound, **fields}) + b"\n"


def ingest(where: Path, **asked: object) -> ArrivalChunk:
    """Ingest a directory; give all chunks as one."""
    settings = IngestSettings(**asked)  # type: ignore[arg-type]
    chunks = read_chunks(find_traffic(where), settings=settings)
    parsed = [parse_chunk(chunk, settings=settings, key=KEY) for chunk in chunks]
    return ArrivalChunk(
        pl.concat([each.arrivals for each in parsed]),
        pl.concat([each.quarantine for each in parsed]),
        sum((each.counts for each in parsed), ReadCounts()),
    )


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write a file into the traffic directory."""

    def write(content: bytes, name: str = "exchanges.jsonl") -> None:
        (tmp_path / name).write_bytes(content)

    return write


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"time":', "not JSON"),
        (b"{'time': 1}", "not JSON"),
        (b'{"time": 1} trailing', "not JSON"),
        (b'{"time": 1, "account_id": "a", "temperature": NaN}', "not JSON"),
        (b'{"time": 1, "account_id": "a", "prompt": "\x00"}', "not JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b"5", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"time": 1, "account_id": "a", "prompt": "\xff\xfe"}', "unreadable bytes"),
        (b'{"account_id": "a"}', "no time"),
        (b'{"time": null, "account_id": "a"}', "no time"),
        (b'{"time": "yesterday", "account_id": "a"}', "time cannot be read"),
        (b'{"time": true, "account_id": "a"}', "time cannot be read"),
        (b'{"time": 1767225600}', "no account_id"),
        (b'{"time": 1767225600, "account_id": ""}', "no account_id"),
        (b'{"time": 1767225600, "account_id": {"id": 1}}', "no account_id"),
        (b'{"time": 1767225600, "account_id": 1.5}', "no account_id"),
    ],
)
def test_a_bad_record_is_quarantined_where_it_stands(
    bad: bytes, reason: str, tmp_path: Path, put: Put
) -> None:
    """File, line and reason are told; the records before and after it are read."""
    put(record("before") + b"\n" + bad + b"\n" + record("after"))
    read = ingest(tmp_path)
    assert read.quarantine.rows() == [("exchanges.jsonl", 3, reason, None)]
    assert read.arrivals["exchange_id"].to_list() == ["before", "after"]
    assert read.arrivals["source_line"].to_list() == [1, 4]
    assert (read.counts.read, read.counts.accepted, read.counts.quarantined) == (3, 2, 1)


def test_a_wrong_type_in_an_optional_field_is_null_and_counted(tmp_path: Path, put: Put) -> None:
    """The record is read without the field, and the field is counted by its name."""
    wrong = {
        "max_tokens": "many",
        "temperature": "hot",
        "thinking": "yes",
        "tools": {"a": 1},
        "prompt": 5,
        "model": ["m"],
        "ip": "no address",
        "input_tokens": 1.5,
        "status": 2**63,
        "latency_ms": True,
    }
    put(record("sound", prompt="hi") + record("odd", **wrong) + record("odd too", prompt={}))
    read = ingest(tmp_path)
    assert read.arrivals["prompt"].to_list() == ["hi", None, None]
    assert dict(read.counts.nulled) == {**dict.fromkeys(wrong, 1), "prompt": 2}
    assert read.quarantine.is_empty()


def test_what_only_looks_like_another_type_is_taken(tmp_path: Path, put: Put) -> None:
    """Texts that read like JSON stay texts; whole numbers may be written with a point."""
    looks = {"prompt": '{"a": 1}', "system": "5", "model": "true", "response": "[1]"}
    put(record("e", **looks, max_tokens=64.0, thinking=1, tools=[{}, {}], ip="1.2.3.4"))
    row = ingest(tmp_path).arrivals.row(0, named=True)
    assert {name: row[name] for name in looks} == looks
    assert (row["max_tokens"], row["thinking"]) == (64, True)


def test_a_lone_surrogate_does_not_take_the_record_with_it(tmp_path: Path, put: Put) -> None:
    r"""Half a pair is JSON that no text can hold: it becomes U+FFFD, and the record stays."""
    half = rb'{"time": 1767225600, "account_id": "a", "prompt": "x\ud83dy \ud83d\ude00 \ude00"}'
    put(half + b"\n" + rb'{"time": 1767225600, "account_id": "a", "prompt": "\ud83d"}')
    read = ingest(tmp_path)
    assert read.arrivals["prompt"].to_list() == ["x\ufffdy 😀 \ufffd", "\ufffd"]
    assert read.quarantine.is_empty()


def test_a_line_of_fifty_megabytes_is_read(tmp_path: Path, put: Put) -> None:
    """A record below the limit is a record, whatever the size of a chunk."""
    prompt = "long " * (10 * 2**20)
    put(record("before") + record("long", prompt=prompt) + record("after"))
    read = ingest(tmp_path)
    assert read.arrivals["prompt"].str.len_bytes().to_list() == [None, len(prompt), None]
    assert read.arrivals["source_line"].to_list() == [1, 2, 3]


@pytest.mark.parametrize("size", [300, 1000, 100_000])
def test_a_line_over_the_limit_is_quarantined(
    size: int, tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is dropped while it is read; those around it are read."""
    monkeypatch.setattr(limits, "RECORD_BYTES_MAX", 256)
    put(record("before") + record("huge", prompt="x" * size) + record("after"))
    settings = IngestSettings()
    for chunk_bytes in (64, 200, 2**20):
        chunks = read_chunks(find_traffic(tmp_path), settings=settings, chunk_bytes=chunk_bytes)
        parsed = [parse_chunk(chunk, settings=settings, key=KEY) for chunk in chunks]
        ids = pl.concat([each.arrivals for each in parsed])["exchange_id"].to_list()
        told = pl.concat([each.quarantine for each in parsed]).rows()
        assert ids == ["before", "after"]
        assert told == [("exchanges.jsonl", 2, OVERSIZED, None)]


def test_an_empty_file_is_no_error(tmp_path: Path, put: Put) -> None:
    """It holds no records, packed or not."""
    put(b"")
    put(gzip.compress(b""), "exchanges-2.jsonl.gz")
    put(record("e"), "exchanges-3.jsonl")
    read = ingest(tmp_path)
    assert read.arrivals["exchange_id"].to_list() == ["e"]
    assert read.counts == ReadCounts(read=1, accepted=1)


@pytest.mark.parametrize(
    ("name", "pack"),
    [("gzip", gzip.compress), ("zstd", zstandard.compress)],
)
def test_a_truncated_stream_gives_the_lines_before_the_break(
    name: str, pack: Callable[[bytes], bytes], tmp_path: Path, put: Put
) -> None:
    """All members before are read; the break is one quarantine row at the line where it is."""
    whole = pack(record("first"))
    torn = pack(b"".join(record(f"e{i}", prompt=f"{i * 7919}") for i in range(5000)))
    put(whole + torn[: len(torn) // 2], "exchanges.jsonl.packed".replace("packed", "gz"))
    read = ingest(tmp_path)
    line = read.arrivals.height + 1
    assert read.arrivals["exchange_id"][0] == "first"
    assert read.quarantine.rows() == [("exchanges.jsonl.gz", line, f"truncated {name}", None)]


def test_a_damaged_member_is_told_from_a_truncated_one(tmp_path: Path, put: Put) -> None:
    """What follows a damaged member can't be read."""
    put(
        gzip.compress(record("e")) + gzip.compress(record("f"))[:12] + b"no deflate",
        "exchanges.json.gz",
    )
    read = ingest(tmp_path)
    assert read.arrivals["exchange_id"].to_list() == ["e"]
    assert read.quarantine["reason"].to_list() == ["damaged gzip"]


def test_a_file_that_is_no_parquet_is_one_quarantine_row(tmp_path: Path, put: Put) -> None:
    """The rest of the directory is read."""
    put(b"PAR1 but no more", "exchanges-1.parquet")
    put(record("e"), "exchanges-2.jsonl")
    read = ingest(tmp_path)
    assert read.quarantine.rows() == [("exchanges-1.parquet", 1, "damaged Parquet", None)]
    assert read.arrivals["exchange_id"].to_list() == ["e"]


def test_a_rejected_record_is_kept_only_where_text_is_retained(tmp_path: Path, put: Put) -> None:
    """Its start, cut, under --retain-text; else nothing of it."""
    put(record("e") + b"x" * 5000 + b"\n")
    assert ingest(tmp_path).quarantine["raw"].to_list() == [None]
    assert ingest(tmp_path, retain_text=True).quarantine["raw"].to_list() == ["x" * 2000]


def test_a_file_in_which_nothing_is_json_is_quarantined_line_by_line(
    tmp_path: Path, put: Put
) -> None:
    """It takes the dialect of the others, and stops nobody."""
    put(b"no json\nat all\n", "exchanges-1.jsonl")
    put(record("e"), "exchanges-2.jsonl")
    read = ingest(tmp_path)
    assert read.counts == ReadCounts(read=3, accepted=1, quarantined=2)


def test_records_that_no_reader_knows_stop_the_run(tmp_path: Path, put: Put) -> None:
    """One line says so, with the dialects that there are."""
    put(b'{"colour": "red"}\n')
    with pytest.raises(UnknownDialect, match=r"exchanges\.jsonl") as raised:
        ingest(tmp_path)
    assert "litellm" in raised.value.hint
    with pytest.raises(UnknownDialect, match="--format papyrus"):
        ingest(tmp_path, format="papyrus")


def test_nothing_to_read_is_an_error(tmp_path: Path, put: Put) -> None:
    """No directory, no exchanges file, or not one readable record."""
    with pytest.raises(InputError, match="cannot read"):
        find_traffic(tmp_path / "absent")
    with pytest.raises(NothingToRead, match="exchanges"):
        find_traffic(tmp_path)
    put(b"no json\n")
    arrivals = ingest(tmp_path).arrivals
    with pytest.raises(NothingToRead, match="not one record"):
        settle(arrivals, names=("exchanges.jsonl",))


def test_what_is_outside_the_window_is_counted_apart(tmp_path: Path, put: Put) -> None:
    """Since is included, until is not, and the sum holds without what is outside."""
    days = [record(f"e{d}", time=f"2026-01-0{d}T00:00:00Z") for d in range(1, 6)]
    put(b"".join(days))
    instants = pl.Series(["2026-01-02", "2026-01-04"]).str.to_datetime()
    read = ingest(tmp_path, since=instants[0], until=instants[1])
    assert read.arrivals["exchange_id"].to_list() == ["e2", "e3"]
    assert read.counts == ReadCounts(read=2, accepted=2, outside=3)
