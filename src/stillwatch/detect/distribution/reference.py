"""What is usual, frozen: the maps through which every window is read, fitted on benign exchanges.

Second step: takes benign `Items`, gives a `Reference`; `features.py` reads any items through it.
The frequencies of the kernel, how usual each feature is, the places of the space of prompts, and
the edges of every histogram are fixed here once, with a version's seed: sketches of two references
don't compare.

Deliberately absent: any extraction prompt. Blind spot: a campaign inside the reference is usual.
Source: random Fourier features, Rahimi and Recht 2007, orthogonal as Yu et al. 2016; bandwidths of
arXiv 2606.05725.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stillwatch.detect.distribution.items import F32, F64, Items, scale_rows
from stillwatch.detect.distribution.maps import (
    ODDITIES,
    Oddities,
    fit_oddities,
    measure_oddities,
    read_kernel,
)
from stillwatch.detect.distribution.rarity import Rarity, fit_rarity

BANDWIDTHS: Final = (0.5, 1.0, 2.0, 4.0)
"""Times the median distance: arXiv 2606.05725."""
FREQUENCIES: Final = 128
"""Random frequencies a bandwidth; a cosine and a sine each."""
WORD_BUCKETS: Final = 4096
"""Buckets in which a window counts features: 16 KB, and few enough to be filled by a window."""
PLACES: Final = 128
"""Parts into which the space of prompts is cut."""
SLICES: Final = 32
"""Directions along which the energy distance is taken."""
SLICE_BINS: Final = 10
PROMPT_BUCKETS: Final = 8192
"""Buckets in which a window counts whole prompts, to see repeated ones."""
_SAMPLE: Final = 1_000
"""Exchanges on which the median distance is taken."""
_PLACE_SAMPLE: Final = 4_000
_PLACE_ROUNDS: Final = 5
_DIRECTIONS: Final = 256
"""Principal directions of the kernel's features that are kept: 99 % of their variance."""
_UNUSUAL_AT: Final = (
    *(0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5),
    *(0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999),
)
"""Quantiles that cut the five oddities, finer at both ends: few odd prompts are to show."""
_LENGTHS_AT: Final = tuple(np.linspace(0.05, 0.95, 19).tolist())

BLOCKS: Final = ("words", *ODDITIES, "places", "lengths", "slices", "prompts")
"""Blocks of counts of a window, in the order of their columns."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The frozen maps; made by `fit_reference`."""

    frequencies: F32
    kernel_mean: F64
    embedding_mean: F64
    directions: F64
    oddities: Oddities
    oddity_edges: tuple[F64, ...]
    rarity: Rarity
    length_edges: F64
    places: F32
    slices: F32
    slice_edges: F64

    def columns(self, block: str) -> slice:
        """Give the columns of a block of counts. Cost: none."""
        widths = (
            WORD_BUCKETS,
            *(len(edges) + 1 for edges in self.oddity_edges),
            PLACES,
            len(self.length_edges) + 1,
            SLICES * SLICE_BINS,
            PROMPT_BUCKETS,
        )
        ends = np.concatenate([[0], np.cumsum(widths)])
        at = BLOCKS.index(block)
        return slice(int(ends[at]), int(ends[at + 1]))


def fit_reference(items: Items, *, seed: int) -> Reference:
    """Fit the maps on benign exchanges: usual features on one half, edges on the other.

    Grain:   one reference.
    Order:   halves are cut in the order given: shuffle first, or cut by time on purpose.
    Cost:    a second for 10,000 exchanges.
    """
    rng = np.random.default_rng(seed)
    half = len(items) // 2
    centre = items.embedding.mean(axis=0, dtype=np.float64)
    oddities = fit_oddities(items.take(np.arange(half)), centre)
    other = items.take(np.arange(half, len(items)))
    found = measure_oddities(other, oddities)
    frequencies = draw_frequencies(items.embedding, rng)
    kernel = read_kernel(items.embedding, frequencies)
    slices = rng.standard_normal((items.embedding.shape[1], SLICES)).astype(np.float32)
    inner = np.linspace(0, 1, SLICE_BINS + 1)[1:-1]
    return Reference(
        frequencies,
        kernel.mean(axis=0, dtype=np.float64),
        centre,
        np.linalg.eigh(np.cov(kernel.T))[1][:, ::-1][:, :_DIRECTIONS],
        oddities,
        tuple(np.unique(np.quantile(figures, _UNUSUAL_AT)) for figures in found),
        fit_rarity(items),
        np.unique(np.quantile(items.words, _LENGTHS_AT)),
        _cut_places(items.embedding, rng),
        slices,
        np.quantile(items.embedding @ slices, inner, axis=0),
    )


def draw_frequencies(embedding: F32, rng: np.random.Generator, *, count: int = FREQUENCIES) -> F32:
    """Draw the kernel's frequencies, with bandwidths about the median distance.

    Grain:   a row a dimension, a column a frequency, `count` a bandwidth; `embedding` has rows of
             length 1.
    Order:   the distance is that of a thousand rows that `rng` picks: of the rows as given.
    Cost:    half a million distances.
    """
    sample = embedding[rng.permutation(len(embedding))[:_SAMPLE]]
    squares = 2 - 2 * (sample @ sample.T)[np.triu_indices(len(sample), 1)]
    median = float(np.sqrt(max(np.median(squares), 1e-6)))
    dimensions = embedding.shape[1]
    drawn = [_draw_orthogonal(dimensions, count, rng) / (median * b) for b in BANDWIDTHS]
    return np.concatenate(drawn, axis=1).astype(np.float32)


def _draw_orthogonal(dimensions: int, wanted: int, rng: np.random.Generator) -> F64:
    """Draw Gaussian frequencies, orthogonal in blocks: the same mean, a fraction of the noise."""
    blocks = []
    for start in range(0, wanted, dimensions):
        count = min(dimensions, wanted - start)
        turned = np.linalg.qr(rng.standard_normal((dimensions, dimensions)))[0][:, :count]
        blocks.append(turned * np.sqrt(rng.chisquare(dimensions, count)))
    return np.concatenate(blocks, axis=1)


def _cut_places(embedding: F32, rng: np.random.Generator) -> F32:
    """Spherical k-means: few rounds do, since nothing hangs on where exactly a place ends."""
    sample = embedding[rng.permutation(len(embedding))[:_PLACE_SAMPLE]]
    places = sample[rng.integers(0, len(sample), PLACES)]
    for _ in range(_PLACE_ROUNDS):
        own = (sample @ places.T).argmax(axis=1)
        sums = np.zeros_like(places)
        np.add.at(sums, own, sample)
        filled = np.bincount(own, minlength=PLACES) > 0
        places = scale_rows(np.where(filled[:, None], sums, places))
    return places
