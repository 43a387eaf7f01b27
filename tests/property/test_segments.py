"""Segments under Hypothesis: any records, cut and changed anywhere; and bodies of any kind."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from time import monotonic

import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.app.loops.batches import lines_of
from stillwatch.app.service.ingestion.bodies import Budget, Share, require_text, unpack
from stillwatch.app.service.ingestion.refusals import RefusedError
from stillwatch.domain.errors import StillwatchError
from stillwatch.ingest.sources.otlp_protobuf import read_logs, read_traces
from stillwatch.store.segments import Journal, Record, SegmentFolder, pack_record
from stillwatch.store.segments.reading import read_sealed

SECRET = bytes(range(16))
RECORDS = st.lists(
    st.tuples(st.sampled_from(["native", "accounts"]), st.binary(max_size=300)), max_size=6
)
_PATIENCE_S = 30


def write(place: Path, records: list[tuple[str, bytes]]) -> None:
    """Acknowledge records, and leave the folder as a kill would."""
    live = place / "live"
    journal = Journal(SegmentFolder(live), secret=SECRET, clock_s=monotonic)
    for kind, body in records:
        journal.append(pack_record(kind, body)).result(_PATIENCE_S)
    shutil.copytree(live, place / "killed")
    journal.close()


def read(folder: Path) -> tuple[list[tuple[str, bytes]], bool]:
    """Mend a folder, and give its records and whether anything is damaged."""
    Journal(SegmentFolder(folder), secret=SECRET, clock_s=monotonic).close()
    records: list[Record] = []
    damaged = False
    for segment in SegmentFolder(folder).sealed():
        reading = read_sealed(segment.path, secret=SECRET)
        records += reading.records()
        damaged |= bool(reading.damage)
    return [(one.kind, one.body) for one in records], damaged


@settings(max_examples=25)
@given(records=RECORDS, cut=st.integers(min_value=0, max_value=400), rubbish=st.binary(max_size=60))
def test_what_was_acknowledged_comes_back_whatever_the_end_is(
    records: list[tuple[str, bytes]], cut: int, rubbish: bytes
) -> None:
    """With an end of rubbish all of it; with some of the file cut off, a beginning of it."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        write(place, records)
        shutil.copytree(place / "killed", place / "cut")
        for path in (place / "killed").iterdir():
            path.write_bytes(path.read_bytes() + rubbish)
        assert read(place / "killed") == (records, False)
        for path in (place / "cut").iterdir():
            path.write_bytes(path.read_bytes()[: -cut or None])
        given_back, damaged = read(place / "cut")
        assert given_back == records[: len(given_back)]
        assert not damaged


@settings(max_examples=25)
@given(records=RECORDS.filter(bool), at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_no_changed_byte_gives_another_record(
    records: list[tuple[str, bytes]], at: int, bit: int
) -> None:
    """Of a finished segment: it is told, and what is given is what was acknowledged."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        write(place, records)
        folder = place / "killed"
        Journal(SegmentFolder(folder), secret=SECRET, clock_s=monotonic).close()
        (path,) = folder.iterdir()
        raw = bytearray(path.read_bytes())
        raw[at % len(raw)] ^= 1 << bit
        path.write_bytes(bytes(raw))
        try:
            found, damaged = read(folder)
        except StillwatchError:
            return  # the head was hit: the whole segment is refused
        assert damaged
        rest = iter(records)
        assert all(one in rest for one in found), "in order, and nothing else"


@given(body=st.binary(max_size=2_000), packing=st.sampled_from(["", "gzip", "zstd"]))
def test_a_packed_body_is_what_was_packed(body: bytes, packing: str) -> None:
    """And every byte that was held is given back."""
    packed = {"": body, "gzip": gzip.compress(body), "zstd": zstandard.compress(body)}[packing]
    budget = Budget()
    with budget.share() as share:
        assert unpack(packed, packing, share) == body
    assert budget.held == 0


@given(raw=st.binary(max_size=500), packing=st.sampled_from(["gzip", "zstd", "br"]))
def test_no_body_is_a_fault_of_ours(raw: bytes, packing: str) -> None:
    """Rubbish is refused or taken, by every step that looks into a body; nothing else is raised."""
    with suppress(RefusedError):
        unpack(raw, packing, Share(Budget()))
    with suppress(RefusedError):
        require_text(raw)
    for parse in (read_traces, read_logs):
        with suppress(ValueError):
            parse(raw)


@given(
    body=st.one_of(
        st.binary(max_size=300), st.text(alphabet='[]{},":\n a1', max_size=80).map(str.encode)
    )
)
def test_the_lines_of_a_body_are_ended(body: bytes) -> None:
    """A torn body can't run into the next one."""
    lines = lines_of(body)
    assert not lines or lines.endswith(b"\n")
