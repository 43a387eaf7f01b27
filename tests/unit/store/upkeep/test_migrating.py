"""A lake of an older format: refused as it is; migrated, what a lake observed anew would be.

But for what came later and needs the text: that is null in it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from lakes_by_hand import FIRST, KEY, NOW, die_after, new_lake

from stillwatch.domain.errors import LakeDamaged, LakeError
from stillwatch.domain.keyed import CONTENT_BITS, CONTENT_MASK, PseudonymKey, hash_strings
from stillwatch.domain.lake_tables import TELLING
from stillwatch.domain.tables import ARRIVAL, OBSERVED, REGISTER, SYSTEM
from stillwatch.observe import load_tactics, observe_arrivals
from stillwatch.observe.systems import observe_systems
from stillwatch.store import appends as appends_module
from stillwatch.store import manifest as manifest_module
from stillwatch.store.appends import count_appends
from stillwatch.store.lake import Lake
from stillwatch.store.manifest import (
    FORMAT,
    check_lake,
    is_of_this_format,
    read_borders,
    turn_key,
    write_format,
)
from stillwatch.store.upkeep import compact_lake, migrate_lake, sweep_lake
from stillwatch.store.upkeep.migrating import HASHES

PSEUDONYM = PseudonymKey(3, 4)
MODEL = load_tactics()
NAMES = [name for name in OBSERVED.columns if name.endswith("_hash")]
SCATTER = 0x9E3779B1
LATER = ("numbers_hash", *REGISTER.later)
"""Columns that came after format 2."""
TABLES = (OBSERVED.name, SYSTEM.name, TELLING.name, REGISTER.name)


def arrivals(number: int) -> pl.DataFrame:
    """Give exchanges of three accounts over two days, with every name and with texts."""
    at: list[datetime] = [FIRST + timedelta(hours=7 * row, minutes=number) for row in range(6)]
    words = [f"{number} of {row % 3} towns" for row in range(6)]
    named = pl.Series(hash_strings(pa.array(words), key=PSEUDONYM), dtype=pl.Int64)
    frame = pl.DataFrame(
        {
            "exchange_id": [f"x-{number}-{row}" for row in range(6)],
            "account_id": [f"acct-{row % 3}" for row in range(6)],
            "time": at,
            "source_file": 0,
            "source_line": range(6),
            "system": [
                f"You are helper {row % 2}. Answer in one short sentence." for row in range(6)
            ],
            "prompt": [f"Tell me of {word}, of its rivers and its hills." for word in words],
            **{name: named for name in NAMES if name in ARRIVAL.columns},
        },
        schema_overrides={"time": pl.Datetime("us", "UTC")},
    )
    return ARRIVAL.conform(frame)


def telling(hashes: pl.Series) -> pl.DataFrame:
    """Say that a campaign is told by a prompt, a system text, a template, and by two addresses."""
    told = {
        "channel": ["item", "system_text", "template", "address", "address"],
        "value": [*hashes.head(3), -(2**62) + 1, 77],
    }
    frame = pl.DataFrame(told)
    return TELLING.conform(frame.with_columns(campaign_id=pl.lit("c-1"), look=1, weight_bits=1.0))


def register(number: int, *, is_old: bool) -> pl.DataFrame:
    """Give the register of one ingest, with the number that a lake writes beside it."""
    known = pl.DataFrame({"account_id": ["acct-0", "acct-1"], "plan": "free", "email_hash": 9})
    rows = REGISTER.conform(known).with_columns(ingest=pl.lit(number, pl.Int64))
    return rows.drop(REGISTER.later) if is_old else rows


def lengthen(value: pl.Expr) -> pl.Expr:
    """Give a hash lower bits of its own, as those had that were written before."""
    lower = ((value // 2**16) * SCATTER) % 2 ** (64 - CONTENT_BITS)
    return (value & CONTENT_MASK) + lower


def as_written_before(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Give the rows as a version of format 2 would have written them."""
    lists = [name for name in HASHES[table] if isinstance(rows.schema[name], pl.List)]
    plain = [name for name in HASHES[table] if name not in lists]
    return rows.drop(LATER, strict=False).with_columns(
        *(pl.col(name).list.eval(lengthen(pl.element())) for name in lists),
        *(lengthen(pl.col(name)) for name in plain),
    )


def fill(place: Path, *, is_old: bool, is_merged: bool = False) -> Lake:
    """Make a lake of three ingests and a look, as it is written now, or as it was."""
    lake = new_lake(place)
    for number in range(3):
        if number == 2 and is_merged:
            compact_lake(lake, before="2026-12-31", at=NOW)
        arrived = arrivals(number)
        observed = observe_arrivals(arrived, key=PSEUDONYM, model=MODEL)
        rows = {OBSERVED.name: observed, SYSTEM.name: observe_systems(arrived, key=PSEUDONYM)}
        if is_old:
            rows = {name: as_written_before(name, frame) for name, frame in rows.items()}
        rows[REGISTER.name] = register(number, is_old=is_old)
        lake.commit([lake.write(n, f) for n, f in rows.items()], {"ingest": {"number": number}})
    lake.append(TELLING.name, telling(rows[OBSERVED.name]["prompt_hash"]))
    if is_old:
        write_format(place, 2)
    return lake


def holds(lake: Lake, up_to: int | None = None) -> dict[str, list[tuple[object, ...]]]:
    """Give every row of the tables, in their order, without what came later."""
    read = {name: Lake(lake.place, up_to=up_to).read(name) for name in TABLES}
    return {name: rows.drop(LATER, strict=False).rows() for name, rows in read.items()}


@pytest.mark.parametrize("is_merged", [False, True])
def test_a_migrated_lake_holds_what_one_observed_anew_does(
    tmp_path: Path, *, is_merged: bool
) -> None:
    """As of every append, in the same order; before that it is refused, and holds other hashes."""
    old = fill(tmp_path / "old", is_old=True, is_merged=is_merged)
    new = fill(tmp_path / "new", is_old=False, is_merged=is_merged)
    assert holds(old) != holds(new)
    with pytest.raises(LakeError, match=f"is of format 2, this version reads {FORMAT}"):
        check_lake(old.place, key_check=KEY)
    assert migrate_lake(old, at=NOW)
    check_lake(old.place, key_check=KEY)
    for up_to in range(1 + count_appends(new.place)):
        assert holds(old, up_to) == holds(new, up_to)
    assert list(old.appends()) == list(new.appends())
    told = [lake.read(OBSERVED.name)[LATER[0]].null_count() for lake in (old, new)]
    assert told == [18, 0]
    assert not migrate_lake(old, at=NOW)
    assert old.read(REGISTER.name).columns == [*REGISTER.columns, "ingest"]


def test_a_lake_of_the_format_before_gets_the_columns_of_its_register(tmp_path: Path) -> None:
    """As nulls, beside what was there; exchanges are left as they lie."""
    lake = new_lake(tmp_path / "lake")
    lake.append(OBSERVED.name, observe_arrivals(arrivals(0), key=PSEUDONYM, model=MODEL))
    lake.append(REGISTER.name, register(1, is_old=True))
    write_format(lake.place, 4)
    there = list(lake.files(OBSERVED.name))
    assert migrate_lake(lake, at=NOW)
    told = register(2, is_old=False).with_columns(payment_batch_hash=pl.lit(7, pl.Int64))
    lake.append(REGISTER.name, told)
    told = lake.read(REGISTER.name)
    assert told["payment_batch_hash"].to_list() == [None, None, 7, 7]
    assert told["plan"].to_list() == ["free"] * 4
    assert told["ingest"].to_list() == [1, 1, 2, 2]
    assert [one["path"] for one in lake.files(OBSERVED.name)] == [one["path"] for one in there]


def test_names_keep_all_of_their_bits(tmp_path: Path) -> None:
    """Of all columns of hashes those that are cut have no lower bits, and all others have some."""
    lake = fill(tmp_path / "old", is_old=True)
    migrate_lake(lake, at=NOW)
    for table in (OBSERVED.name, SYSTEM.name):
        rows = lake.read(table)
        lists = [n for n, kind in rows.schema.items() if kind == pl.List(pl.Int64)]
        hashed = [n for n in rows.columns if n.endswith("_hash") and not rows[n].null_count()]
        cut = {n for n in [*lists, *hashed] if not _lower(rows[n])}
        assert cut == set(HASHES[table])


def _lower(column: pl.Series) -> int:
    """Give the largest of the lower bits of a column's hashes."""
    hashes = column.explode() if isinstance(column.dtype, pl.List) else column
    return max((one & ~CONTENT_MASK for one in hashes.drop_nulls()), default=0)


def test_a_lake_without_such_hashes_gets_its_format_and_nothing_else(tmp_path: Path) -> None:
    """No file is written, and no checkpoint; of format 1 too, and the keys before stay known."""
    lake = new_lake(tmp_path / "lake")
    lake.append("ours", pl.DataFrame({"n": [1, 2]}))
    turn_key(lake.place, key_check=KEY, new_check=KEY + 1)
    write_format(lake.place, 1)
    before = sorted(p for p in lake.place.rglob("*") if p.name != "lake.json")
    assert migrate_lake(lake, at=NOW)
    assert sorted(p for p in lake.place.rglob("*") if p.name != "lake.json") == before
    check_lake(lake.place, key_check=KEY + 1)
    assert read_borders(lake.place) == [1]


def test_a_damaged_file_is_named_and_the_lake_stays_older(tmp_path: Path) -> None:
    """Nothing has changed for whoever reads it with the version that wrote it."""
    lake = fill(tmp_path / "old", is_old=True)
    victim = next((lake.place / OBSERVED.name).glob("*/*.parquet"))
    victim.write_bytes(b"\0" * victim.stat().st_size)
    with pytest.raises(LakeDamaged, match=victim.name):
        migrate_lake(lake, at=NOW)
    assert not is_of_this_format(lake.place)


@pytest.mark.parametrize("at", range(16))
def test_killed_anywhere_it_is_an_older_lake_or_a_migrated_one(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never one of this format that holds an old hash; and the next time ends it."""
    lake, dying = fill(tmp_path / "old", is_old=True), die_after(at)
    new = fill(tmp_path / "new", is_old=False)

    with monkeypatch.context() as broken:
        broken.setattr(pl.DataFrame, "write_parquet", dying(pl.DataFrame.write_parquet))
        broken.setattr(appends_module, "create_file", dying(appends_module.create_file))
        broken.setattr(manifest_module, "replace_file", dying(manifest_module.replace_file))
        try:
            migrate_lake(lake, at=NOW)
        except KeyboardInterrupt:
            assert not is_of_this_format(lake.place)
    check_lake(lake.place, key_check=KEY, may_be_older=True)
    migrate_lake(lake, at=NOW)
    sweep_lake(lake.place, waits=True)
    check_lake(lake.place, key_check=KEY)
    assert holds(lake) == holds(new)
