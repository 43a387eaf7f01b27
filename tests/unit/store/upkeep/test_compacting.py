"""A compacted lake is the lake that it was, to every reader, and after a kill at any point."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lakes_by_hand import FIRST, KEY, NOW, append, die_after, new_lake, seen

from stillwatch.domain import limits
from stillwatch.domain.errors import LakeDamaged
from stillwatch.store import appends as appends_module
from stillwatch.store.appends import count_appends, manifest_paths, read_appends
from stillwatch.store.durable import held_together
from stillwatch.store.lake import Lake
from stillwatch.store.manifest import check_lake
from stillwatch.store.upkeep import compact_lake, sweep_lake
from stillwatch.store.upkeep.rewriting import READERS

LATER = "2026-12-31"
STEP = st.one_of(
    st.lists(st.integers(0, 3), min_size=0, max_size=4),
    st.sampled_from(["compact", "sweep", "2026-11-02", "2026-11-03"]),
)


def parquet_files(lake: Lake) -> list[Path]:
    """Every data file that rests in a lake, named or not."""
    return list(lake.place.glob("*/day=*/*.parquet"))


def tend(lake: Lake) -> None:
    """Compact a lake and sweep it."""
    compact_lake(lake, before=LATER, at=NOW)
    sweep_lake(lake.place, waits=True)


@settings(max_examples=12)
@given(steps=st.lists(STEP, max_size=9))
def test_compacted_anywhere_a_lake_reads_as_one_that_never_was(
    steps: list[list[int] | str],
) -> None:
    """Rows, their order, facts, and what was seen as of each append; with late and new days."""
    with TemporaryDirectory() as folder:
        plain, tended = new_lake(Path(folder, "plain")), new_lake(Path(folder, "tended"))
        for number, step in enumerate(steps):
            if isinstance(step, list):
                append(plain, days=step, number=number)
                append(tended, days=step, number=number)
            elif step == "sweep":
                sweep_lake(tended.place, waits=True)
            else:
                compact_lake(tended, before=LATER if step == "compact" else step, at=NOW)
            check_lake(tended.place, key_check=KEY)
        assert seen(tended) == seen(plain)
        for up_to in range(count_appends(plain.place) + 1):
            as_of = [Lake(one.place, up_to=up_to) for one in (tended, plain)]
            assert seen(as_of[0]) == seen(as_of[1])


def test_a_finished_day_becomes_one_file_and_an_unfinished_one_stays(tmp_path: Path) -> None:
    """Nothing of the day under way is touched; of no day, everything is merged."""
    lake = new_lake(tmp_path / "lake")
    for number in range(6):
        append(lake, days=[0, 1], number=number)
    done = compact_lake(lake, before=str(FIRST.date().replace(day=2)), at=NOW)
    names = [Path(one["path"]).parent.name for one in lake.files("observed")]
    assert sorted(names) == ["day=2026-11-01", *["day=2026-11-02"] * 6]
    assert (done.files_before, done.files_after) == (24, 9)
    assert len(list(lake.files("register"))) == 1


def test_compacting_again_changes_nothing(tmp_path: Path) -> None:
    """There is no new checkpoint where there is nothing to merge."""
    lake = new_lake(tmp_path / "lake")
    for number in range(3):
        append(lake, days=[0], number=number)
    assert compact_lake(lake, before=LATER, at=NOW).is_news
    assert not compact_lake(lake, before=LATER, at=NOW).is_news
    assert read_appends(lake.place).generation == 1


def test_a_large_day_becomes_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file outgrows its bound, but one that was larger before; nothing is lost."""
    monkeypatch.setattr(limits, "LAKE_FILE_ROWS_MAX", 5)
    lake = new_lake(tmp_path / "lake")
    for number in range(7):
        append(lake, days=[0, 0], number=number)
    before = seen(lake)
    compact_lake(lake, before=LATER, at=NOW)
    assert [one["rows"] for one in lake.files("observed")] == [4, 4, 4, 2]
    assert seen(lake) == before


@pytest.mark.parametrize("at", range(12))
def test_killed_anywhere_it_is_as_before_or_done(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every write and deletion in turn: readers see the same, and the next time ends it."""
    lake = new_lake(tmp_path / "lake")
    for number in range(3):
        append(lake, days=[0, 1], number=number)
    before, dying = seen(lake), die_after(at)

    with monkeypatch.context() as broken:
        broken.setattr(pl.DataFrame, "write_parquet", dying(pl.DataFrame.write_parquet))
        broken.setattr(appends_module, "create_file", dying(appends_module.create_file))
        broken.setattr(Path, "unlink", dying(Path.unlink))
        with pytest.raises(KeyboardInterrupt):
            tend(lake)
    assert seen(lake) == before
    check_lake(lake.place, key_check=KEY)
    append(lake, days=[1], number=3)
    compact_lake(lake, before=LATER, at=NOW)
    sweep_lake(lake.place, waits=True)
    assert len(lake.read("observed")) == 7
    assert len(parquet_files(lake)) == 4
    assert len(manifest_paths(lake.place)) == 0


def test_what_was_opened_before_reads_on_until_it_is_swept(tmp_path: Path) -> None:
    """A look sees its files and their order to its end, whatever is merged meanwhile."""
    lake = new_lake(tmp_path / "lake")
    for number in range(4):
        append(lake, days=[0, 1], number=number)
    looking = Lake(lake.place, up_to=count_appends(lake.place))
    order = looking.read("observed").rows()
    compact_lake(lake, before=LATER, at=NOW)
    assert looking.read("observed").rows() == order


def test_nothing_is_swept_while_somebody_reads(tmp_path: Path) -> None:
    """It goes on without waiting, or waits, as it is told."""
    lake = new_lake(tmp_path / "lake")
    for number in range(3):
        append(lake, days=[0], number=number)
    compact_lake(lake, before=LATER, at=NOW)
    (lake.place / READERS).mkdir()
    files, begun = len(parquet_files(lake)), Event()
    with held_together(lake.place / READERS):
        assert sweep_lake(lake.place, waits=False) is None

        def wait_and_sweep() -> None:
            begun.set()
            sweep_lake(lake.place, waits=True)

        waiting = Thread(target=wait_and_sweep)
        waiting.start()
        begun.wait()
        assert len(parquet_files(lake)) == files
    waiting.join()
    assert len(parquet_files(lake)) == 3


def test_a_lost_checkpoint_is_noticed(tmp_path: Path) -> None:
    """What it replaced is gone: the lake doesn't look like an empty one."""
    lake = new_lake(tmp_path / "lake")
    append(lake, days=[0], number=0)
    compact_lake(lake, before=LATER, at=NOW)
    sweep_lake(lake.place, waits=True)
    append(lake, days=[0], number=1)
    next((lake.place / "manifest").glob("checkpoint-*.json")).unlink()
    with pytest.raises(LakeDamaged, match="an append is missing"):
        check_lake(lake.place, key_check=KEY)
