"""The journal: what is acknowledged comes back, whatever happens to the end of the file."""

from __future__ import annotations

import os
import shutil
import stat
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Event, Thread

import pytest
from journals import SECRET, Clock, append_all, open_journal, read_folder

from stillwatch.domain import service_limits
from stillwatch.store.segments import (
    Journal,
    JournalBounds,
    SegmentFolder,
    mending,
    pack_record,
    writing,
)
from stillwatch.store.segments.errors import Backlogged, SegmentError
from stillwatch.store.segments.frames import HEAD_BYTES
from stillwatch.store.segments.reading import read_sealed

BODIES = [f'{{"n": {n}, "prompt": "{"never at rest " * n}"}}\n'.encode() for n in range(6)]


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    """Give a segment as a killed writer leaves it: six records, each in a group of its own."""
    journal = open_journal(tmp_path / "whole")
    for body in BODIES:
        append_all(journal, [body])
    copied = tmp_path / "killed"
    shutil.copytree(tmp_path / "whole", copied)
    journal.close()
    (path,) = copied.iterdir()
    return path


def frame_ends(path: Path) -> list[int]:
    """Give where the frames of a segment end."""
    raw, at, ends = path.read_bytes(), HEAD_BYTES, []
    while at < len(raw):
        at += 16 + int.from_bytes(raw[at : at + 4], "little")
        ends.append(at)
    return ends


def test_what_was_appended_comes_back_in_order(tmp_path: Path) -> None:
    """Bodies and kinds, from a folder that only its owner can read."""
    journal = open_journal(tmp_path / "j")
    append_all(journal, BODIES)
    append_all(journal, [b"rows"], kind="accounts")
    journal.close()
    records, damage = read_folder(tmp_path / "j")
    assert [one.body for one in records] == [*BODIES, b"rows"]
    assert [one.kind for one in records] == ["native"] * 6 + ["accounts"]
    assert damage == []
    (segment,) = SegmentFolder(tmp_path / "j").sealed()
    assert stat.S_IMODE(segment.path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "j").stat().st_mode) == 0o700


def test_no_text_rests_unencrypted(unfinished: Path) -> None:
    """Neither a prompt nor a kind can be found in the file."""
    raw = unfinished.read_bytes()
    assert b"prompt" not in raw
    assert b"native" not in raw


def test_a_torn_end_is_cut_at_every_byte(unfinished: Path, tmp_path: Path) -> None:
    """Cut anywhere: the records whose frames are whole come back, and no other."""
    raw, ends = unfinished.read_bytes(), frame_ends(unfinished)
    for cut in range(len(raw) + 1):
        place = tmp_path / "cut"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        (place / unfinished.name).write_bytes(raw[:cut])
        open_journal(place).close()
        records, damage = read_folder(place)
        whole = sum(end <= cut for end in ends)
        assert [one.body for one in records] == BODIES[:whole], cut
        assert damage == []
        assert len(list(place.iterdir())) == bool(whole)


def test_an_end_of_rubbish_is_cut(unfinished: Path, tmp_path: Path) -> None:
    """A power cut may leave zeros or old bytes after the last record that was acknowledged."""
    raw = unfinished.read_bytes()
    for rubbish in (bytes(5000), os.urandom(5000), b"\x20" + bytes(200)):
        unfinished.write_bytes(raw + rubbish)
        place = tmp_path / "r"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(unfinished.parent, place)
        open_journal(place).close()
        assert [one.body for one in read_folder(place)[0]] == BODIES


def test_every_changed_byte_is_recognised(unfinished: Path, tmp_path: Path) -> None:
    """In a finished segment: the record that it hits is left out and told; the others are given."""
    open_journal(unfinished.parent).close()
    (segment,) = SegmentFolder(unfinished.parent).sealed()
    raw = segment.path.read_bytes()
    for at in range(HEAD_BYTES, len(raw), 3):
        changed = tmp_path / segment.path.name
        changed.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        reading = read_sealed(changed, secret=SECRET)
        given = [one.body for one in reading.records()]
        assert reading.damage, at
        assert given == [body for body in BODIES if body in given]


def test_a_forged_checksum_does_not_help(unfinished: Path) -> None:
    """Whoever mends the checksum of what they changed lacks the key: the tag tells."""
    raw, (first, *_) = bytearray(unfinished.read_bytes()), frame_ends(unfinished)
    raw[first - 1] ^= 1
    lead = bytes(raw[HEAD_BYTES : HEAD_BYTES + 12])
    text = bytes(raw[HEAD_BYTES + 16 : first])
    raw[HEAD_BYTES + 12 : HEAD_BYTES + 16] = zlib.crc32(text, zlib.crc32(lead)).to_bytes(
        4, "little"
    )
    unfinished.write_bytes(bytes(raw))
    open_journal(unfinished.parent).close()
    records, damage = read_folder(unfinished.parent)
    assert [one.body for one in records] == BODIES[1:]
    assert [one.says for one in damage] == ["somebody has changed it"]


def test_a_frame_that_was_taken_out_or_swapped_is_noticed(unfinished: Path) -> None:
    """A record's place is part of what is authenticated."""
    raw, ends = unfinished.read_bytes(), frame_ends(unfinished)
    unfinished.write_bytes(raw[: ends[0]] + raw[ends[1] :])
    open_journal(unfinished.parent).close()
    records, damage = read_folder(unfinished.parent)
    assert [one.body for one in records] == [BODIES[0], *BODIES[2:]]
    assert [one.says for one in damage] == ["frame 1 is missing"]


def test_a_finished_segment_that_was_cut_is_noticed(unfinished: Path) -> None:
    """Records that went with their frames are missed, although those that are left are sound."""
    ends = frame_ends(unfinished)
    open_journal(unfinished.parent).close()
    (segment,) = SegmentFolder(unfinished.parent).sealed()
    os.truncate(segment.path, ends[2])
    records, damage = read_folder(unfinished.parent)
    assert [one.body for one in records] == BODIES[:3]
    assert [one.says for one in damage] == ["its end is missing"]


def test_another_key_is_refused_and_nothing_is_cut(unfinished: Path) -> None:
    """A wrong key would make every record look torn."""
    raw = unfinished.read_bytes()
    with pytest.raises(SegmentError, match="another key"):
        Journal(SegmentFolder(unfinished.parent), secret=b"other key........", clock_s=Clock())
    assert unfinished.read_bytes() == raw


def test_two_writers_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second is told; when the first has closed, it may."""
    first = open_journal(tmp_path)
    with pytest.raises(SegmentError, match="another process"):
        open_journal(tmp_path)
    first.close()
    open_journal(tmp_path).close()


def test_a_segment_is_handed_on_when_it_is_large_or_old(tmp_path: Path) -> None:
    """By unpacked bytes, and by the clock also while nobody appends."""
    clock, folder = Clock(), SegmentFolder(tmp_path)
    bounds = JournalBounds(segment_bytes=1_000, segment_age_s=0.01)
    journal = open_journal(tmp_path, bounds=bounds, clock=clock)
    append_all(journal, [b"x" * 999])
    assert folder.sealed() == []
    append_all(journal, [b"x"])
    _wait_for(lambda: len(folder.sealed()) == 1)
    append_all(journal, [b"y"])
    clock.now_s = 1.0
    _wait_for(lambda: len(folder.sealed()) == 2)
    _wait_for(lambda: journal.counts.segments == 2)  # counted when it lies there
    journal.close()


def test_too_much_on_the_disk_is_refused_until_it_has_gone(tmp_path: Path) -> None:
    """With the bound, and when to come again; what the committer deletes makes room."""
    clock, folder = Clock(), SegmentFolder(tmp_path)
    bounds = JournalBounds(disk_bytes=3_000, segment_bytes=1, segment_age_s=0.01)
    journal = open_journal(tmp_path, bounds=bounds, clock=clock)
    append_all(journal, [os.urandom(2_000)])
    with pytest.raises(Backlogged, match="JOURNAL_DISK_BYTES_MAX") as refused:
        journal.append(pack_record("native", os.urandom(2_000)))
    assert refused.value.retry_after_s == service_limits.JOURNAL_RETRY_S
    _wait_for(lambda: len(folder.sealed()) == 1)
    folder.remove(folder.sealed())
    clock.now_s = 10.0
    _wait_for(lambda: journal._disk_bytes == 0)
    append_all(journal, [os.urandom(2_000)])
    journal.close()


def test_records_that_wait_share_an_fsync_and_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one fsync is under way the others gather; beyond the bound they are refused."""
    go, calls, real = Event(), [], os.fsync

    def slow(handle: int) -> None:
        calls.append(handle)
        go.wait(30)
        real(handle)

    journal = open_journal(tmp_path, bounds=JournalBounds(pending_bytes=50_000))
    monkeypatch.setattr(writing.os, "fsync", slow)
    waiting = [journal.append(pack_record("native", os.urandom(1_000)))]
    _wait_for(lambda: bool(calls))
    waiting += [journal.append(pack_record("native", os.urandom(1_000))) for _ in range(40)]
    with pytest.raises(Backlogged, match="JOURNAL_PENDING_BYTES_MAX"):
        journal.append(pack_record("native", os.urandom(20_000)))
    assert not any(one.done() for one in waiting)
    go.set()
    for one in waiting:
        one.result(30)
    assert journal.counts.fsyncs == 2
    assert journal.counts.records == 41
    journal.close()


def test_a_disk_that_refuses_is_told_to_every_caller_and_the_next_write_is_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was acknowledged before stays; half of what was refused is cut off."""
    journal = open_journal(tmp_path)
    append_all(journal, BODIES[:2])
    real = os.write

    def half(handle: int, raw: bytes) -> int:
        real(handle, bytes(raw)[: len(raw) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mending.os, "write", half)
    refused: Future[None] = journal.append(pack_record("native", BODIES[2]))
    with pytest.raises(SegmentError, match="No space left"):
        refused.result(30)
    monkeypatch.setattr(mending.os, "write", real)
    append_all(journal, BODIES[3:])
    journal.close()
    open_journal(tmp_path).close()  # finishes the segment that was abandoned
    records, damage = read_folder(tmp_path)
    assert [one.body for one in records] == [*BODIES[:2], *BODIES[3:]]
    assert damage == []


def test_many_threads_append_at_once(tmp_path: Path) -> None:
    """Nothing is lost or doubled, over many small segments.

    Each waits for the answer to five at a time: sent in one go, all of all threads may be written
    at once, and then in one segment.
    """
    journal = open_journal(tmp_path, bounds=JournalBounds(segment_bytes=2_000))

    def send(name: int) -> None:
        for first in range(0, 40, 5):
            append_all(journal, [f"{name}:{n}".encode() * 20 for n in range(first, first + 5)])

    threads = [Thread(target=send, args=(name,)) for name in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    records, damage = read_folder(tmp_path)
    assert sorted(one.body for one in records) == sorted(
        f"{name}:{n}".encode() * 20 for name in range(5) for n in range(40)
    )
    assert damage == []
    assert len(SegmentFolder(tmp_path).sealed()) > 1


def _wait_for(has_come: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if has_come():
            return
        Event().wait(0.01)
    pytest.fail("the moment never came")
