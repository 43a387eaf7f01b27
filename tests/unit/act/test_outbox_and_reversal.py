"""Effects reach the gateway's table once, and leave it exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import orjson
import polars as pl
import pytest

from stillwatch.act import deliver_effects, enqueue_effects, reversal, revert_effect
from stillwatch.domain.errors import NotAResult, UnknownSubject
from stillwatch.domain.results import DECISION

_NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def _decisions(*numbers: int) -> pl.DataFrame:
    rows = [
        {
            "decision_id": f"d-{number:04x}",
            "account_id": f"konto-ä {number % 7}",
            "effect": "suspend",
            "reason": 'This account is suspended; "appeal" by replying.',
            "expires_at": _NOW + timedelta(days=30, microseconds=number % 3),
            "basis": None if number % 2 else "fraudulent",
        }
        for number in numbers
    ]
    return pl.DataFrame(rows, schema=DECISION.schema)


def _deliver(place: Path, *numbers: int) -> bytes:
    place.mkdir()
    enqueue_effects(place, _decisions(*numbers))
    deliver_effects(place)
    return (place / "decisions.jsonl").read_bytes()


@pytest.mark.parametrize("taken", range(12))
def test_a_reverted_table_is_what_it_would_be_without_that_decision(
    tmp_path: Path, taken: int
) -> None:
    """Byte for byte, wherever the row stood."""
    _deliver(tmp_path / "with", *range(12))
    without = _deliver(tmp_path / "without", *(n for n in range(12) if n != taken))
    revert_effect(tmp_path / "with", f"d-{taken:04x}", now=_NOW)
    assert (tmp_path / "with" / "decisions.jsonl").read_bytes() == without


def test_the_order_in_which_effects_arrive_changes_nothing(tmp_path: Path) -> None:
    """The table has an order of its own, and holds a decision once."""
    one = _deliver(tmp_path / "one", 3, 1, 2)
    other = _deliver(tmp_path / "other", 2, 3, 1, 3)
    assert one == other
    assert one.count(b"\n") == 3


def test_a_reversal_can_be_proven(tmp_path: Path) -> None:
    """Put back at its line, the removed row gives the table whose hash was recorded."""
    before = _deliver(tmp_path / "run", *range(9))
    revert_effect(tmp_path / "run", "d-0004", now=_NOW)
    record = orjson.loads((tmp_path / "run" / "reversals.jsonl").read_bytes())
    after = (tmp_path / "run" / "decisions.jsonl").read_bytes()
    lines = after.splitlines(keepends=True)
    lines.insert(record["line"] - 1, record["removed_row"].encode() + b"\n")
    assert b"".join(lines) == before
    assert record["table_sha256_before"] == sha256(before).hexdigest()
    assert record["table_sha256_after"] == sha256(after).hexdigest()
    assert record["reverted_at"] == "2026-11-23T08:00:00+00:00"


def test_a_second_reversal_changes_nothing_and_says_so(tmp_path: Path) -> None:
    """It gives the first one's record, with the first one's time."""
    _deliver(tmp_path / "run", 1, 2)
    first, was_news = revert_effect(tmp_path / "run", "d-0001", now=_NOW)
    files = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    second, is_news = revert_effect(tmp_path / "run", "d-0001", now=_NOW + timedelta(days=1))
    assert (was_news, is_news) == (True, False)
    assert second == first
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == files


def test_a_crash_between_record_and_table_is_finished_by_the_next_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record comes first; with the row still there, the next call takes it out, once."""
    place = tmp_path / "run"
    _deliver(place, 1, 2)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(reversal, "replace_file", die)
        with pytest.raises(KeyboardInterrupt):
            revert_effect(place, "d-0001", now=_NOW)
    assert (place / "decisions.jsonl").read_bytes().count(b"\n") == 2
    revert_effect(place, "d-0001", now=_NOW)
    assert (place / "decisions.jsonl").read_bytes() == _deliver(tmp_path / "without", 2)
    assert (place / "reversals.jsonl").read_bytes().count(b"\n") == 1


def test_delivering_again_never_brings_back_what_was_reverted(tmp_path: Path) -> None:
    """An outbox left over from a crash is delivered around the reversal."""
    place = tmp_path / "run"
    _deliver(place, 1, 2, 3)
    revert_effect(place, "d-0002", now=_NOW)
    enqueue_effects(place, _decisions(1, 2, 3))
    assert deliver_effects(place) == 2
    assert b"d-0002" not in (place / "decisions.jsonl").read_bytes()
    assert not (place / "outbox.jsonl").exists()


def test_nobody_is_an_answer_too(tmp_path: Path) -> None:
    """No effects give an empty table, not a missing one."""
    assert _deliver(tmp_path / "run") == b""


def test_what_is_not_there_cannot_be_taken_back(tmp_path: Path) -> None:
    """Neither an unknown decision nor one of a directory that is no result; nothing is written."""
    _deliver(tmp_path / "run", 1)
    with pytest.raises(UnknownSubject, match="d-beef"):
        revert_effect(tmp_path / "run", "d-beef", now=_NOW)
    with pytest.raises(NotAResult):
        revert_effect(tmp_path / "nowhere", "d-0001", now=_NOW)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["decisions.jsonl"]


def test_a_broken_table_is_left_alone(tmp_path: Path) -> None:
    """A line that is no decision is an error, and the file stays as it was."""
    _deliver(tmp_path / "run", 1)
    table = tmp_path / "run" / "decisions.jsonl"
    table.write_bytes(table.read_bytes() + b"{half")
    before = table.read_bytes()
    with pytest.raises(NotAResult, match="readable decisions"):
        revert_effect(tmp_path / "run", "d-0001", now=_NOW)
    assert table.read_bytes() == before
