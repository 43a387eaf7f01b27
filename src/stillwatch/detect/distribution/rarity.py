"""How rare each word and each typed triple is, frozen, and exchanges read so that rare ones count.

Beside `reference.py`, which holds it: benign `Items` in, a `Rarity` out, and any items' rows
through it. A row has its features' buckets, 1 over the root of how many features it has, so that a
long prompt weighs no more than a short one. `figures/rare.py` weighs the sums of such rows by how
seldom benign prompts have each bucket; what a row would add to the sum by itself is kept beside it
and taken off there, so that many rare words of one exchange are not taken for a common shift.

Deliberately absent: a weight that was learnt from harvests.
Source: identity testing with weights p^(-2/3), Valiant and Valiant 2014 (arXiv 1308.3946); p^-1 is
Pearson's, without its diagonal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import sparse

from stillwatch.detect.distribution.items import F32, F64, Items, Matrix

BUCKETS: Final = 16_384
"""Buckets of words, and of typed triples; of 4,096 many hold a rare word and a usual one."""
POWERS: Final = (2 / 3, 1.0, 4 / 3)
"""How much louder rare buckets are."""
VIEWS: Final = ("words", "typed")
_SEEN: Final = 3.0
"""Prompts added to a bucket's count: one that nobody used is as loud as one of three."""


@dataclass(frozen=True, slots=True)
class Rarity:
    """Made by `fit_rarity`; columns are words' buckets, then triples'."""

    mean: F64
    weights: F64
    """A row for each of `POWERS`."""


def fit_rarity(items: Items) -> Rarity:
    """Fit on benign exchanges.

    Grain:   one for a reference. Cost: one pass over the features.
    """
    both = _fold(items)
    seen = np.asarray((both > 0).sum(axis=0), np.float64).ravel()
    share = (seen + _SEEN) / len(items)
    mean = np.asarray(both.mean(axis=0), np.float64).ravel()
    return Rarity(mean, np.stack([share**-power for power in POWERS]))


def read_rarity(items: Items, rarity: Rarity) -> tuple[Matrix, F32]:
    """Read items: rows to add up, and what each row would add to each figure by itself.

    Grain:   one row per item; the second has a column for each of `VIEWS` and of `POWERS`.
    Cost:    one pass over the features.
    """
    both = _fold(items)
    squares = both.multiply(both).tocsr()
    own = [
        squares[:, view_columns(view)] @ rarity.weights[:, view_columns(view)].T for view in VIEWS
    ]
    return both, np.concatenate(own, axis=1).astype(np.float32)


def view_columns(view: str) -> slice:
    """Give the columns of a view.

    Grain:   one slice of `BUCKETS` columns. Cost: none.
    """
    first = VIEWS.index(view) * BUCKETS
    return slice(first, first + BUCKETS)


def _fold(items: Items) -> Matrix:
    parts: list[Any] = []
    for features in (items.grams, items.typed):
        each = np.diff(features.indptr)
        scale = np.repeat(1 / np.sqrt(np.maximum(each, 1)), each).astype(np.float32)
        shape = (len(items), BUCKETS)
        folded = (scale, features.indices % BUCKETS, features.indptr)
        parts.append(sparse.csr_matrix(folded, shape=shape))
        parts[-1].sum_duplicates()
    return sparse.hstack(parts, format="csr")
