"""How interchangeable are honest groups of equal size? The null of the shares, and ranks in it.

Last step: reads figures of honest groups (the lab's, or an operator's own), gives p-values. What is
compared is the upper end of a share's interval: a small group, of which little is known, looks more
honest, not less. A line in accounts and in exchanges an account takes off what size alone does;
then a group is ranked among the honest ones that are nearest in both. Its p-value is never below
one over their number. Several dimensions together: the mean of their -ln p, ranked again.

Absent: a model of the tail, and a verdict. Load-balanced keys and resellers' pools are honest and
interchangeable: how many of them the null holds decides what a low rank means.
Source: split conformal (Vovk et al. 2005), by size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stillwatch.detect.distribution.conformal import rank_p_values
from stillwatch.detect.interchangeability.dimensions import DIMENSIONS
from stillwatch.detect.interchangeability.share import BetweenShare
from stillwatch.detect.traffic import F64, I64

PEERS: Final = 200
"""Honest groups nearest in size that a group is ranked among: the least p-value is 1 / 201."""
_FLOOR: Final = 5e-4
"""Share below which groups are not told apart; keeps the logarithm finite."""

Shares = dict[str, BetweenShare]
Size = tuple[int, int]
"""(accounts, exchanges)."""


@dataclass(frozen=True, slots=True)
class HonestShares:
    """Honest groups: how large, and how much of their variance lies between accounts at most.

    sizes: log2 of accounts and of exchanges an account, a row a group.
    lines: intercept and two slopes of the log2 of a share's upper end, a row a dimension.
    excess: log2 of that upper end above its line, a column a dimension; nan where it can't say.
    together: the joint score of each among the others.
    """

    sizes: F64
    lines: F64
    excess: F64
    together: F64

    def rank(self, shares: Shares, size: Size) -> dict[str, float]:
        """Rank a group among honest groups of its size; small p-values are interchangeable.

        Grain:   one p-value a dimension, and `together`.
        Units:   probability for a group that is exchangeable with those. A group larger than all of
                 them counts as their largest: nothing is extrapolated.
        Nulls:   1 where a dimension can't say, and below ten accounts.
        Cost:    one look at each honest group.
        """
        place = np.clip(_measure_size(size), self.sizes.min(axis=0), self.sizes.max(axis=0))
        near = _find_nearest(self.sizes, place)
        own = _list_highs(shares) - self.lines @ np.append(1.0, place)
        p = _rank_among(own, self.excess[near])
        joint = rank_p_values(np.array([_join(p)]), self.together[near])[0]
        return dict(zip((*DIMENSIONS, "together"), (*p.tolist(), float(joint)), strict=True))


def calibrate_shares(groups: Sequence[tuple[Shares, Size]]) -> HonestShares:
    """Calibrate on honest groups; each is ranked among the others for the joint score.

    Grain:   one row per group that says something in at least one dimension.
    Cost:    a look at every pair of groups.
    """
    heard = [group for group in groups if not np.isnan(_list_highs(group[0])).all()]
    sizes = np.array([_measure_size(size) for _, size in heard]).reshape(-1, 2)
    highs = np.array([_list_highs(shares) for shares, _ in heard]).reshape(-1, len(DIMENSIONS))
    design = np.column_stack([np.ones(len(heard)), sizes])
    lines = np.array([_fit_line(design, column) for column in highs.T])
    excess = highs - design @ lines.T
    together = np.zeros(len(heard))
    for row in range(len(heard)):
        others = np.flatnonzero(np.arange(len(heard)) != row)
        near = others[_find_nearest(sizes[others], sizes[row])]
        together[row] = _join(_rank_among(excess[row], excess[near]))
    return HonestShares(sizes, lines, excess, together)


def _fit_line(design: F64, highs: F64) -> F64:
    known = ~np.isnan(highs)
    return np.asarray(np.linalg.lstsq(design[known], highs[known], rcond=None)[0], np.float64)


def _measure_size(size: Size) -> F64:
    accounts, exchanges = max(size[0], 1), max(size[1], 1)
    return np.asarray(np.log2([accounts, max(exchanges / accounts, 1)]), np.float64)


def _list_highs(shares: Shares) -> F64:
    """Give log2 of the upper ends; nan stays nan."""
    highs = np.array([shares[name].high for name in DIMENSIONS])
    return np.asarray(np.log2(np.maximum(highs, _FLOOR)), np.float64)


def _find_nearest(sizes: F64, size: F64) -> I64:
    far = np.abs(sizes - size).sum(axis=1)
    return np.argsort(far, kind="stable")[:PEERS].astype(np.int64)


def _rank_among(excess: F64, peers: F64) -> F64:
    """Rank each dimension among the peers that have it; nan gives 1."""
    columns = (column[~np.isnan(column)] for column in peers.T)
    ranks = [rank_p_values(-excess[at : at + 1], -column)[0] for at, column in enumerate(columns)]
    return np.array(ranks)


def _join(p_values: F64) -> float:
    return float(-np.log(p_values).mean())
