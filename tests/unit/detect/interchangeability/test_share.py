"""Variance between accounts: recovered where it is known, silent where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.detect.interchangeability.share import Cells, estimate_between


def add_up(vectors: np.ndarray, account: np.ndarray, speciality: np.ndarray | None = None) -> Cells:
    """Make cells of vectors, a row an account and speciality."""
    special = np.zeros(len(account), np.int64) if speciality is None else speciality
    cells, at = np.unique(np.stack([account, special], axis=1), axis=0, return_inverse=True)
    sums = np.zeros((len(cells), vectors.shape[1]))
    np.add.at(sums, at.ravel(), vectors)
    squares = np.bincount(at.ravel(), np.sum(vectors**2, axis=1))
    return Cells(cells[:, 0], cells[:, 1], np.bincount(at.ravel()).astype(float), sums, squares)


def scene(rng: np.random.Generator, *, accounts: int, share: float, each: int = 40) -> tuple:
    """Vectors whose variance lies between accounts by a known share."""
    account = np.repeat(np.arange(accounts), each)
    own = rng.standard_normal((accounts, 8)) * np.sqrt(share)
    return own[account] + rng.standard_normal((len(account), 8)) * np.sqrt(1 - share), account


@pytest.mark.parametrize("share", [0.0, 0.02, 0.2])
def test_a_known_share_lies_in_its_interval_19_times_of_20(share: float) -> None:
    """Of 60 groups of 40 accounts at least 50 intervals hold it; the mean is within 20 %."""
    rng = np.random.default_rng(int(100 * share))
    found = [estimate_between(add_up(*scene(rng, accounts=40, share=share))) for _ in range(60)]
    assert sum(f.low <= share <= f.high for f in found) >= 50
    assert np.mean([f.share for f in found]) == pytest.approx(share, rel=0.2, abs=0.002)


def test_unequal_accounts_keep_the_share() -> None:
    """Where accounts have 2 to 200 exchanges, a tenth is still found, within its interval."""
    rng = np.random.default_rng(8)
    found = []
    for _ in range(40):
        each = np.rint(2 * 10 ** (2 * rng.random(60))).astype(int)
        account = np.repeat(np.arange(60), each)
        own = rng.standard_normal((60, 8)) * np.sqrt(0.1)
        noise = rng.standard_normal((len(account), 8)) * np.sqrt(0.9)
        found.append(estimate_between(add_up(own[account] + noise, account)))
    assert np.mean([f.share for f in found]) == pytest.approx(0.1, rel=0.1)
    assert sum(f.low <= 0.1 <= f.high for f in found) >= 34


def test_below_ten_accounts_nothing_is_said() -> None:
    """Nine accounts give nan, ten a figure."""
    rng = np.random.default_rng(1)
    assert np.isnan(estimate_between(add_up(*scene(rng, accounts=9, share=0.1))).share)
    assert not np.isnan(estimate_between(add_up(*scene(rng, accounts=10, share=0.1))).share)


@pytest.mark.parametrize(("each", "factor"), [(1, 1.0), (20, 0.0)])
def test_without_two_or_without_variance_nothing_is_said(each: int, factor: float) -> None:
    """One exchange an account, or all exchanges the same: no variance to divide."""
    rng = np.random.default_rng(2)
    vectors, account = scene(rng, accounts=20, share=0.1, each=each)
    assert np.isnan(estimate_between(add_up(factor * vectors, account)).share)


def test_heads_with_a_speciality_each_are_interchangeable_inside_it() -> None:
    """Four specialities of ten heads: a large share between accounts, hardly any inside."""
    rng = np.random.default_rng(4)
    account = np.repeat(np.arange(40), 50)
    speciality = account % 4
    centres = 3 * rng.standard_normal((4, 8))
    vectors = centres[speciality] + rng.standard_normal((len(account), 8))
    assert estimate_between(add_up(vectors, account)).share > 0.5
    assert abs(estimate_between(add_up(vectors, account, speciality)).share) < 0.01
