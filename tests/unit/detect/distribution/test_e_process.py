"""Bets on p-values: what a day without traffic costs, and what persistence does."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.detect.distribution.e_process import bet_on_p_values, rank_in_own_past, rank_paths


def test_small_p_values_win_and_large_ones_lose() -> None:
    """Ten days at 0.01 make more than 1 / 0.0001; ten at 0.9 lose half of the stake."""
    assert bet_on_p_values(np.full(10, 0.01))[-1] > np.log(1e4)
    assert bet_on_p_values(np.full(10, 0.9))[-1] < np.log(0.5)


def test_a_day_without_traffic_costs_nothing() -> None:
    """A nan leaves the wealth as it was, and at first at the stake of 1."""
    wealth = bet_on_p_values(np.array([np.nan, 0.1, np.nan, 0.2]))
    assert wealth[0] == pytest.approx(0)
    assert wealth[2] == wealth[1]


@pytest.mark.parametrize("wrong", [0.0, -0.1, 1.1])
def test_what_is_no_p_value_is_refused(wrong: float) -> None:
    """Zero would win everything at once."""
    with pytest.raises(ValueError, match="p-values"):
        bet_on_p_values(np.array([wrong]))


def test_one_day_is_a_fair_bet() -> None:
    """The mean of the e-value over uniform p-values is at most 1, by quadrature (tail cut off)."""
    p_values = (np.arange(100_000) + 0.5) / 100_000
    mean = np.mean(np.exp(bet_on_p_values(p_values[:, None])))
    assert 0.85 < mean <= 1


def test_a_day_beyond_all_earlier_ones_is_ranked_first() -> None:
    """The tenth day, the largest so far, has p of at most 1/10; a missing day stays missing."""
    scores = np.array([3.0, 1, 2, np.nan, 2.5, 1.5, 2.2, 0.5, 1.7, 2.9, 99])
    p_values = rank_in_own_past(scores, np.random.default_rng(1))
    assert p_values[-1] <= 1 / 10
    assert np.isnan(p_values[3])
    assert np.isnan(p_values).sum() == 1


def test_a_change_is_found_in_the_own_past_and_a_habit_is_not() -> None:
    """Thirty days shifted by 5 sd after thirty alarm at 1 in 20; a habit from day one does not."""
    rng = np.random.default_rng(3)
    quiet = rng.standard_normal(60)
    changed = quiet + np.where(np.arange(60) >= 30, 5.0, 0.0)
    alarm = np.log(20)
    assert bet_on_p_values(rank_in_own_past(changed, rng)).max() > alarm
    assert bet_on_p_values(rank_in_own_past(quiet + 50, rng)).max() < alarm


def test_a_path_is_ranked_by_its_highest_day_so_far() -> None:
    """P never rises along a path; above every peer's highest it is 1 / (peers + 1)."""
    rng = np.random.default_rng(4)
    peers = rng.standard_normal((99, 30))
    path = np.concatenate([np.zeros(10), np.full(20, 99.0)])[None]
    p_values = rank_paths(path, peers)
    assert (np.diff(p_values) <= 0).all()
    assert p_values[0, 9] > 0.5
    assert p_values[0, -1] == 1 / 100
    assert rank_paths(np.full((1, 3), np.nan), peers).min() == 1
