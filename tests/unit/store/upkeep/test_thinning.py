"""Rows that leave a lake: all of them at once, after a kill at any point, beside readers."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

import polars as pl
import pytest
from lakes_by_hand import KEY, NOW, append, die_after, new_lake, seen

from stillwatch.store import appends as appends_module
from stillwatch.store.appends import count_appends
from stillwatch.store.durable import held_together
from stillwatch.store.lake import Lake
from stillwatch.store.manifest import check_lake
from stillwatch.store.upkeep import compact_lake, sweep_lake, thin_lake
from stillwatch.store.upkeep.rewriting import READERS
from stillwatch.store.upkeep.thinning import GONE, FileRows

LATER = "2026-12-31"


def of_acct_1(file: FileRows) -> pl.Series | None:
    """Choose the rows of one account."""
    return file.rows.select(pl.col("account_id") == "acct-1").collect()["account_id"]


def filled(place: Path, *, is_merged: bool) -> Lake:
    """Give a lake of four rounds of appends, merged but for the last."""
    lake = new_lake(place)
    for number in range(4):
        if is_merged and number == 3:
            compact_lake(lake, before=LATER, at=NOW)
        append(lake, days=[0, 1], number=number)
    return lake


@pytest.mark.parametrize("is_merged", [False, True])
def test_the_rows_go_and_all_others_stay_in_their_order(*, is_merged: bool, tmp_path: Path) -> None:
    """As of every append too; what has gone is told by table and day, after all there was."""
    lake = filled(tmp_path / "lake", is_merged=is_merged)
    before = [seen(Lake(lake.place, up_to=n)) for n in range(1 + count_appends(lake.place))]
    thinned = thin_lake(lake, of_acct_1, at=NOW, about={"why": "a test"})
    for up_to, was in enumerate(before):
        now = seen(Lake(lake.place, up_to=up_to))
        assert now["appends"] == was["appends"]
        for table, place in (("observed", 1), ("register", 0), ("campaign_heads", 1)):
            assert now[table] == [row for row in was[table] if row[place] != "acct-1"]
    number, about = list(lake.appends())[-1]
    assert number == len(before)
    assert about[GONE]["rows"] == {name: dict(days) for name, days in thinned.rows.items()}
    assert (
        sum(thinned.sums().values())
        == len(before[-1]["observed"]) - len(lake.read("observed")) + 1 + 2
    )


@pytest.mark.parametrize("at", range(10))
def test_killed_anywhere_all_rows_are_there_or_none(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next time ends it, with no file left that holds one."""
    lake, dying = filled(tmp_path / "lake", is_merged=True), die_after(at)
    rows = len(lake.read("observed"))
    own = len(lake.read("observed").filter(pl.col("account_id") == "acct-1"))

    def erase() -> None:
        thin_lake(lake, of_acct_1, at=NOW, about={"why": "a test"})
        sweep_lake(lake.place, waits=True)

    with monkeypatch.context() as broken:
        broken.setattr(pl.DataFrame, "write_parquet", dying(pl.DataFrame.write_parquet))
        broken.setattr(appends_module, "create_file", dying(appends_module.create_file))
        broken.setattr(Path, "unlink", dying(Path.unlink))
        with pytest.raises(KeyboardInterrupt):
            erase()
    check_lake(lake.place, key_check=KEY)
    assert len(lake.read("observed")) in {rows, rows - own}
    erase()
    for path in lake.place.glob("*/day=*/*.parquet"):
        assert "acct-1" not in pl.read_parquet(path)["account_id"].to_list()
    assert len(lake.read("observed")) == rows - own


def test_a_reader_sees_every_row_once_whatever_is_tended(tmp_path: Path) -> None:
    """While others append, compact and sweep: never double, never nothing, never fewer."""
    lake = new_lake(tmp_path / "lake")
    append(lake, days=[0], number=0)
    (lake.place / READERS).mkdir()
    stop, failures = Event(), list[str]()

    def read_on() -> None:
        least = 1
        while not stop.is_set():
            with held_together(lake.place / READERS):
                reading = Lake(lake.place, up_to=count_appends(lake.place))
                ids = reading.read("observed")["exchange_id"].to_list()
            if len(set(ids)) != len(ids) or len(ids) < least:
                failures.append(f"{len(set(ids))} of {len(ids)} after {least}")
            least = len(ids)

    readers = [Thread(target=read_on) for _ in range(2)]
    for one in readers:
        one.start()
    for number in range(1, 13):
        append(lake, days=[0, 1], number=number)
        if number % 3 == 0:
            compact_lake(lake, before=LATER, at=NOW)
        sweep_lake(lake.place, waits=False)
    stop.set()
    for one in readers:
        one.join()
    assert failures == []
    assert len(lake.read("observed")) == 25
