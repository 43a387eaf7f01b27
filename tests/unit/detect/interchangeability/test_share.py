"""Variance between accounts: recovered where it is known, silent where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.detect.distribution.interchangeability import estimate_between, sum_cells


def scene(rng: np.random.Generator, *, accounts: int, share: float, each: int = 40) -> tuple:
    """Vectors whose variance lies between accounts by a known share."""
    account = np.repeat(np.arange(accounts), each)
    own = rng.standard_normal((accounts, 8)) * np.sqrt(share)
    return own[account] + rng.standard_normal((len(account), 8)) * np.sqrt(1 - share), account


@pytest.mark.parametrize("share", [0.0, 0.02, 0.2])
def test_a_known_share_lies_in_its_interval_19_times_of_20(share: float) -> None:
    """Of 60 groups of 40 accounts at least 50 intervals hold it; the mean is within 20 %."""
    rng = np.random.default_rng(int(100 * share))
    found = [estimate_between(sum_cells(*scene(rng, accounts=40, share=share))) for _ in range(60)]
    assert sum(f.low <= share <= f.high for f in found) >= 50
    assert np.mean([f.share for f in found]) == pytest.approx(share, rel=0.2, abs=0.002)


def test_below_ten_accounts_nothing_is_said() -> None:
    """Nine accounts give nan, ten a figure."""
    rng = np.random.default_rng(1)
    assert np.isnan(estimate_between(sum_cells(*scene(rng, accounts=9, share=0.1))).share)
    assert not np.isnan(estimate_between(sum_cells(*scene(rng, accounts=10, share=0.1))).share)


def test_accounts_of_one_exchange_each_say_nothing() -> None:
    """Without two exchanges of one account there is no variance within."""
    rng = np.random.default_rng(2)
    found = estimate_between(sum_cells(*scene(rng, accounts=20, share=0.1, each=1)))
    assert np.isnan(found.share)


def test_shards_merge_to_the_same_sums() -> None:
    """Two halves of the exchanges, added either way, give the same share as all at once."""
    rng = np.random.default_rng(3)
    vectors, account = scene(rng, accounts=15, share=0.1)
    half = rng.random(len(account)) < 0.5
    parts = sum_cells(vectors[half], account[half]), sum_cells(vectors[~half], account[~half])
    whole = estimate_between(sum_cells(vectors, account))
    for merged in (parts[0] + parts[1], parts[1] + parts[0]):
        assert estimate_between(merged).share == pytest.approx(whole.share)


def test_heads_with_a_speciality_each_are_interchangeable_inside_it() -> None:
    """Four specialities of ten heads: a large share between accounts, hardly any inside."""
    rng = np.random.default_rng(4)
    account = np.repeat(np.arange(40), 50)
    speciality = account % 4
    centres = 3 * rng.standard_normal((4, 8))
    vectors = centres[speciality] + rng.standard_normal((len(account), 8))
    assert estimate_between(sum_cells(vectors, account)).share > 0.5
    assert abs(estimate_between(sum_cells(vectors, account, speciality)).share) < 0.01
