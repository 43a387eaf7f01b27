"""The committer: segments become rows of the lake once, whatever happens in between."""

from __future__ import annotations

from pathlib import Path

import orjson
import polars as pl
import pytest
from committed import KEY, Place, exchange, ndjson
from polars.testing import assert_frame_equal

from stillwatch.app.loops import committing
from stillwatch.app.pipeline import run_ingest
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import IngestRequest, Source
from stillwatch.app.settings import utc_now
from stillwatch.app.steps.facts import read_facts
from stillwatch.domain.errors import LakeError
from stillwatch.domain.settings import Settings
from stillwatch.store.lake import Lake
from stillwatch.store.segments import SegmentFolder

PLACES = ("source_file", "source_line")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Give an empty journal and no lake yet."""
    return Place(tmp_path / "journal", tmp_path / "lake")


def test_what_was_acknowledged_is_in_the_lake_and_the_segment_gone(place: Place) -> None:
    """Rows of every body, in order of their segment; the manifest names it; nothing waits."""
    assert place.committer().commit_waiting() is None
    place.keep(ndjson([exchange(1), exchange(2)]), ndjson([exchange(3)]))
    (segment,) = SegmentFolder(place.journal).sealed()
    done = place.committer().commit_waiting()
    assert done is not None
    assert (done.segments, done.left, done.damaged) == (1, 0, 0)
    assert sorted(place.rows()["exchange_id"]) == ["e1", "e2", "e3"]
    (facts,) = read_facts(Lake(place.lake))
    assert facts.digests == {segment.name: segment.id}
    assert facts.counts == {"read": 3, "exchanges": 3, "quarantined": 0, "duplicates": 0}
    assert place.waiting() == []


def test_the_rows_are_those_of_an_ingest_of_the_same_lines(place: Place, tmp_path: Path) -> None:
    """All columns but where a record stood: array or lines, in however many bodies."""
    rows = [exchange(n, system="You are a tutor of numbers, patient and kind.") for n in range(50)]
    place.keep(ndjson(rows[:20]), orjson.dumps(rows[20:40]), ndjson(rows[40:]).rstrip(b"\n"))
    place.committer().commit_waiting()
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "exchanges.jsonl").write_bytes(ndjson(rows))
    other = tmp_path / "other"
    request = IngestRequest(Source(logs), other)
    run_ingest(request, settings=Settings(), key=KEY, now=utc_now(), progress=QuietProgress())
    for table, keys in (("observed", "exchange_id"), ("system", "system_hash")):
        ours, theirs = (
            frame.drop(PLACES, strict=False).sort(keys)
            for frame in (place.rows(table), Lake(other).read(table))
        )
        assert_frame_equal(ours, theirs, check_exact=True)


def test_a_segment_that_the_lake_has_is_deleted_and_not_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the append and the deletion: the next round doubles nothing."""
    place.keep(ndjson([exchange(1)]))
    monkeypatch.setattr(committing.Committer, "_clear", lambda *_: None)
    place.committer().commit_waiting()
    monkeypatch.undo()
    assert place.waiting() == [".sealed"]
    place.keep(ndjson([exchange(2)]))
    place.committer().commit_waiting()
    assert place.waiting() == []
    assert place.rows()["exchange_id"].to_list() == ["e1", "e2"]
    assert place.committer().commit_waiting() is None


def test_a_failure_before_the_append_leaves_the_segment(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lake is as it was, and the next round commits."""
    place.keep(ndjson([exchange(1)]))

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(committing, "move_in", fail)
    with pytest.raises(OSError, match="No space"):
        place.committer().commit_waiting()
    monkeypatch.undo()
    assert place.waiting() == [".sealed"]
    place.committer().commit_waiting()
    assert place.rows()["exchange_id"].to_list() == ["e1"]


def test_a_body_that_comes_again_is_a_duplicate(place: Place) -> None:
    """In the same segment and in a later one; records without an id too."""
    body = ndjson([exchange(1), exchange(2) | {"exchange_id": None}])
    place.keep(body, body)
    first = place.committer().commit_waiting()
    place.keep(body)
    second = place.committer().commit_waiting()
    assert first is not None
    assert second is not None
    assert first.facts.counts == {"read": 4, "exchanges": 2, "quarantined": 0, "duplicates": 2}
    assert second.facts.counts == {"read": 2, "exchanges": 0, "quarantined": 0, "duplicates": 2}
    assert len(place.rows()) == 2
    assert len(place.rows("duplicates")) == 4


def test_malformed_lines_are_quarantined_with_their_place_and_no_text(place: Place) -> None:
    """A torn body doesn't take the next one with it; nothing of it rests in the lake."""
    place.keep(b'{"time": 1, "prompt": "sec', ndjson([exchange(1)]), b"\xff\xfe\n[]\n")
    done = place.committer().commit_waiting()
    assert done is not None
    assert done.facts.counts == {"read": 4, "exchanges": 1, "quarantined": 3, "duplicates": 0}
    rows = place.rows("quarantine")
    assert rows["line"].to_list() == [1, 3, 4]
    assert set(rows["file"]) == {f"{next(iter(done.facts.digests))}.native"}
    assert rows["raw"].null_count() == 3


def test_a_segment_of_rubbish_alone_is_committed_too(place: Place) -> None:
    """Else it would be read at every round for ever."""
    place.keep(b"no json\n", b"nor this")
    done = place.committer().commit_waiting()
    assert done is not None
    assert done.facts.counts == {"read": 2, "exchanges": 0, "quarantined": 2, "duplicates": 0}
    assert place.waiting() == []


def test_one_broken_clock_does_not_quarantine_its_neighbour(place: Place) -> None:
    """Times are measured from the middle of the lake: a micro-batch may be two records."""
    place.keep(ndjson([exchange(n) for n in range(5)]))
    place.committer().commit_waiting()
    place.keep(ndjson([exchange(10, time=0), exchange(11)]))
    done = place.committer().commit_waiting()
    assert done is not None
    assert done.facts.counts["quarantined"] == 1
    assert "e11" in place.rows()["exchange_id"].to_list()


def test_what_is_damaged_is_told_and_kept_for_a_person(place: Place) -> None:
    """What is sound is committed; the damage is a row of the quarantine; the file stays."""
    place.keep(ndjson([exchange(1)]), ndjson([exchange(2)]))
    (segment,) = SegmentFolder(place.journal).sealed()
    raw = bytearray(segment.path.read_bytes())
    raw[60] ^= 1
    segment.path.write_bytes(bytes(raw))
    done = place.committer().commit_waiting()
    assert done is not None
    assert done.damaged == 1
    assert place.rows()["exchange_id"].to_list() == ["e2"]
    assert place.rows("quarantine")["reason"].to_list() == ["damaged in its segment"]
    assert place.waiting() == [".damaged"]


def test_a_register_comes_the_same_way(place: Place) -> None:
    """Accounts, releases, and permissions, of which the last body is the snapshot."""
    place.keep(ndjson([{"account_id": "a1", "email_domain": "example.org"}]), kind="accounts")
    place.keep(ndjson([{"model": "m-1", "released_at": "2026-01-01"}]), kind="releases")
    grants = [{"account_id": f"a{n}", "scope": "resale"} for n in range(2)]
    place.keep(ndjson(grants[:1]), ndjson(grants[1:]), kind="permissions")
    done = place.committer().commit_waiting()
    assert done is not None
    assert done.segments == 3
    assert place.rows("register")["account_id"].to_list() == ["a1"]
    assert place.rows("launch")["model"].to_list() == ["m-1"]
    assert place.rows("grant")["account_id"].to_list() == ["a1"]
    assert done.facts.has_permissions
    assert "example.org" not in str(place.rows("register").to_dicts())


def test_a_lake_of_another_key_is_refused_and_the_segments_stay(place: Place) -> None:
    """Pseudonyms under two keys would never meet."""
    place.keep(ndjson([exchange(1)]))
    place.committer().commit_waiting()
    place.keep(ndjson([exchange(2)]))
    other = committing.Committer(
        SegmentFolder(place.journal), place.lake, type(KEY)(1, 2), Settings()
    )
    with pytest.raises(LakeError, match="another pseudonym key"):
        other.commit_waiting()
    assert place.waiting() == [".sealed"]


def test_nothing_of_a_text_rests_in_the_folders(place: Place) -> None:
    """Neither while it waits nor when it is committed, in no file of the journal or the lake."""
    word = "inimitable"
    place.keep(
        ndjson([exchange(1, prompt=f"{word} " * 9, ip="203.0.113.77")]), f'{{"{word}'.encode()
    )
    seen = [place.journal]
    for _ in range(2):
        for folder in seen:
            for path in folder.rglob("*"):
                if path.is_file():
                    raw = path.read_bytes()
                    assert word.encode() not in raw
                    assert b"203.0.113.77" not in raw
        place.committer().commit_waiting()
        seen = [place.journal, place.lake]
    assert isinstance(place.rows(), pl.DataFrame)
