"""The figures of a window, one by one, against what they must be by hand."""

from __future__ import annotations

import numpy as np
import pytest
from windows_by_hand import cut, draw, itemise, say

from stillwatch.detect.distribution.features import Features, read_features
from stillwatch.detect.distribution.figures.breadth import measure_breadth
from stillwatch.detect.distribution.figures.classifier import measure_separability
from stillwatch.detect.distribution.figures.energy import estimate_energy
from stillwatch.detect.distribution.figures.frequencies import measure_frequencies
from stillwatch.detect.distribution.figures.kernel_mean import estimate_mmd
from stillwatch.detect.distribution.reference import SLICE_BINS, SLICES, Reference
from stillwatch.detect.distribution.usual import Usual

RNG = np.random.default_rng(8)


def test_mmd_of_two_draws_of_one_pool_is_zero_in_the_mean(benign: Features) -> None:
    """Unbiased: the mean of 20 pairs of windows lies within 3 standard errors of 0."""
    windows = cut(benign, RNG, size=50)
    found = estimate_mmd(windows.take(slice(0, 20)), windows.take(slice(20, 40)))
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(20)


def test_mmd_from_sums_is_mmd_from_pairs(benign: Features) -> None:
    """The U-statistic over all pairs of kernel features, computed the long way."""
    windows = draw(benign, np.random.default_rng(5), size=30, windows=2)
    rng = np.random.default_rng(5)
    x, y = (benign.kernel[rng.choice(len(benign), 30, replace=False)] for _ in range(2))
    own, others = (z @ z.T for z in (x, y))
    long = (own.sum() - 30 + others.sum() - 30) / (30 * 29) - 2 * (x @ y.T).mean()
    found = estimate_mmd(windows.take(slice(0, 1)), windows.take(slice(1, 2)))
    assert found[0] == pytest.approx(long, abs=1e-5)


def test_a_template_shows_in_words_and_in_surprise(
    reference: Reference, benign: Features, usual: Usual
) -> None:
    """A tenth of a window in another voice is beyond 95 of 100 benign windows in both."""
    harvest = read_features(reference, itemise(say(RNG, 300, voice="harvest")))
    ours = draw(benign, RNG, size=45, windows=60)
    mixed = measure_frequencies(ours + draw(harvest, RNG, size=5, windows=60), usual)
    plain = measure_frequencies(draw(benign, RNG, size=50, windows=60), usual)
    for name in ("words_sharp", "surprise_sharp"):
        assert np.median(mixed[name]) > np.quantile(plain[name], 0.95)


def test_narrow_and_even_windows_leave_the_benign_range_on_both_sides(
    reference: Reference, benign: Features, usual: Usual
) -> None:
    """Ten prompts sent again and again collide more; one prompt from each place collides less."""
    plain = measure_breadth(draw(benign, RNG, size=50, windows=80), usual)
    few = benign.take(RNG.integers(0, 10, 500))
    narrow = measure_breadth(draw(few, RNG, size=50, windows=20), usual)
    place = np.asarray(benign.counts[:, reference.columns("places")].argmax(axis=1)).ravel()
    one_each = benign.take(np.unique(place, return_index=True)[1][:50])
    even = measure_breadth(draw(one_each, RNG, size=len(one_each), windows=1), usual)
    low, high = np.quantile(plain["collisions"], [0.0, 1.0])
    assert (narrow["collisions"] > high).all()
    assert (even["collisions"] < low).all()
    assert (narrow["repetition"] > plain["repetition"].max()).all()
    assert (even["coverage"] > plain["coverage"].max()).all()


def test_energy_is_zero_for_the_same_shares_and_grows_with_the_shift() -> None:
    """Everything one bin up is farther than half of it one bin up; nothing is 0."""
    flat = np.full((1, SLICES * SLICE_BINS), 1 / SLICE_BINS)
    up = np.roll(flat.reshape(SLICES, SLICE_BINS) * np.arange(SLICE_BINS), 1, axis=1).reshape(1, -1)
    assert estimate_energy(flat, flat)[0] == 0
    assert estimate_energy(up, flat)[0] > estimate_energy((up + flat) / 2, flat)[0] > 0


def test_a_classifier_tells_two_voices_apart_and_not_one_from_itself(
    reference: Reference, benign: Features
) -> None:
    """Area at least 0.9 between voices; within 0.1 of one half between halves of one pool."""
    harvest = read_features(reference, itemise(say(RNG, 200, voice="harvest"))).embedding
    people = benign.embedding
    assert measure_separability(harvest, people[:600], rng=RNG) > 0.9
    same = [
        measure_separability(people[i : i + 200], people[1000:], rng=RNG) for i in (0, 300, 600)
    ]
    assert abs(np.mean(same) - 0.5) < 0.1
