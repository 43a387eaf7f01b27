"""What holds of ingest for any input: both ways agree, splitting changes nothing, sums add up."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

import orjson
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import EXCHANGE
from stillwatch.ingest import IngestSettings, find_traffic, parse_chunk, read_chunks, settle
from stillwatch.ingest.lines import LineReader
from stillwatch.ingest.parse import ReadCounts
from stillwatch.ingest.readers import NATIVE, catalogue
from stillwatch.ingest.records import Parsed
from stillwatch.ingest.times import read_instants

KEY = PseudonymKey.from_bytes(bytes(range(16)))
ASKED = IngestSettings()
SETTLED = ["exchange_id", "time", "record_hash", "source_file", "source_line"]

texts = st.text(max_size=12) | st.sampled_from(
    [
        "5",
        "-1",
        "1e5",
        "true",
        "false",
        "null",
        "{}",
        '{"a": 1}',
        "[1]",
        "\0",
        "a\nb",
        "1.2.3.4",
        "",
    ]
)
odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
    st.lists(st.integers(), max_size=2),
    st.dictionaries(texts, st.integers(), max_size=2),
)
times = st.sampled_from(
    ["2026-01-01T00:00:00Z", "2026-01-02 00:00:00", 1767225600, 1767225600.25, 1767225600123, "x"]
)
records = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(EXCHANGE.columns, odd),
        "time": times | odd,
        "account_id": st.sampled_from(["a", "b", 7]) | odd,
        "unknown": odd,
    },
)
junk = st.sampled_from(
    [b"", b"   ", b"{", b"[1, 2]", b"5", b"null", b"\xff\xfe", b'{"time": 1,}', b"\x0c", b"{}{}"]
) | st.sampled_from(
    [
        rb'{"time": 1, "account_id": "a", "prompt": "\ud83d"}',
        rb'{"time": 1, "account_id": "a", "prompt": "\ude00 \ud83d\ude00"}',
        rb'{"time": 1, "account_id": "\u0000", "ip": 5}',
    ]
)
written = records.map(lambda record: json.dumps(record, ensure_ascii=False).encode())
lines = st.lists(written | junk, max_size=8)


def outcome(
    parsed: Parsed,
) -> tuple[list[dict[str, object]], list[tuple[int, str]], dict[str, int]]:
    """Give what came of it in an order that doesn't matter."""
    rejects = sorted((reject.line, reject.reason) for reject in parsed.rejects)
    instants = parsed.frame.with_columns(read_instants(parsed.frame["time"]))
    return instants.to_dicts(), rejects, dict(+parsed.nulled)


@given(lines)
@settings(max_examples=200)
def test_the_fast_way_and_the_exact_way_agree(given_lines: list[bytes]) -> None:
    """Rows, rejects and counts are the same, whichever way bytes are read."""
    data = b"\n".join(given_lines)
    reader = LineReader(EXCHANGE, catalogue()[NATIVE])
    count = data.count(b"\n") + 1
    fast = reader.parse(data, first_line=1, line_count=count)
    exact = reader._parse_exactly(data, first_line=1)
    assert outcome(fast) == outcome(exact)


exchange_ids = st.sampled_from(["e1", "e2", "e3"]) | st.none()
sound = st.fixed_dictionaries(
    {
        "exchange_id": exchange_ids,
        "time": st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2031-01-01"]),
        "account_id": st.sampled_from(["a", "b"]),
        "prompt": st.sampled_from(["hi", "ho", None]),
        "temperature": st.sampled_from([0.0, -0.0, 1.0, "hot"]),
    }
).map(orjson.dumps)
mixed = st.lists(sound | st.sampled_from([b"{", b'{"time": 1}', b"[]"]), min_size=1, max_size=8)


def run(files: list[bytes], *, chunk_bytes: int) -> tuple[ReadCounts, pl.DataFrame, int, int]:
    """Ingest these files; give the counts, what stays, and how much was left out in settling."""
    with tempfile.TemporaryDirectory() as folder:
        for at, content in enumerate(files):
            (Path(folder) / f"exchanges-{at}.jsonl").write_bytes(content)
        found = find_traffic(Path(folder))
        chunks = read_chunks(found, settings=IngestSettings(format=NATIVE), chunk_bytes=chunk_bytes)
        parsed = [parse_chunk(chunk, settings=ASKED, key=KEY) for chunk in chunks]
    counts = sum((each.counts for each in parsed), ReadCounts())
    arrivals = pl.concat([each.arrivals for each in parsed])
    if arrivals.is_empty():
        return counts, arrivals, 0, 0
    settled = settle(arrivals.select(SETTLED), names=found.names)
    kept = arrivals.filter(settled.kept).drop("source_file", "source_line").sort("exchange_id")
    return counts, kept, settled.quarantine.height, settled.duplicates.height


@given(mixed, st.randoms(use_true_random=False), st.integers(30, 400), st.integers(1, 3))
@settings(max_examples=40)
def test_splitting_and_order_change_nothing(
    given_lines: list[bytes], shuffle: st.DataObject, chunk_bytes: int, pieces: int
) -> None:
    """Chunk size, the order of rows and the number of files leave what stays as it is."""
    whole = run([b"\n".join(given_lines)], chunk_bytes=2**20)
    shuffled = list(given_lines)
    shuffle.shuffle(shuffled)
    files = [b"\n".join(shuffled[at::pieces]) + b"\n" for at in range(pieces)]
    split = run(files, chunk_bytes=chunk_bytes)
    assert split[0] == whole[0]
    assert_frame_equal(split[1], whole[1])
    assert split[2:] == whole[2:]


@given(mixed)
@settings(max_examples=40)
def test_every_record_read_is_accounted_for(given_lines: list[bytes]) -> None:
    """Records read = exchanges + quarantined + duplicates."""
    counts, kept, far, duplicates = run([b"\n".join(given_lines)], chunk_bytes=64)
    assert counts.read == len(given_lines)
    assert counts.read == kept.height + counts.quarantined + far + duplicates


@given(
    st.ip_addresses().map(str) | st.from_regex(r"[a-z]{6}@[a-z]{6}\.org", fullmatch=True),
    st.sampled_from(["ip", "end_user_id", "api_key_id", "device_id", "user_agent"]),
)
@settings(max_examples=40)
def test_no_address_and_no_e_mail_leaves(secret: str, field: str) -> None:
    """A name given in a pseudonymised field is in no column of what comes out."""
    record = {"time": 1767225600, "account_id": "a", "prompt": "hi", field: secret}
    with tempfile.TemporaryDirectory() as folder:
        packed = gzip.compress(orjson.dumps(record) + b"\n" + orjson.dumps({field: secret}))
        (Path(folder) / "exchanges.jsonl.gz").write_bytes(packed)
        chunks = list(read_chunks(find_traffic(Path(folder)), settings=IngestSettings(NATIVE)))
    for chunk in chunks:
        parsed = parse_chunk(chunk, settings=ASKED, key=KEY)
        assert parsed.arrivals.height == parsed.quarantine.height == 1
        assert secret not in str(parsed.arrivals.to_dicts() + parsed.quarantine.to_dicts())
