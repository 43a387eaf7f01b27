"""Conformal p-values: the rank of a score among benign scores, and what that rank guarantees.

If a benign unit's score is exchangeable with the m calibration scores, p = (1 + #{larger}) / (m+1)
satisfies P(p ≤ t) ≤ t for every t, whatever the score's distribution: on average over calibration
sets. For one given set, `guarantee_p_values` gives p-values that are valid with a stated
probability, all at once, and may therefore be used again and again against that set.

Deliberately absent: a model of the tail. No p-value is below 1 / (m+1).
Source: Vovk et al. 2005; Bates et al. 2023 (arXiv 2104.08279) for validity given the set.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import stats

from stillwatch.detect.distribution.items import F64

LEVELS_PER_DOUBLING: Final = 4
"""Ranks at which the guarantee is bought, per doubling: finer costs more levels, coarser rounds."""


def rank_p_values(scores: F64, calibration: F64, *, uniform: F64 | None = None) -> F64:
    """Rank scores among calibration scores; large scores are unusual.

    Grain:   one p-value per score.
    Units:   probability under exchangeability, in (0, 1].
    Nulls:   a nan score is as usual as can be: p = 1.
    Cost:    m log m + one search per score.
    Source:  split conformal; with `uniform` (one draw in [0, 1) a score) ties and the grid are
             broken at random, and p is exactly uniform.
    """
    ordered = np.sort(calibration)
    m = len(ordered)
    larger = m - np.searchsorted(ordered, scores, side="right")
    as_large = m - np.searchsorted(ordered, scores, side="left")
    shares = as_large + 1.0 if uniform is None else larger + (1 - uniform) * (as_large - larger + 1)
    return np.where(np.isnan(scores), 1.0, shares / (m + 1))


def rank_among_peers(scores: F64) -> F64:
    """Rank each score among all the others; both ends are unusual.

    Grain:   one p-value per score.
    Units:   the smaller of the shares, itself counted, that are as large and as small, doubled and
             at most 1. Where scores are exchangeable, P(p ≤ t) ≤ t for every t; the p-values of
             one set are not independent.
    Nulls:   nan stays nan and is nobody's peer.
    Order:   irrelevant.
    Cost:    m log m.
    Source:  full conformal prediction, Vovk et al. 2005.
    """
    known = ~np.isnan(scores)
    ordered = np.sort(scores[known])
    m = len(ordered)
    as_large = m - np.searchsorted(ordered, scores[known], side="left")
    as_small = np.searchsorted(ordered, scores[known], side="right")
    p = np.full(len(scores), np.nan)
    p[known] = np.minimum(2 * np.minimum(as_large, as_small) / max(m, 1), 1.0)
    return p


def guarantee_p_values(p_values: F64, *, calibration: int, delta: float) -> F64:
    """Raise conformal p-values so that they are valid given this calibration set.

    Grain:   one per p-value, ranks k / (calibration + 1).
    Units:   with probability 1 - delta over calibration sets, P(p ≤ t | set) ≤ t for all t at once.
    Cost:    a quantile of a Beta distribution a level.
    Source:  the share of benign scores above the k-th largest of m is Beta(k, m+1-k); a union bound
             over ranks that grow geometrically, and every rank rounded up to one of them.
    """
    levels = _geometric_ranks(calibration)
    bounds = stats.beta.isf(delta / len(levels), levels, calibration + 1 - levels)
    ranks = np.ceil(p_values * (calibration + 1) - 1e-9)
    at = np.searchsorted(levels, ranks)
    padded = np.append(bounds, 1.0)
    return np.asarray(padded[np.minimum(at, len(levels))], np.float64)


def _geometric_ranks(calibration: int) -> F64:
    steps = int(np.log2(calibration) * LEVELS_PER_DOUBLING) + 1
    ranks = np.unique(np.round(2.0 ** (np.arange(steps) / LEVELS_PER_DOUBLING)))
    return np.asarray(ranks[ranks <= calibration], np.float64)
