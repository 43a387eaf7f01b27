"""Conformal p-values: what a rank is, and what it guarantees."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.detect.distribution.conformal import guarantee_p_values, rank_p_values


def test_the_largest_of_all_has_the_smallest_p_value() -> None:
    """Of 9 calibration scores: above all 1/10, below all 1, equal to the third-largest 4/10."""
    calibration = np.arange(1.0, 10.0)
    p_values = rank_p_values(np.array([99.0, 0.0, 7.0]), calibration)
    assert p_values == pytest.approx([0.1, 1.0, 0.4])


def test_a_missing_score_accuses_nobody() -> None:
    """Nan gives p = 1."""
    assert rank_p_values(np.array([np.nan]), np.arange(5.0))[0] == 1


def test_ties_broken_at_random_stay_between_the_ranks() -> None:
    """With a uniform draw p lies in (larger, larger + ties + 1] over m + 1."""
    calibration = np.array([1.0, 2, 2, 2, 3])
    draws = np.random.default_rng(1).random(200)
    p_values = rank_p_values(np.full(200, 2.0), calibration, uniform=draws)
    assert p_values.min() > 1 / 6
    assert p_values.max() <= 5 / 6
    assert rank_p_values(np.array([9.0]), calibration, uniform=np.array([0.0]))[0] == 1 / 6


def test_a_guaranteed_p_value_is_never_smaller_than_the_rank() -> None:
    """It is raised everywhere, keeps the order, and tends to the rank with more calibration."""
    factors = []
    for m in (200, 20_000):
        p_values = np.arange(1, m + 2) / (m + 1)
        raised = guarantee_p_values(p_values, calibration=m, delta=0.05)
        assert (raised >= p_values).all()
        assert (np.diff(raised) >= 0).all()
        factors.append(raised[m // 10] / p_values[m // 10])
    assert 1 < factors[1] < factors[0]


def test_the_guarantee_holds_given_the_set_as_often_as_stated() -> None:
    """Of 400 calibration sets of uniform scores, at most 5 % + 3 sd break it at any level."""
    rng = np.random.default_rng(2)
    m, delta, broken = 300, 0.05, 0
    for _ in range(400):
        ordered = np.sort(rng.random(m))[::-1]
        ranks = np.arange(1, m + 1) / (m + 1)
        raised = guarantee_p_values(ranks, calibration=m, delta=delta)
        beyond = 1 - ordered  # true share of scores above the k-th largest
        broken += bool((beyond > raised).any())
    assert broken / 400 <= delta + 3 * np.sqrt(delta * (1 - delta) / 400)
