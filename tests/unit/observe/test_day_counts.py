"""Days that are counted apart and merged are the same as all days counted at once."""

from __future__ import annotations

import random
from typing import Any

import pytest
from exchanges_by_hand import lazy, observed
from polars.testing import assert_frame_equal

from stillwatch.domain.lake_tables import FIRST_USE
from stillwatch.observe.day_counts import DayCounts, count_exchanges, merge_counts, read_counts

_HOURS_A_DAY = 24


@pytest.fixture(scope="module")
def exchanges() -> list[dict[str, Any]]:
    """Three days of five accounts; the last day says nothing of paths and addresses."""
    chance = random.Random(5)
    return [
        {
            "account_id": f"a{chance.randrange(5)}",
            "at": hour,
            "address_hash": chance.randrange(3) if hour < 2 * _HOURS_A_DAY else None,
            "access_path": chance.choice(["api", "console"]) if hour < 2 * _HOURS_A_DAY else None,
            "client_hash": chance.choice([7, 8, None]),
            "model": chance.choice(["m", "n", None]),
            "output_tokens": chance.randrange(900),
            "tactic_probability": chance.random(),
        }
        for hour in range(3 * _HOURS_A_DAY)
    ]


def in_days(exchanges: list[dict[str, Any]]) -> list[DayCounts]:
    """Count each day by itself."""
    by_day = [exchanges[at : at + _HOURS_A_DAY] for at in range(0, len(exchanges), _HOURS_A_DAY)]
    return [count_exchanges(lazy(observed(*day))) for day in by_day]


def kept(day: DayCounts) -> DayCounts:
    """What comes back of a day that was kept as tables."""
    first_use = FIRST_USE.conform(day.first_use)
    return read_counts(day.tabulate(), first_use=first_use, profiles=day.profiles)


def assert_same(found: DayCounts, expected: DayCounts) -> None:
    """Every count and first hour exactly; sums of probabilities to the last digits."""
    for channel, counts in expected.values.items():
        assert_frame_equal(
            found.values[channel], counts, check_row_order=False, check_dtypes=False,
            check_exact=True,
        )  # fmt: skip
    assert_frame_equal(found.first_use, expected.first_use, check_row_order=False)
    assert_frame_equal(found.profiles, expected.profiles)


def test_days_add_up(exchanges: list[dict[str, Any]]) -> None:
    """In whatever order they are merged, kept or just counted."""
    whole = count_exchanges(lazy(observed(*exchanges)))
    days = in_days(exchanges)
    assert_same(merge_counts(days), whole)
    assert_same(merge_counts([kept(day) for day in reversed(days)]), whole)


def test_one_day_merged_is_that_day(exchanges: list[dict[str, Any]]) -> None:
    """Words stay words: a path is no number."""
    day = in_days(exchanges)[0]
    assert_same(merge_counts([kept(day)]), day)
    assert set(kept(day).values["access_path"]["value"]) == {"api", "console"}
