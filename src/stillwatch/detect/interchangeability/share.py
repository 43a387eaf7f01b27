"""How much of a group's variance lies between its accounts? Heads of one queue have almost none.

Third step: a one-way analysis of variance on sums of each account, or of each account within each
speciality. The figure is an intra-class correlation; its interval leaves out a twentieth of the
accounts in turn. It means something only against honest groups of as many accounts (`honest.py`);
below ten accounts it says nothing.

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

from stillwatch.detect.traffic import F64, I64

ACCOUNTS_MIN: Final = 10
"""Accounts below which the share is not estimated (issue 5, item 6)."""
_DELETED_GROUPS: Final = 20
"""Parts of the accounts that the jackknife leaves out in turn."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums over what was measured of each account within each speciality; a row per cell."""

    account: I64
    speciality: I64
    sizes: F64
    sums: F64
    squares: F64

    def keep(self, rows: npt.NDArray[np.bool_]) -> Cells:
        """Keep some cells. Grain: one row per cell kept."""
        return Cells(
            self.account[rows],
            self.speciality[rows],
            self.sizes[rows],
            self.sums[rows],
            self.squares[rows],
        )


@dataclass(frozen=True, slots=True)
class BetweenShare:
    """Share of the variance that lies between accounts, with a 95 % interval; nan = can't say."""

    share: float
    low: float
    high: float
    accounts: int


def estimate_between(cells: Cells) -> BetweenShare:
    """Estimate the share of variance between accounts, inside specialities.

    Grain:   one figure per group.
    Units:   intra-class correlation, unbiased near 0 and so possibly negative there.
    Nulls:   nan below ten accounts, where no account was measured twice within one speciality, and
             where nothing varies.
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


def _correlate(cells: Cells) -> float:
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
