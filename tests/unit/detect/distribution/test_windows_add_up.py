"""Items, features and windows: what is kept of exchanges, and that it adds up."""

from __future__ import annotations

import numpy as np
from windows_by_hand import cut, draw, itemise, say

from stillwatch.detect.distribution.features import read_features
from stillwatch.detect.distribution.items import make_items, scale_rows
from stillwatch.detect.distribution.maps import ODDITIES, measure_surprise, read_kernel
from stillwatch.detect.distribution.reference import BANDWIDTHS, fit_reference
from stillwatch.detect.distribution.windows import mark_members, sum_windows


def test_an_embedding_has_length_1_and_an_empty_text_has_none() -> None:
    """Rows are unit vectors; a text without a word is a row of zeros, not of nan."""
    items = itemise(["one two three", ""])
    assert np.allclose(np.linalg.norm(items.embedding, axis=1), [1, 0])


def test_texts_that_share_words_lie_closer() -> None:
    """Half of the words in common is nearer than none."""
    items = itemise(["red green blue grey", "red green pink teal", "one two three four"])
    likeness = items.embedding @ items.embedding[0]
    assert likeness[1] > likeness[2] + 0.2


def test_an_item_without_features_is_made() -> None:
    """No hashes at all: empty rows of the right shape."""
    none = np.zeros(0, np.uint64)
    ends = np.zeros(3, np.int64)
    typed = (ends, np.zeros(0, np.int64))
    items = make_items((ends, none), typed, words=np.zeros(2, np.int64), prompts=np.arange(2))
    assert len(items) == 2
    assert items.grams.nnz == items.typed.nnz == 0


def test_kernel_features_approximate_the_mean_of_four_gaussian_kernels() -> None:
    """Within 0.05 of the exact kernel for all pairs, and every row has length 1."""
    rng = np.random.default_rng(1)
    items = itemise(say(rng, 400))
    reference = fit_reference(items, seed=2)
    features = read_kernel(items.embedding, reference.frequencies)
    assert np.allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)
    squares = np.maximum(2 - 2 * items.embedding @ items.embedding.T, 0)
    median = np.sqrt(np.median(squares[np.triu_indices(400, 1)]))
    exact = np.mean([np.exp(-squares / (2 * (b * median) ** 2)) for b in BANDWIDTHS], axis=0)
    assert np.abs(features @ features.T - exact).max() < 0.1
    assert np.sqrt(np.mean((features @ features.T - exact) ** 2)) < 0.02


def test_what_nobody_says_is_surprising() -> None:
    """A prompt of unknown words surprises more than any of the pool; an empty one not at all."""
    items = itemise(say(np.random.default_rng(3), 300))
    reference = fit_reference(items, seed=1)
    strange = itemise(["qua zub fleem", ""])
    surprise = measure_surprise(strange.grams, reference.oddities.surprise)
    assert surprise[0] > measure_surprise(items.grams, reference.oddities.surprise).max()
    assert surprise[1] == 0


def test_a_window_is_the_sum_of_its_shards_in_any_order() -> None:
    """Two halves of each window, added either way, give the window of the whole."""
    rng = np.random.default_rng(4)
    reference = fit_reference(itemise(say(rng, 300)), seed=1)
    features = read_features(reference, itemise(say(rng, 200)))
    rows = rng.permutation(200).reshape(2, 100)
    whole = sum_windows(features, mark_members(rows, exchanges=200))
    first, second = (
        sum_windows(features, mark_members(part, exchanges=200))
        for part in np.split(rows, 2, axis=1)
    )
    for merged in (first + second, second + first):
        assert np.allclose(merged.kernel, whole.kernel, atol=1e-4)
        assert np.allclose(merged.embedding, whole.embedding, atol=1e-4)
        assert (merged.counts != whole.counts).nnz == 0
        assert abs(merged.rare - whole.rare).max() < 1e-4
        assert np.allclose(merged.own, whole.own, rtol=1e-4)
        assert list(merged.sizes) == [100, 100]


def test_every_block_of_counts_counts_every_exchange() -> None:
    """Surprise, places and lengths hold one count an exchange; slices one a direction."""
    rng = np.random.default_rng(5)
    reference = fit_reference(itemise(say(rng, 300)), seed=1)
    windows = cut(read_features(reference, itemise(say(rng, 200))), rng, size=100)
    for block, each in (
        *((oddity, 1) for oddity in ODDITIES),
        ("places", 1),
        ("lengths", 1),
        ("prompts", 1),
        ("slices", 32),
    ):
        counts = windows.counts[:, reference.columns(block)].sum(axis=1)
        assert np.allclose(counts, 100 * each), block


def test_windows_are_taken_by_row() -> None:
    """A slice keeps the sums of its rows."""
    rng = np.random.default_rng(6)
    reference = fit_reference(itemise(say(rng, 200)), seed=1)
    windows = draw(read_features(reference, itemise(say(rng, 100))), rng, size=20, windows=5)
    assert len(windows.take(slice(1, 3))) == 2
    assert np.array_equal(windows.take(slice(1, 3)).kernel, windows.kernel[1:3])


def test_a_row_of_zeros_stays_one() -> None:
    """Nothing is divided by nothing."""
    assert not scale_rows(np.zeros((2, 3), np.float32)).any()
