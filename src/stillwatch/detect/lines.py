"""What honest groups of a size show: lines in log2 of accounts and of exchanges per account.

Part of the fourth step of *detect*: reads figures of honest groups, gives each witness's line, its
spread about it, and how witnesses go together.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.traffic import F64
from stillwatch.detect.witnesses import WITNESSES


def design_sizes(accounts: F64, exchanges: F64) -> F64:
    """Give what a line reads of groups.

    Grain:   one row per group: one, log2 of its accounts, log2 of its exchanges per account.
    """
    per_account = np.maximum(exchanges, 1) / np.maximum(accounts, 1)
    return np.stack(
        [np.ones(len(accounts)), np.log2(np.maximum(accounts, 1)), np.log2(per_account)], axis=1
    )


def correlate(z: F64, weights: F64) -> F64:
    """Correlate witnesses over honest groups.

    Grain:   witnesses x witnesses; a weight per group. One that is the same of all groups, or whose
             spread is stated, goes with no other: what is left of it is next to nothing.
    """
    off = (z - np.average(z, axis=0, weights=weights)) * np.sqrt(weights)[:, None]
    length = np.sqrt((off**2).sum(axis=0))
    unit = off / np.where(length > 0, length, 1.0)
    unit[:, [witness.spread is not None for witness in WITNESSES]] = 0.0
    correlation = unit.T @ unit
    np.fill_diagonal(correlation, 1.0)
    return np.asarray(correlation)


def fit_lines(figures: F64, design: F64, weights: F64) -> tuple[F64, F64]:
    """Fit each witness's line in the groups' sizes, and the spread about it; some are stated.

    Grain:   one row of `design`'s columns per witness, and one spread; a weight per group.
    Source:  weighted least squares; a witness says its least spread, or the one that is stated.
    """
    line = np.zeros((len(WITNESSES), design.shape[1]))
    scale = np.ones(len(WITNESSES))
    for w, witness in enumerate(WITNESSES):
        if witness.spread is not None:
            scale[w] = witness.spread
            continue
        known = ~np.isnan(figures[:, w])
        own, root = weights[known], np.sqrt(weights[known])
        line[w] = np.linalg.lstsq(design[known] * root[:, None], figures[known, w] * root)[0]
        off = figures[known, w] - design[known] @ line[w]
        scale[w] = max(float(np.sqrt(np.average(off**2, weights=own))), witness.scale_min)
    return line, scale
