"""Calibration of the window tests: uniform p-values, and alarms as rare as said."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from stillwatch.detect.distribution import fit_reference, fit_window_test, score_windows
from stillwatch.detect.distribution.conformal import guarantee_p_values, rank_p_values
from stillwatch.detect.distribution.e_process import bet_on_p_values, rank_in_own_past, rank_paths
from stillwatch.detect.distribution.features import read_features

BY_HAND: Any = runpy.run_path(
    str(Path(__file__).parents[1] / "unit/detect/distribution/windows_by_hand.py")
)
LEVEL = 0.05


def test_p_values_of_benign_windows_that_do_not_overlap_are_uniform() -> None:
    """150 windows of 40 pass a KS test at 0.01; half a window of harvest has p <= 0.01.

    The 150 calibration windows and the 150 tested ones are one random partition of one pool.
    """
    rng = np.random.default_rng(11)
    texts = BY_HAND["say"](rng, 16_000)
    items = BY_HAND["itemise"](texts)
    reference = fit_reference(items.take(np.arange(2_000)), seed=1)
    fit = read_features(reference, items.take(np.arange(2_000, 4_000)))
    rest = read_features(reference, items.take(np.arange(4_000, 16_000)))
    test = fit_window_test(reference, BY_HAND["draw"](fit, rng, size=40, windows=150))
    scores = score_windows(test, BY_HAND["cut"](rest, rng, size=40))
    p_values = rank_p_values(scores[150:], scores[:150], uniform=rng.random(150))
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
    harvest = read_features(
        reference, BY_HAND["itemise"](BY_HAND["say"](rng, 400, voice="harvest"))
    )
    draw = BY_HAND["draw"]
    mixed = draw(rest, rng, size=20, windows=20) + draw(harvest, rng, size=20, windows=20)
    assert (rank_p_values(score_windows(test, mixed), scores) <= 0.01).all()


def count_alarms(wealth: np.ndarray) -> int:
    """Accounts whose wealth was ever above 1 / LEVEL."""
    return int((wealth.max(axis=1) >= np.log(1 / LEVEL)).sum())


def test_over_60_days_false_alarms_stay_below_the_level_in_the_own_past() -> None:
    """Ville: of 1,000 accounts with a narrow habit each, at most 5 % + 3 sd ever alarm."""
    rng = np.random.default_rng(12)
    habit = 5 * rng.standard_normal((1_000, 1))
    days = habit + rng.standard_t(3, (1_000, 60))
    p_values = np.array([rank_in_own_past(row, rng) for row in days])
    bound = 1_000 * LEVEL + 3 * np.sqrt(1_000 * LEVEL * (1 - LEVEL))
    assert count_alarms(bet_on_p_values(p_values)) <= bound


def test_over_60_days_false_alarms_stay_below_the_level_against_a_fixed_set() -> None:
    """Guaranteed p-values may be reused: of 2,000 accounts at most 5 % + 3 sd ever alarm."""
    rng = np.random.default_rng(13)
    calibration = rng.standard_t(3, 500)
    ranks = rank_p_values(rng.standard_t(3, 2_000 * 60), calibration).reshape(2_000, 60)
    raised = guarantee_p_values(ranks, calibration=500, delta=0.01)
    bound = 2_000 * LEVEL + 3 * np.sqrt(2_000 * LEVEL * (1 - LEVEL))
    assert count_alarms(bet_on_p_values(raised)) <= bound


def test_days_of_accounts_with_habits_must_not_be_multiplied_and_paths_may_be_ranked() -> None:
    """The blind spot: peers' daily ranks, multiplied, alarm far too often; ranked paths don't."""
    rng = np.random.default_rng(14)
    days = 2 * rng.standard_normal((2_000, 1)) + rng.standard_normal((2_000, 60))
    peers, watched = days[:1_000], days[1_000:]
    daily = rank_p_values(watched.ravel(), peers.ravel()).reshape(watched.shape)
    bound = 1_000 * LEVEL + 3 * np.sqrt(2 * 1_000 * LEVEL * (1 - LEVEL))
    assert count_alarms(bet_on_p_values(daily)) > 2 * bound
    assert (rank_paths(watched, peers)[:, -1] <= LEVEL).sum() <= bound
