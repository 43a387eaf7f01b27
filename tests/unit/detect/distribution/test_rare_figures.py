"""Rare words and typing: the figure is the one over pairs, and says what it is for."""

from __future__ import annotations

import numpy as np
import pytest
from windows_by_hand import cut, draw, itemise, say

from stillwatch.detect.distribution.features import Features, read_features
from stillwatch.detect.distribution.figures.rare import measure_rare
from stillwatch.detect.distribution.items import TYPED_BITS
from stillwatch.detect.distribution.maps import KNOWN, measure_novelty, measure_oddities
from stillwatch.detect.distribution.rarity import VIEWS, view_columns
from stillwatch.detect.distribution.reference import Reference
from stillwatch.detect.distribution.usual import Usual
from stillwatch.observe.hashes import typed

RNG = np.random.default_rng(8)


def test_the_figure_from_sums_is_the_figure_from_pairs(benign: Features, usual: Usual) -> None:
    """Over all pairs of different exchanges of a window, about the benign mean, the long way."""
    rows = np.random.default_rng(5).choice(len(benign), 30, replace=False)
    found = measure_rare(cut(benign.take(rows), RNG, size=30), usual)
    for at, view in enumerate(VIEWS):
        columns = view_columns(view)
        weights = usual.reference.rarity.weights[1, columns]
        apart = benign.rare[rows][:, columns].toarray()
        centre = usual.rare_mean[columns]
        pairs = (apart * weights) @ apart.T
        own = (pairs.sum() - np.trace(pairs)) / (30 * 29)
        long = own - 2 * apart.mean(axis=0) @ (weights * centre) + weights @ centre**2
        noise = usual.rare_noise[3 * at + 1]
        assert np.exp(found[f"rare_{view}"][0]) - noise == pytest.approx(long, rel=1e-3, abs=1e-5)


def test_a_few_rare_words_of_a_harvest_show_in_both_views(
    reference: Reference, benign: Features, usual: Usual
) -> None:
    """A tenth of a window in another voice is beyond 95 of 100 benign windows in every view."""
    harvest = read_features(reference, itemise(say(RNG, 300, voice="harvest")))
    mixed = draw(benign, RNG, size=45, windows=60) + draw(harvest, RNG, size=5, windows=60)
    plain = measure_rare(draw(benign, RNG, size=50, windows=60), usual)
    found = measure_rare(mixed, usual)
    for view in VIEWS:
        name = f"rarest_{view}"
        assert np.median(found[name]) > np.quantile(plain[name], 0.95)


def test_the_same_words_typed_otherwise_show_in_typing_alone(
    reference: Reference, usual: Usual
) -> None:
    """Capitals and a full stop leave every figure of words where it was."""
    texts = say(np.random.default_rng(6), 200)
    shouted = [f"{text.upper()}." for text in texts]
    quiet, loud = (
        measure_rare(cut(read_features(reference, itemise(t)), RNG, size=200), usual)
        for t in (texts, shouted)
    )
    assert loud["rare_words"] == pytest.approx(quiet["rare_words"], abs=1e-6)
    assert loud["rare_typed"][0] > quiet["rare_typed"][0] + 1


def test_what_is_known_is_not_new(reference: Reference) -> None:
    """The exchanges that novelty is measured from are 0 away; a text of other words is farther."""
    items = itemise(say(np.random.default_rng(1), 600))
    known = reference.oddities.known
    assert len(known) == min(300, KNOWN)
    assert np.allclose(measure_novelty(known, known), 0, atol=1e-5)
    other = itemise(["Qua ZUB fleem!"])
    for one, usual in zip(
        measure_oddities(other, reference.oddities),
        measure_oddities(items, reference.oddities),
        strict=True,
    ):
        assert one[0] > np.median(usual)


def test_buckets_of_typing_are_those_that_are_listed() -> None:
    """Two stages that may not import one another agree on the number of buckets."""
    assert typed.TYPED_BITS == TYPED_BITS
