"""What is made of a result before anybody asks, and that nobody makes it twice."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import sleep

import pytest

sys.path.append(str(Path(__file__).parents[3] / "contract/console"))

from made_for_console import CAMPAIGN, make_wide_result

from stillwatch.app.console.reading import Readings, make_ready
from stillwatch.app.console.reading.members import list_members, weigh_members
from stillwatch.app.console.reading.reading import Reading
from stillwatch.store.results import read_result


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a made-up result with every table."""
    return make_wide_result(tmp_path / "wide")


def test_the_largest_campaign_is_ready_when_its_page_asks(place: Path) -> None:
    """Its members and its graph are kept, and no file is needed for them any more."""
    reading = Reading(read_result(place))
    make_ready(reading)
    shutil.rmtree(place)
    assert weigh_members(reading, CAMPAIGN).height == 60
    assert reading.remember("graph", CAMPAIGN, "", make=dict)["accounts"] == 60


def test_effects_are_joined_anew_when_the_ledger_goes_on(place: Path) -> None:
    """What was made ahead holds none, so that a decision shows at once."""
    reading = Reading(read_result(place))
    make_ready(reading)
    assert "effect" not in weigh_members(reading, CAMPAIGN).columns
    assert list_members(reading, CAMPAIGN)["effect"].drop_nulls().len() > 0
    reading.enforce(reading.decisions.clear(), mark="7")
    assert list_members(reading, CAMPAIGN)["effect"].drop_nulls().len() == 0


def test_a_result_that_cannot_be_read_fails_where_it_is_asked_for(place: Path) -> None:
    """The thread ahead ends quietly; the page says what is wrong."""
    reading = Reading(read_result(place))
    (place / "evidence.parquet").write_bytes(b"PAR1")
    make_ready(reading)
    assert reading.campaigns.height == 2


def test_the_newest_is_made_ready_once_a_result(place: Path, tmp_path: Path) -> None:
    """Beside whoever asks, who does not wait for it."""
    made: list[str] = []
    done = Event()

    def note(reading: Reading) -> None:
        made.append(reading.place.name)
        done.set()

    other = make_wide_result(tmp_path / "other")
    places = [place]
    readings = Readings(lambda: places[-1], ahead=note)
    assert readings.newest() is readings.newest()
    assert done.wait(5)
    done.clear()
    places.append(other)
    readings.newest()
    assert done.wait(5)
    assert made == ["wide", "other"]


def test_two_who_ask_at_once_wait_for_one_making(place: Path) -> None:
    """And a making may remember its parts."""
    reading = Reading(read_result(place))
    makings: list[int] = []

    def make() -> object:
        makings.append(1)
        sleep(0.05)
        return reading.remember("part", make=object)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: reading.remember("whole", make=make), range(4)))
    assert len(makings) == 1
    assert all(one is found[0] for one in found)


def test_a_making_that_fails_is_tried_again(place: Path) -> None:
    """Nothing is kept of it, and nobody waits for ever."""
    reading = Reading(read_result(place))

    def fail() -> object:
        message = "not now"
        raise ValueError(message)

    for _ in range(2):
        with pytest.raises(ValueError, match="not now"):
            reading.remember("whole", make=fail)
    assert not reading._making, "a lock would stay for every id that somebody asks for in vain"
    assert reading.remember("whole", make=lambda: 3) == 3
