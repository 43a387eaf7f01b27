"""Windows as sums: an account's, a group's, a key's, or a day's, and any two can be added.

Fourth step: `Features` in, `Windows` out. Everything that the tests look at is a sum over the
exchanges of a window, so a window of a million costs no more than one of a hundred, shards merge in
any order and to the same result, and a group is the sum of its accounts.

Deliberately absent: the order of the exchanges, and their times (`link/` sees those).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from stillwatch.detect.distribution.features import Features
from stillwatch.detect.distribution.items import F64, I64, Matrix


@dataclass(frozen=True, slots=True)
class Windows:
    """Sums over the exchanges of windows, a row per window."""

    sizes: F64
    kernel: F64
    embedding: F64
    counts: Matrix
    rare: Matrix
    own: F64
    """What each exchange adds to the squares of `rare` by itself, weighed."""

    def __len__(self) -> int:
        return len(self.sizes)

    def __add__(self, other: Windows) -> Windows:
        """Merge window by window: row i of both are two parts of one window."""
        return Windows(
            self.sizes + other.sizes,
            self.kernel + other.kernel,
            self.embedding + other.embedding,
            self.counts + other.counts,
            self.rare + other.rare,
            self.own + other.own,
        )

    def take(self, rows: slice | I64) -> Windows:
        """Give some of the windows. Grain: one row per row asked for."""
        return Windows(
            self.sizes[rows],
            self.kernel[rows],
            self.embedding[rows],
            self.counts[rows],
            self.rare[rows],
            self.own[rows],
        )


def sum_windows(features: Features, members: Matrix) -> Windows:
    """Add up the exchanges of each window.

    Grain:   one row per row of `members`, which counts how often a window has each exchange.
    Cost:    linear in the members and the width of the features; about 2 µs a member.
    """
    return Windows(
        np.asarray(members.sum(axis=1), np.float64).ravel(),
        np.asarray(members @ features.kernel, np.float64),
        np.asarray(members @ features.embedding, np.float64),
        sparse.csr_matrix(members @ features.counts),
        sparse.csr_matrix(members @ features.rare),
        np.asarray(members @ features.own, np.float64),
    )


def mark_members(rows: I64, *, exchanges: int) -> Matrix:
    """Make the matrix of members from a table of row numbers, a window a row.

    Grain:   one row per window. Cost: linear.
    """
    windows, size = rows.shape
    ends = np.arange(0, windows * size + 1, size)
    ones = np.ones(windows * size, np.float32)
    matrix = sparse.csr_matrix((ones, rows.ravel(), ends), shape=(windows, exchanges))
    matrix.sum_duplicates()
    return matrix
