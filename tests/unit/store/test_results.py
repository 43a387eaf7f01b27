"""A result directory is there as a whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from stillwatch.domain.errors import NotAResult, ResultError, ResultExists
from stillwatch.domain.results import DECISION, QUARANTINE
from stillwatch.domain.tables import REGISTER
from stillwatch.store.results import (
    PROMISED,
    ResultDraft,
    draft_result,
    file_of,
    read_result,
    remove_leftovers,
)

_KILLED_WRITER = """
import os, signal, sys
from pathlib import Path
from stillwatch.domain.results import QUARANTINE
from stillwatch.store.results import draft_result

with draft_result(Path(sys.argv[1])) as draft:
    draft.write_table(QUARANTINE, QUARANTINE.empty())
    draft.write_bytes("report.html", b"half a page")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def _fill(draft: ResultDraft) -> None:
    for table in PROMISED:
        draft.write_table(table, table.empty())
    draft.write_bytes(file_of(DECISION), b"")
    draft.write_json("run.json", {"counts": {"read": 0}})


def _write(out: Path, *, meanwhile: Callable[[], object]) -> None:
    with draft_result(out) as draft:
        _fill(draft)
        meanwhile()


def _beside(out: Path) -> list[str]:
    return sorted(path.name for path in out.parent.iterdir() if path.name != out.name)


def test_a_draft_becomes_the_result_when_the_block_ends(tmp_path: Path) -> None:
    """Before the end nobody sees the name; after it the result is complete and alone."""
    out = tmp_path / "run"
    with draft_result(out) as draft:
        _fill(draft)
        assert not out.exists()
    assert read_result(out).run() == {"counts": {"read": 0}}
    assert _beside(out) == []


def test_a_failing_run_leaves_nothing(tmp_path: Path) -> None:
    """An exception within the block removes the draft and passes on."""
    out = tmp_path / "run"
    with pytest.raises(ZeroDivisionError):
        _write(out, meanwhile=lambda: 1 // 0)
    assert list(tmp_path.iterdir()) == []


def test_kill_9_in_the_middle_leaves_no_result_and_the_next_run_succeeds(tmp_path: Path) -> None:
    """A killed writer leaves a partial sibling alone, which the next writer removes."""
    out = tmp_path / "run"
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_WRITER, str(out)], check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not out.exists()
    assert [name.startswith(".run.partial-") for name in _beside(out)] == [True]
    with draft_result(out) as draft:
        _fill(draft)
    assert read_result(out).table(QUARANTINE).is_empty()
    assert _beside(out) == []


def test_a_live_run_keeps_its_draft(tmp_path: Path) -> None:
    """Cleaning up passes by a draft that is held, and one whose process lives."""
    out = tmp_path / "run"
    with draft_result(out) as draft:
        assert remove_leftovers(out) == []
        _fill(draft)
    init = tmp_path / ".run.partial-1"
    init.mkdir()
    assert remove_leftovers(out) == ([] if os.getpid() != 1 else [init])


def test_a_result_is_never_written_over(tmp_path: Path) -> None:
    """A name that is taken is refused at the start, and at the end if it was taken meanwhile."""
    out = tmp_path / "run"
    with draft_result(out) as draft:
        _fill(draft)
    before = (out / "run.json").read_bytes()
    with pytest.raises(ResultExists, match="exists"), draft_result(out):
        pytest.fail("the block must not start")
    late = tmp_path / "late"

    def take_the_name() -> None:
        late.mkdir()
        (late / "theirs").touch()

    with pytest.raises(ResultExists):
        _write(late, meanwhile=take_the_name)
    assert (out / "run.json").read_bytes() == before
    assert [path.name for path in late.iterdir()] == ["theirs"]


def test_a_place_that_cannot_be_written_is_one_typed_error(tmp_path: Path) -> None:
    """A file where a folder should be is a ResultError, not a bare OSError."""
    (tmp_path / "file").touch()
    with pytest.raises(ResultError, match="cannot write"), draft_result(tmp_path / "file" / "run"):
        pytest.fail("the block must not start")


@pytest.mark.parametrize("name", ["run.json", "accounts.parquet", "decisions.jsonl"])
def test_a_directory_that_lacks_a_file_is_no_result(tmp_path: Path, name: str) -> None:
    """Each promised file is looked for, and named where it is absent."""
    out = tmp_path / "run"
    with draft_result(out) as draft:
        _fill(draft)
    (out / name).unlink()
    with pytest.raises(NotAResult, match=name):
        read_result(out)


def test_a_table_that_lacks_a_column_or_cannot_be_read_is_no_result(tmp_path: Path) -> None:
    """Columns and types are checked when a table is read, and garbage is told apart."""
    out = tmp_path / "run"
    with draft_result(out) as draft:
        _fill(draft)
    result = read_result(out)
    pl.DataFrame({"file": ["a"]}).write_parquet(out / "quarantine.parquet")
    with pytest.raises(NotAResult, match="column line of type Int64"):
        result.table(QUARANTINE)
    (out / "quarantine.parquet").write_bytes(b"no parquet")
    with pytest.raises(NotAResult, match="readable quarantine"):
        result.table(QUARANTINE)
    (out / "decisions.jsonl").write_bytes(b"{not json\n")
    with pytest.raises(NotAResult, match=r"readable decisions\.jsonl"):
        result.table(DECISION)


def test_a_column_that_came_later_is_there_where_it_holds_something(tmp_path: Path) -> None:
    """Results are written as before where nothing is in it, and older ones are read."""
    known = REGISTER.conform(pl.DataFrame({"account_id": ["a"], "plan": ["free"]}))
    filled = known.with_columns(payment_batch_hash=pl.lit(7, pl.Int64))
    written = []
    for number, rows in enumerate((known, filled)):
        with draft_result(tmp_path / f"run-{number}") as draft:
            _fill(draft)
            draft.write_table(REGISTER, REGISTER.leave_out_unused(rows))
        written.append(read_result(tmp_path / f"run-{number}").table(REGISTER))
    assert set(REGISTER.columns) - set(written[0].columns) == set(REGISTER.later)
    assert set(REGISTER.columns) - set(written[1].columns) == {
        "email_shape_hash",
        "payment_issuer_hash",
    }
    assert written[1]["payment_batch_hash"].to_list() == [7]
