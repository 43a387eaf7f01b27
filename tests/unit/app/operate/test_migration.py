"""After an upgrade: an older lake is refused, and migrated gives what a new one gives."""

from __future__ import annotations

import shutil
from pathlib import Path

import narwhals as nw
import orjson
import polars as pl
import pytest
from incidents_by_hand import PSEUDONYM, ingest, record, run, run_json

from stillwatch.app.steps.opening import lake_to_watch
from stillwatch.app.steps.window import take_window
from stillwatch.domain.tables import REGISTER
from stillwatch.observe.passages import list_passages
from stillwatch.store.appends import read_appends
from stillwatch.store.lake import Lake
from stillwatch.store.manifest import FORMAT, write_format
from stillwatch.store.secret_key import key_from_hex
from stillwatch.store.upkeep.migrating import HASHES
from stillwatch.store.upkeep.rewriting import PlacedFile, place_files, publish

WORDS = [f"{a}{b}" for a in ("ba", "ko", "li", "mu", "ne", "ra") for b in ("so", "ti", "vu", "ze")]
KEY = key_from_hex(PSEUDONYM, source="a test")


def records(day: int) -> list[dict[str, object]]:
    """Give a day of eight accounts that send one text with an item of their own."""
    text = " ".join(WORDS)
    rows = [record(f"acct-{n % 8}", n, day=day) for n in range(24)]
    return [{**row, "prompt": f"{text} item {n}", "system": text} for n, row in enumerate(rows)]


def lengthen(hashed: pl.Expr) -> pl.Expr:
    """Give a hash of content lower bits of its own, as an older version wrote them."""
    return hashed + (hashed // 2**16 * 40_503) % 2**16


def make_older(place: Path) -> None:
    """Write a lake's hashes of content as an older version would have, and its format."""
    lake, before, after = Lake(place), read_appends(place), list[PlacedFile]()
    for one in place_files(before):
        rows = pl.read_parquet(place / one.entry["path"], hive_partitioning=False)
        for name in HASHES.get(one.table, ()):
            is_list = isinstance(rows.schema[name], pl.List)
            longer = pl.col(name).list.eval(lengthen(pl.element()))
            rows = rows.with_columns(longer if is_list else lengthen(pl.col(name)))
        rows = rows.drop("numbers_hash", strict=False)  # since format 4
        if one.table == REGISTER.name:
            rows = rows.drop(REGISTER.later)  # since format 5
        part = lake.write_part(one.table, one.day, rows, "older-" + Path(one.entry["path"]).stem)
        after.append(PlacedFile(one.append, one.table, part))
    publish(place, before, after, at="2026-11-30T08:00:00+00:00")
    write_format(place, 2)


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make a lake of a day, and the same as an older version would have written it."""
    folder = tmp_path_factory.mktemp("lakes")
    new, old = folder / "new", folder / "old"
    ingest(new, folder / "day-0", records(0))
    shutil.copytree(new, old)
    make_older(old)
    return new, old


def test_a_migrated_lake_gives_what_a_new_one_gives(
    lakes: tuple[Path, Path], tmp_path: Path
) -> None:
    """Refused before; then the same passages over both days, and the same tables of a look."""
    new, old = lakes
    (tmp_path / "day-1").mkdir()
    day = tmp_path / "day-1" / "exchanges.jsonl"
    day.write_bytes(b"\n".join(map(orjson.dumps, records(1))))
    for words in (
        ("watch", old, "--out", tmp_path / "refused"),
        ("ingest", day.parent, "--lake", old),
        ("lake", "compact", old),
    ):
        said = run(*words, code=2)
        assert "is of format 2" in said
        assert "stillwatch lake migrate" in said
    assert run_json("lake", "migrate", old) == {
        "lake": str(old),
        "format": FORMAT,
        "migrated": True,
    }
    assert "nothing to do" in run("lake", "migrate", old)
    results, passages = [], []
    for place in (new, old):
        run("ingest", day.parent, "--lake", place)
        with lake_to_watch(place, key=KEY) as lake:
            window = take_window(lake, days=None).arrived
            sent = list_passages(nw.from_native(window.observed()), systems=window.systems())
            passages.append(sent.passages.spell_out().sort("row", "hash", "place"))
        out = tmp_path / f"result-{place.name}"
        run("watch", place, "--out", out)
        results.append({p.name: pl.read_parquet(p) for p in sorted(out.glob("*.parquet"))})
    assert len(passages[0]) > 48
    assert passages[0].equals(passages[1])
    assert results[0].keys() == results[1].keys()
    for name, table in results[0].items():
        assert table.equals(results[1][name]), name
