"""How much of a group's variance lies between its accounts? Heads of one queue have almost none.

A one-way analysis of variance on sums: per account (or per account and speciality) the number of
exchanges, the sum of their vectors and of their squares. Any vectors do: the embedding, the hour as
a point on a circle, one column a setting, the logarithm of a day's volume. Sums of shards add up,
so no second pass over text is needed. The figure means something only against honest groups of as
many accounts (`rank_p_values` with minus the share); below ten accounts it says nothing.

Blind spot: heads with a speciality each, unless specialities are given; honest load-balanced keys
and resellers' pools are interchangeable too, and fire it.
Source: DESIGN.md, section 7; intra-class correlation, Fisher 1925; delete-a-group jackknife.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from stillwatch.detect.distribution.items import F64, I64

ACCOUNTS_MIN: Final = 10
"""Accounts below which the share is not estimated (issue 5, item 6)."""
_DELETED_GROUPS: Final = 20
"""Parts of the accounts that the jackknife leaves out in turn."""


@dataclass(frozen=True, slots=True)
class CellSums:
    """Sums over the exchanges of each account within each speciality; a row per cell."""

    account: I64
    speciality: I64
    sizes: F64
    sums: F64
    squares: F64

    def __add__(self, other: CellSums) -> CellSums:
        """Merge two shards; cells of one account and speciality become one."""
        return _gather(
            np.concatenate([self.account, other.account]),
            np.concatenate([self.speciality, other.speciality]),
            np.concatenate([self.sizes, other.sizes]),
            np.concatenate([self.sums, other.sums]),
            np.concatenate([self.squares, other.squares]),
        )

    def keep(self, rows: npt.NDArray[np.bool_]) -> CellSums:
        """Keep some cells. Grain: one row per cell kept."""
        return CellSums(
            self.account[rows],
            self.speciality[rows],
            self.sizes[rows],
            self.sums[rows],
            self.squares[rows],
        )


@dataclass(frozen=True, slots=True)
class BetweenShare:
    """Share of the variance that lies between accounts, with a 95 % interval."""

    share: float
    low: float
    high: float
    accounts: int


def sum_cells(vectors: F64, account: I64, speciality: I64 | None = None) -> CellSums:
    """Sum the vectors of each account, within each speciality where those are given.

    Grain:   one row per account and speciality that have an exchange.
    Order:   by account and speciality; input order is irrelevant.
    Cost:    n log n.
    """
    special = np.zeros(len(account), np.int64) if speciality is None else speciality
    sizes = np.ones(len(account))
    return _gather(account, special, sizes, vectors, np.sum(vectors**2, axis=1))


def _gather(account: I64, speciality: I64, sizes: F64, sums: F64, squares: F64) -> CellSums:
    pairs = np.stack([account, speciality], axis=1)
    cells, at = np.unique(pairs, axis=0, return_inverse=True)
    at = at.ravel()
    total = np.zeros((len(cells), sums.shape[1]))
    np.add.at(total, at, sums)
    return CellSums(
        cells[:, 0],
        cells[:, 1],
        _add(at, sizes),
        total,
        _add(at, squares),
    )


def _add(cell: I64, values: F64) -> F64:
    return np.asarray(np.bincount(cell, values), np.float64)


def estimate_between(cells: CellSums) -> BetweenShare:
    """Estimate the share of variance between accounts, inside specialities.

    Grain:   one figure per group.
    Units:   intra-class correlation, unbiased near 0 and so possibly negative there.
    Nulls:   nan below ten accounts, or where no account has two exchanges of one speciality.
    Cost:    linear in cells, twenty times over for the interval.
    Source:  delete-a-group jackknife over accounts, Student's t.
    """
    accounts, at = np.unique(cells.account, return_inverse=True)
    nothing = BetweenShare(float("nan"), float("nan"), float("nan"), len(accounts))
    if len(accounts) < ACCOUNTS_MIN:
        return nothing
    share = _correlate(cells)
    parts = min(_DELETED_GROUPS, len(accounts))
    without = np.array([_correlate(cells.keep(at % parts != part)) for part in range(parts)])
    if np.isnan(share) or np.isnan(without).any():
        return nothing
    error = float(np.sqrt((parts - 1) / parts * np.sum((without - without.mean()) ** 2)))
    reach = float(stats.t.ppf(0.975, parts - 1)) * error
    return BetweenShare(share, share - reach, share + reach, len(accounts))


def _correlate(cells: CellSums) -> float:
    """Give the intra-class correlation of a one-way analysis inside each speciality, pooled."""
    codes = np.unique(cells.speciality, return_inverse=True)[1]
    size = np.bincount(codes, cells.sizes)
    total = np.zeros((len(size), cells.sums.shape[1]))
    np.add.at(total, codes, cells.sums)
    own = np.sum(cells.sums**2, axis=1) / cells.sizes
    between_df = len(cells.sizes) - len(size)
    within_df = float(size.sum()) - len(cells.sizes)
    if between_df < 1 or within_df < 1:
        return float("nan")
    between = (float(own.sum()) - float((np.sum(total**2, axis=1) / size).sum())) / between_df
    within = float(cells.squares.sum() - own.sum()) / within_df
    unequal = float((np.bincount(codes, cells.sizes**2) / size).sum())
    each = (float(size.sum()) - unequal) / between_df
    spread = between + (each - 1) * within
    return (between - within) / spread if spread > 0 else float("nan")
