"""What a result tells the pages: states of campaigns, marks of days, members, and what is kept."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from made_result import CAMPAIGN, HEADS, make_result

from stillwatch.app.console.reading import Readings
from stillwatch.app.console.reading.days import layer_campaigns, mark_days
from stillwatch.app.console.reading.members import list_members, spell_members
from stillwatch.app.console.reading.reading import KEPT_MAX, Reading
from stillwatch.app.console.reading.similar import find_similar
from stillwatch.app.console.reading.states import state_campaigns
from stillwatch.domain.errors import NotAResult
from stillwatch.store.results import read_result


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    """Give a result of an older version: it has the promised files, and no other."""
    return Reading(read_result(make_result(tmp_path / "run")))


def test_an_older_result_is_read_with_what_it_has(reading: Reading) -> None:
    """No ties, no register, no days: empty tables, and no fault."""
    for frame in (reading.ties, reading.register, reading.launches, reading.history):
        assert frame.is_empty()
    assert reading.conduct_of(HEADS[0]).is_empty()
    assert layer_campaigns(reading, [CAMPAIGN]) == []
    assert mark_days(reading, CAMPAIGN) == []
    assert find_similar(reading, CAMPAIGN).is_empty()


def test_what_a_scan_finds_is_new_and_says_how_many_were_acted_on(reading: Reading) -> None:
    """Without a look before it; accounts under an effect that takes something are counted."""
    row = state_campaigns(reading).row(0, named=True)
    assert (row["state"], row["is_permitted"], row["fraudulent"]) == ("new", False, 2)
    assert row["grade"] == "found"
    taking = reading.decisions.filter(pl.col("effect") == "suspend")
    assert row["acted_on"] == taking.height


def test_members_are_the_accounts_of_the_campaign_gravest_first(reading: Reading) -> None:
    """With their bits over all families, and their effect."""
    members = list_members(reading, CAMPAIGN)
    assert members["account_id"].to_list() == list(HEADS)
    assert members["verdict"].to_list() == ["fraudulent", "fraudulent", "suspect"]
    assert members["weight_bits"].to_list() == pytest.approx([11.9] * 3)


def test_members_are_spelt_by_columns(reading: Reading) -> None:
    """Every column has a value an account; words are numbers into their list."""
    spelt = spell_members(list_members(reading, CAMPAIGN))
    assert {len(column) for column in spelt["columns"].values()} == {3}
    told = [spelt["words"]["verdict"][number] for number in spelt["columns"]["verdict"]]
    assert told == ["fraudulent", "fraudulent", "suspect"]


def test_a_newer_result_takes_the_place_of_the_old(tmp_path: Path) -> None:
    """It is read once for as long as it is the newest; before the first there is none."""
    places: list[Path | None] = [None]
    readings = Readings(lambda: places[-1])
    assert readings.newest() is None
    places.append(make_result(tmp_path / "one"))
    first = readings.newest()
    assert first is readings.newest()
    places.append(make_result(tmp_path / "two"))
    assert readings.newest() is not first


def test_what_is_no_result_is_said_to_be_none(tmp_path: Path) -> None:
    """With what is missing."""
    with pytest.raises(NotAResult):
        Readings(lambda: tmp_path).newest()


def test_what_was_made_of_a_result_is_kept_within_bounds(reading: Reading) -> None:
    """Made once, and no more of it than KEPT_MAX."""
    made = []
    for number in range(KEPT_MAX + 5):
        reading.remember("x", str(number), make=lambda: made.append(1))
    reading.remember("x", str(KEPT_MAX + 4), make=lambda: made.append(1))
    assert len(made) == KEPT_MAX + 5
    assert len(reading._kept) == KEPT_MAX
