"""Days of people and days of a dispatcher: a figure that knows no volume, and hides hands."""

from __future__ import annotations

import math

import numpy as np
import pytest
from cores_by_hand import core_of

from stillwatch.detect.witnesses.people_have_paces_and_days import (
    OWN_DAYS,
    fit_days,
    measure_own_days,
)

DAYS = 14


def measure_table(table: np.ndarray, *, seed: int = 0) -> float:
    """Days of a table of accounts and days, in waking hours."""
    rng = np.random.default_rng(seed)
    account, day = np.nonzero(table)
    hour = np.repeat(day * 24, table[account, day]) + rng.integers(6, 20, int(table.sum()))
    return measure_own_days(core_of(table.sum(axis=1).tolist(), hour=hour))


def fit_cells(there: np.ndarray, sent: np.ndarray, of_day: np.ndarray) -> np.ndarray:
    """Fit two margins in turn, cell by cell."""
    cells = there.astype(np.float64)
    for _ in range(2_000):
        cells *= (of_day / np.maximum(cells.sum(axis=0), 1e-300))[None, :]
        cells *= (sent / np.maximum(cells.sum(axis=1), 1e-300))[:, None]
    return cells


@pytest.mark.parametrize(("requests", "off"), [(4, 0.3), (8, 0.1), (30, 0.07), (280, 0.07)])
@pytest.mark.parametrize("weekends", [1.0, 0.1])
def test_requests_dealt_by_lots_are_nought_however_few(
    requests: int, off: float, weekends: float
) -> None:
    """Eight an account in a fortnight or twenty a day, on weekends as much or a tenth of it.

    Of four an account it says up to a quarter too little, and so hides less.
    """
    rng = np.random.default_rng(3)
    pace = np.where(np.arange(DAYS) % 7 < 5, 1.0, weekends)
    table = rng.poisson(np.tile(pace / pace.sum() * requests, (300, 1)))
    assert measure_table(table) == pytest.approx(0.0, abs=off)


@pytest.mark.parametrize("requests", [8, 15, 60])
def test_people_with_days_of_their_own_are_told_by_few_requests(requests: int) -> None:
    """A fortnight of which each works half."""
    rng = np.random.default_rng(9)
    works = rng.random((300, DAYS)) < 0.5
    pace = works / np.maximum(works.sum(axis=1, keepdims=True), 1)
    assert measure_table(rng.poisson(pace * requests)) > OWN_DAYS.stated


@pytest.mark.parametrize("begins", range(0, 24, 3))
def test_a_shift_through_midnight_is_one_day(begins: int) -> None:
    """By the clock of the log it is two: eight hours from any hour on say the same."""
    rng = np.random.default_rng(10)
    works = rng.random((120, DAYS)) < 0.5
    table = rng.poisson(4.0, works.shape) * works
    account, day = np.nonzero(table)
    count = table[account, day]
    hour = np.repeat(day * 24 + begins, count) + rng.integers(0, 8, int(table.sum()))
    sizes = np.bincount(account, count).astype(int)
    found = measure_own_days(core_of(sizes[sizes > 0].tolist(), hour=hour))
    assert 0.55 < found < 0.95


def test_people_who_work_on_half_of_the_days_are_nearly_a_bit_at_any_volume() -> None:
    """Two requests of one are twice as likely to share a day, less what first and last days are."""
    rng = np.random.default_rng(4)
    works = rng.random((800, 40)) < 0.5
    pace = rng.lognormal(0.0, 1.0, 800)[:, None] * works
    quiet, busy = (measure_table(rng.poisson(pace * volume)) for volume in (4.0, 40.0))
    assert 0.85 < busy < 1.0
    assert quiet == pytest.approx(busy, abs=0.03)


def test_days_on_which_nobody_works_are_nobody_s_own() -> None:
    """Five days a week, all of them; and heads that are replaced when half of the time is over."""
    rng = np.random.default_rng(5)
    table = rng.poisson(9.0, (60, DAYS)) * (np.arange(DAYS) % 7 < 5)
    assert measure_table(table) == pytest.approx(0.05, abs=0.05)
    table[:30, 7:] = 0
    table[30:, :7] = 0
    assert measure_table(table) == pytest.approx(0.05, abs=0.05)


def test_a_rest_of_a_day_in_four_is_where_a_dispatcher_ends() -> None:
    """By lots, each head on its own; in strict turn it is far below."""
    rng = np.random.default_rng(6)
    rests = rng.random((4_000, 40)) < 0.25
    table = rng.poisson(12.0, rests.shape) * ~rests
    assert measure_table(table) == pytest.approx(OWN_DAYS.stated, abs=0.03)
    assert measure_table(np.ones((40, DAYS), np.int64)) < -3.0


def test_expected_days_are_those_of_two_margins_fitted_cell_by_cell() -> None:
    """Accounts that come and go, of any volume, on days of any volume."""
    rng = np.random.default_rng(7)
    first = rng.integers(0, 8, 50)
    last = first + rng.integers(1, 6, 50)
    day = np.arange(DAYS)
    there = (day >= first[:, None]) & (day <= last[:, None])
    table = rng.poisson(rng.lognormal(2, 1, 50)[:, None] * rng.lognormal(0, 1, DAYS)) * there
    table[np.arange(50), first] += 1
    sent, of_day = table.sum(axis=1).astype(float), table.sum(axis=0).astype(float)
    cells = fit_cells(there, sent, of_day)
    share = fit_days(first, last, sent, of_day) * there
    shares = share / share.sum(axis=1, keepdims=True)
    assert shares == pytest.approx(cells / cells.sum(axis=1, keepdims=True), abs=0.01)


def test_accounts_of_one_day_say_nothing_of_days() -> None:
    """A class of one morning, one regular among visitors: silent; two regulars are heard."""
    assert math.isnan(measure_own_days(core_of([5] * 20, hour=[9] * 100)))
    table = np.zeros((20, DAYS), np.int64)
    table[:, 3] = 5
    table[0] = 2
    assert math.isnan(measure_table(table))
    table[1] = 2
    assert math.isfinite(measure_table(table))


def test_it_hides_hands_and_neither_shows_one_nor_weighs() -> None:
    """What it is compared with is stated."""
    assert OWN_DAYS.hides_hand
    assert OWN_DAYS.exculpates
    assert not OWN_DAYS.shows_hand
    assert not OWN_DAYS.weighs
    assert (OWN_DAYS.stated, OWN_DAYS.spread) == (0.4, 0.1)


def test_the_limit_of_a_few_lies_where_many_of_the_same_habits_do() -> None:
    """Twenty who rest a day in four, by lots, against three thousand: four draws of five."""
    rng = np.random.default_rng(8)

    def draw(people: int) -> float:
        works = rng.random((people, DAYS)) < 0.75
        return measure_table(rng.poisson(4.0, (people, DAYS)) * works)

    many = draw(3_000)
    few = [draw(20) for _ in range(60)]
    assert np.mean([one > many for one in few]) > 0.8
    assert np.median(few) < many + 0.2
