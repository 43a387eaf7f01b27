"""Scores to memberships: what decides is how frequent a score is on either side."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.detect.unmix.densities import compare_with_known, compare_with_strangers

MOST = 0.98


@pytest.mark.parametrize("known", [50, 1_000])
def test_lives_just_above_strangers_are_not_taken_for_a_queue_far_above(known: int) -> None:
    """Few known exchanges at 300, forty thousand strangers at -160, other lives at -130."""
    rng = np.random.default_rng(known)
    quiet = rng.normal(-160, 15, 40_000)
    lives, queue = rng.normal(-130, 6, 8_000), rng.normal(300, 20, 2_000)
    scores = np.concatenate([queue, lives])
    is_known = np.arange(len(scores)) < known
    found = compare_with_known(scores, quiet, is_known, unrelated_max=MOST)
    is_called = found.membership >= 0.5
    assert is_called[:2_000].mean() > 0.95
    assert is_called[2_000:].mean() < 0.02
    assert found.membership.sum() == pytest.approx(2_000, rel=0.15)
    assert found.background < 0.01


def test_customers_of_one_kind_are_not_taken_for_the_harvest() -> None:
    """A fifth of strangers raise the score a little, half of a proxy's customers."""
    rng = np.random.default_rng(1)

    def live(n: int, *, raised: float) -> np.ndarray:
        return np.where(rng.random(n) < raised, rng.exponential(0.1, n), 0.0)

    quiet, customers = live(40_000, raised=0.2), live(6_000, raised=0.5)
    scores = np.concatenate([rng.normal(3, 0.3, 2_000), customers])
    found = compare_with_strangers(scores, quiet, unrelated_max=MOST)
    is_called = found.membership >= 0.5
    assert is_called[:2_000].mean() > 0.98
    assert is_called[2_000:].mean() < 0.02


def test_a_group_that_sends_nothing_else_is_called_whole() -> None:
    """Half of what dedicated heads send scores like strangers' raised tenth: it is theirs still."""
    rng = np.random.default_rng(2)
    quiet = np.where(rng.random(40_000) < 0.1, rng.exponential(0.5, 40_000), 0.0)
    scores = np.concatenate([rng.exponential(0.5, 2_000) + 0.1, rng.normal(3, 0.3, 2_000)])
    found = compare_with_strangers(scores, quiet, unrelated_max=MOST)
    assert (found.membership >= 0.5).mean() > 0.9


def test_scores_that_neither_side_has_shown_are_no_evidence() -> None:
    """Between a known queue and strangers nothing is known: what lies there is as likely as not."""
    quiet, queue = np.linspace(-1, 0, 5_000), np.linspace(10, 11, 500)
    scores = np.concatenate([queue, np.full(500, 5.0), np.linspace(-1, 0, 1_000)])
    is_known = np.arange(len(scores)) < 400
    found = compare_with_known(scores, quiet, is_known, unrelated_max=MOST)
    between = found.membership[500:1_000]
    assert np.ptp(between) == 0
    assert 0.02 < between[0] < 0.98


@pytest.mark.parametrize("shift", [-3.0, 7.0])
def test_only_the_order_of_scores_counts(shift: float) -> None:
    """Moved and stretched alike on both sides: the same memberships."""
    rng = np.random.default_rng(3)
    quiet, scores = rng.normal(0, 1, 3_000), rng.normal(1, 2, 1_000)
    found = [
        compare_with_strangers(scores * k + d, quiet * k + d, unrelated_max=MOST).membership
        for k, d in ((1.0, 0.0), (2.0, shift))
    ]
    assert found[0] == pytest.approx(found[1], abs=0.02)
