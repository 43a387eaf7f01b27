"""Exchanges as the window tests see them: hashed features, how they are typed, embeddings of both.

First step: `observe/hashes/grams.py` lists hashed features of a reservoir's texts and `typed.py`
triples of bytes, this makes `Items` of them, `reference.py` freezes what is usual, `windows.py`
adds up. Reads and writes no table. An embedding adds the signs of every feature in 256 dimensions
and has length 1: unweighted, because weights that favour rare words halved its power; `rarity.py`
weighs them in buckets, without an exchange's pair with itself (docs/content/window-tests.md).

Deliberately absent: meaning. Two wordings of one question lie far apart.
Source: feature hashing, Weinberger et al. 2009; very sparse projections, Li, Hastie, Church 2006.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Matrix = Any
"""A SciPy sparse matrix in rows; SciPy ships no types."""

GRAM_BITS: Final = 17
"""Bits of a feature's bucket: 131,072 buckets tell the features of 50,000 prompts apart."""
DIMENSIONS: Final = 256
"""Dimensions of the embedding; more gain little (docs/content/window-tests.md)."""
TYPED_BITS: Final = 14
"""Bits of a triple's bucket, as `observe/hashes/typed.py` gives them."""
_SIGNS_PER_GRAM: Final = 4
"""Dimensions that one feature touches: enough to even out collisions, and four additions."""
_SHIFT: Final = 40
"""Bits of a feature's hash below those that choose its bucket."""
_SEED: Final = 20_240_601
"""Of the table of signs: any number, but always the same, or sketches don't compare."""


@dataclass(frozen=True, slots=True)
class Items:
    """Exchanges, a row each, in one order."""

    embedding: F32
    grams: Matrix
    """1 where the exchange has a feature of that bucket."""
    typed: Matrix
    """1 where the exchange has a triple of bytes of that bucket."""
    typed_embedding: F32
    words: I64
    prompts: I64
    """Hash of the whole prompt."""

    def __len__(self) -> int:
        return len(self.words)

    def take(self, rows: I64) -> Items:
        """Give some of the rows, in that order. Grain: one row per row asked for."""
        return Items(
            self.embedding[rows],
            self.grams[rows],
            self.typed[rows],
            self.typed_embedding[rows],
            self.words[rows],
            self.prompts[rows],
        )


@cache
def _signs(dimensions: int) -> Matrix:
    rng = np.random.default_rng(_SEED)
    buckets = 1 << GRAM_BITS
    columns = rng.integers(0, dimensions, buckets * _SIGNS_PER_GRAM)
    values = rng.choice(np.array([-1, 1], np.float32), buckets * _SIGNS_PER_GRAM)
    ends = np.arange(0, len(columns) + 1, _SIGNS_PER_GRAM)
    return sparse.csr_matrix((values, columns, ends), shape=(buckets, dimensions))


def scale_rows(vectors: F32) -> F32:
    """Scale each row to length 1.

    Nulls:   a row of zeros stays one. Cost: linear.
    Grain:   one row per row.
    """
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1), np.float32)


def make_items(
    grams: tuple[I64, npt.NDArray[np.uint64]],
    typed: tuple[I64, I64],
    *,
    words: I64,
    prompts: I64,
) -> Items:
    """Make items of features laid end to end: those of row i are `[ends[i] : ends[i+1]]`.

    Grain:   one row per text.
    Nulls:   a text without features has an embedding of zeros.
    Cost:    a hundred additions a word; about 20 µs a prompt.
    """
    ends, hashes = grams
    bucket = ((hashes >> np.uint64(_SHIFT)) & np.uint64((1 << GRAM_BITS) - 1)).astype(np.int64)
    of_words, of_typed = _mark(ends, bucket, GRAM_BITS), _mark(*typed, TYPED_BITS)
    return Items(_embed(of_words), of_words, of_typed, _embed(of_typed), words, prompts)


def _mark(ends: I64, buckets: I64, bits: int) -> Matrix:
    ones = np.ones(len(buckets), np.float32)
    return sparse.csr_matrix((ones, buckets, ends), shape=(len(ends) - 1, 1 << bits))


def _embed(features: Matrix) -> F32:
    return scale_rows((features @ _signs(DIMENSIONS)[: features.shape[1]]).toarray())
