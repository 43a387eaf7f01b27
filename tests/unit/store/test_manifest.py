"""A lasting lake at its door: what is no lake, of another kind, or damaged is refused in a line."""

from __future__ import annotations

from pathlib import Path

import orjson
import polars as pl
import pytest

from stillwatch.domain.errors import LakeDamaged, LakeError
from stillwatch.store.lake import Lake
from stillwatch.store.manifest import (
    FORMAT,
    check_lake,
    is_of_this_format,
    make_lake,
    read_borders,
    turn_key,
    write_format,
)

KEY = 17


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Give a lake with two appends of one table."""
    place = tmp_path / "lake"
    make_lake(place, key_check=KEY)
    made = Lake(place)
    made.append("ours", pl.DataFrame({"n": [1, 2]}))
    made.append("ours", pl.DataFrame({"n": [3]}))
    return made


def parts(lake: Lake) -> list[Path]:
    """The files of its table, as appended."""
    return [lake.place / one["path"] for one in lake.files("ours")]


def test_a_whole_lake_is_let_in_and_made_once(lake: Lake) -> None:
    """Making it again changes nothing."""
    check_lake(lake.place, key_check=KEY)
    make_lake(lake.place, key_check=99)
    check_lake(lake.place, key_check=KEY)
    assert lake.read("ours")["n"].to_list() == [1, 2, 3]


def test_another_key_is_refused_with_what_to_do(lake: Lake) -> None:
    """The hint names the variables; whoever doesn't compare keys gets in."""
    with pytest.raises(LakeError, match="another pseudonym key") as refused:
        check_lake(lake.place, key_check=KEY + 1)
    assert "STILLWATCH_KEY" in refused.value.hint
    check_lake(lake.place, key_check=None)


def test_another_format_is_refused(lake: Lake) -> None:
    """A lake of a later version is not guessed at."""
    (lake.place / "lake.json").write_bytes(
        orjson.dumps({"stillwatch_lake": FORMAT + 1, "key_check": KEY})
    )
    with pytest.raises(
        LakeError, match=f"is of format {FORMAT + 1}, this version reads {FORMAT}"
    ) as refused:
        check_lake(lake.place, key_check=KEY)
    assert "migrate" not in refused.value.hint
    with pytest.raises(LakeError, match=f"is of format {FORMAT + 1}, this version knows {FORMAT}"):
        is_of_this_format(lake.place)


@pytest.mark.parametrize("version", range(1, FORMAT))
def test_an_older_format_is_refused_until_it_is_migrated(version: int, lake: Lake) -> None:
    """The hint says how; whoever only keeps the lake (a backup) may ask for no more than wholeness.

    What migrating does is in `upkeep/test_migrating.py`.
    """
    write_format(lake.place, version)
    with pytest.raises(LakeError, match=f"is of format {version}") as refused:
        check_lake(lake.place, key_check=KEY)
    assert "stillwatch lake migrate" in refused.value.hint
    assert not is_of_this_format(lake.place)
    check_lake(lake.place, key_check=KEY, may_be_older=True)
    parts(lake)[0].unlink()
    with pytest.raises(LakeDamaged, match="is missing"):
        check_lake(lake.place, key_check=KEY, may_be_older=True)


def test_the_format_is_told_beside_all_else_that_the_lake_says_of_itself(lake: Lake) -> None:
    """Its key, and the keys before."""
    turn_key(lake.place, key_check=KEY, new_check=KEY + 1)
    for version in (1, FORMAT):
        write_format(lake.place, version)
        assert read_borders(lake.place) == [2]
    check_lake(lake.place, key_check=KEY + 1)


def test_what_is_no_lake_is_not_taken_for_one(tmp_path: Path) -> None:
    """Absent, empty, or somebody's folder: nothing is written into the last."""
    with pytest.raises(LakeError, match="is no lake"):
        check_lake(tmp_path / "nowhere", key_check=KEY)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(LakeError, match="something else"):
        make_lake(tmp_path, key_check=KEY)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("harm", ["lost", "cut", "manifest lost", "manifest torn", "format torn"])
def test_damage_is_named(lake: Lake, harm: str) -> None:
    """A file or a manifest that is lost, cut or torn, in one line."""
    if harm == "lost":
        parts(lake)[0].unlink()
    elif harm == "cut":
        parts(lake)[1].write_bytes(parts(lake)[1].read_bytes()[:-1])
    elif harm == "manifest lost":
        (lake.place / "manifest" / "00000001.json").unlink()
    elif harm == "manifest torn":
        (lake.place / "manifest" / "00000002.json").write_bytes(b'{"entries": [')
    else:
        (lake.place / "lake.json").write_bytes(b"{")
    with pytest.raises(LakeDamaged, match="is damaged") as refused:
        check_lake(lake.place, key_check=KEY)
    assert "\n" not in str(refused.value)


def test_a_file_of_the_right_size_that_is_no_parquet_is_named_when_it_is_read(lake: Lake) -> None:
    """Sizes are looked at on opening, contents on reading."""
    part = parts(lake)[0]
    part.write_bytes(b"x" * part.stat().st_size)
    check_lake(lake.place, key_check=KEY)
    with pytest.raises(LakeDamaged, match="ours cannot be read"):
        lake.read("ours")


def test_several_tables_appear_at_once(lake: Lake) -> None:
    """What is written is not there before it is committed, and then all of it is."""
    entries = [lake.write(name, pl.DataFrame({"n": [7]})) for name in ("ours", "theirs")]
    assert lake.read("ours")["n"].to_list() == [1, 2, 3]
    assert lake.commit(entries, {"ingest": 1}) == 3
    assert lake.read("ours")["n"].to_list() == [1, 2, 3, 7]
    assert lake.read("theirs")["n"].to_list() == [7]
    assert list(lake.appends()) == [(1, {}), (2, {}), (3, {"ingest": 1})]


def test_what_is_appended_while_one_looks_is_not_seen(lake: Lake) -> None:
    """Row numbers of a look stay what they were; the next look sees it."""
    looked_at = Lake(lake.place, up_to=2)
    lake.append("ours", pl.DataFrame({"n": [4]}))
    assert looked_at.read("ours")["n"].to_list() == [1, 2, 3]
    assert len(list(looked_at.appends())) == 2
    assert lake.read("ours")["n"].to_list() == [1, 2, 3, 4]


def test_a_lake_whose_making_was_killed_is_made_anew(tmp_path: Path) -> None:
    """A format file that was never named is nobody else's: the place is to be a lake yet."""
    place = tmp_path / "lake"
    place.mkdir()
    (place / ".lake.json.13883.part").write_bytes(b"{")
    make_lake(place, key_check=KEY)
    check_lake(place, key_check=KEY)
