"""Exchanges read through the frozen maps: rows whose sums are all that a window keeps.

Third step: `Items` and a `Reference` in, `Features` out. A row is 1,024 cosines and sines, the
embedding, one count in each block (its words, how surprising, strange and new it is, its place, its
length, its bin in each direction, its prompt), and its words and typing for `figures/rare.py`.

Deliberately absent: anything that is not a sum over exchanges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from stillwatch.detect.distribution.items import F32, I64, Items, Matrix
from stillwatch.detect.distribution.maps import measure_oddities, read_kernel
from stillwatch.detect.distribution.rarity import read_rarity
from stillwatch.detect.distribution.reference import (
    PLACES,
    PROMPT_BUCKETS,
    SLICE_BINS,
    SLICES,
    WORD_BUCKETS,
    Reference,
)


@dataclass(frozen=True, slots=True)
class Features:
    """Rows whose sums a window keeps: kernel features, embeddings, and counts."""

    kernel: F32
    embedding: F32
    counts: Matrix
    rare: Matrix
    own: F32

    def __len__(self) -> int:
        return len(self.kernel)

    def take(self, rows: I64) -> Features:
        """Give some of the rows, in that order. Grain: one row per row asked for."""
        return Features(
            self.kernel[rows],
            self.embedding[rows],
            self.counts[rows],
            self.rare[rows],
            self.own[rows],
        )


def read_features(reference: Reference, items: Items) -> Features:
    """Read items through the frozen maps.

    Grain:   one row per item, in order.
    Cost:    about 30 µs an item on one core, most of it cosines.
    """
    words = items.grams.tocoo()
    shape = (len(items), WORD_BUCKETS)
    coarse = sparse.csr_matrix((words.data, (words.row, words.col % WORD_BUCKETS)), shape=shape)
    sliced = items.embedding @ reference.slices
    bins = [np.searchsorted(reference.slice_edges[:, j], sliced[:, j]) for j in range(SLICES)]
    at = np.stack(bins, axis=1) + SLICE_BINS * np.arange(SLICES)
    counts = [
        coarse,
        *(
            _one_of(np.searchsorted(edges, oddity), len(edges))
            for oddity, edges in zip(
                measure_oddities(items, reference.oddities), reference.oddity_edges, strict=True
            )
        ),
        _one_of((items.embedding @ reference.places.T).argmax(axis=1), PLACES - 1),
        _one_of(np.searchsorted(reference.length_edges, items.words), len(reference.length_edges)),
        _ones(at, SLICES * SLICE_BINS),
        _one_of(items.prompts % PROMPT_BUCKETS, PROMPT_BUCKETS - 1),
    ]
    kernel = read_kernel(items.embedding, reference.frequencies)
    rare, own = read_rarity(items, reference.rarity)
    return Features(kernel, items.embedding, sparse.hstack(counts, format="csr"), rare, own)


def _one_of(bins: I64, last: int) -> Matrix:
    return _ones(np.asarray(bins)[:, None], last + 1)


def _ones(columns: I64, width: int) -> Matrix:
    rows, each = columns.shape
    ends = np.arange(0, rows * each + 1, each)
    ones = np.ones(rows * each, np.float32)
    return sparse.csr_matrix((ones, columns.ravel(), ends), shape=(rows, width))
