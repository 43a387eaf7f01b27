"""Can a classifier tell the window's exchanges from benign ones that it wasn't trained on?

A linear discriminant learns on half of the window against half of a benign sample and is tested on
the other halves, then the other way round: an area under the curve above one half means that they
differ. No truth about anybody enters: the two classes are "this window" and "the reference". Alone
of the figures it reads exchanges and not sums: it is for windows that the others found unusual.

Blind spot: windows of fewer than some hundred exchanges teach it little; what the embedding
doesn't show, it can't learn.
Source: Lopez-Paz and Oquab 2017; Fisher 1936.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import stats

from stillwatch.detect.distribution.items import F32, F64

_RIDGE: Final = 1.0
"""Added to the covariance, in mean variances: as much shrinkage as two halves of a hundred need."""


def measure_separability(window: F32, reference: F32, *, rng: np.random.Generator) -> float:
    """Give the cross-fitted area under the curve between a window and a benign sample.

    Grain:   one figure per window.
    Units:   probability that a window's exchange outscores a benign one; 0.5 = the same.
    Order:   halves are drawn by `rng`.
    Cost:    linear in exchanges, cubic in dimensions.
    """
    ours, theirs = (np.array_split(x[rng.permutation(len(x))], 2) for x in (window, reference))
    areas = []
    for train, held in ((0, 1), (1, 0)):
        direction = _discriminate(ours[train], theirs[train])
        areas.append(_area(ours[held] @ direction, theirs[held] @ direction))
    return float(np.mean(areas))


def _discriminate(ours: F32, theirs: F32) -> F64:
    centred = np.concatenate([ours - ours.mean(axis=0), theirs - theirs.mean(axis=0)])
    covariance = centred.T @ centred / len(centred)
    ridge = _RIDGE * np.trace(covariance) / len(covariance) + 1e-9
    apart = ours.mean(axis=0) - theirs.mean(axis=0)
    return np.asarray(np.linalg.solve(covariance + ridge * np.eye(len(covariance)), apart))


def _area(ours: F64, theirs: F64) -> float:
    ranks = stats.rankdata(np.concatenate([ours, theirs]))[: len(ours)]
    return float((ranks.mean() - (len(ours) + 1) / 2) / len(theirs))
