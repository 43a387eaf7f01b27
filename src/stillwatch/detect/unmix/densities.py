"""From scores to memberships: how a group's exchanges score, against strangers' or a known queue's.

The last step of unmixing: densities of scores on common bins, a ratio that rises with the score,
and the share of the traffic that is the group's. Source: Efron 2008 (local fdr), Storey 2002.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from stillwatch.detect.traffic import F64
from stillwatch.domain import limits

_QUIET = 0.9
"""Share of the background below which the group's unrelated traffic is counted (Storey 2002)."""
_TILT = 3.0
"""Times that unrelated traffic of a group may have as much of one score as strangers have: they are
applications, robots and people in the run's proportions; whom a proxy carries are of some kinds
alone, and ask in what these share. (In incidents of another making people had 2.3 times as much of
raised scores as all strangers, customers of a proxy 2 to 4.6 times; it was chosen on those.)"""
_IN_BIN, _BINS_MIN, _BINS_MAX = 40, 30, 240
"""Scores of either side in a bin, and how many bins there are: quantiles of each side its own, for
a thousand known exchanges among forty thousand strangers' would all lie between two of theirs. The
border of a harvest falls into a bin, and with thirty that is an eighth of a harvest of a fifth."""
_ENDS = (0.001, 0.01, 0.99, 0.999)
"""Quantiles besides."""
_PSEUDO = 1.0
"""Scores added to either side, spread as both are: where neither has any, they are as frequent."""


class Unmixed(NamedTuple):
    """A group's exchanges, unmixed."""

    membership: F64
    """Of each exchange: the probability that it belongs to what the group shares."""
    background: float
    """Share of strangers' exchanges whose membership would be one half or more."""


class _Compared(NamedTuple):
    """Two sets of scores on common bins."""

    edges: F64
    ratio: F64
    """Of each bin: how much more frequent strangers' scores are in it, falling with the score."""


def compare_with_strangers(scores: F64, quiet: F64, *, unrelated_max: float) -> Unmixed:
    """Give one minus the local false-discovery rate against the background, rising with the score.

    Grain:   one membership per score. Units: probability.
    Monotone by isotonic regression: a running maximum would let one noisy bin lift all above it.
    """
    if not len(quiet):
        return Unmixed(np.ones(len(scores)), 0.0)
    level = float(np.quantile(quiet, _QUIET))
    below = float(np.mean(quiet <= level))
    unrelated = min(float(np.mean(scores <= level)) / max(below, 1e-9), unrelated_max)
    compared = _compare(scores, quiet)
    membership = np.clip(1 - _TILT * unrelated * compared.ratio, 0.0, 1.0)
    return _place(membership, compared, scores=scores, quiet=quiet)


def compare_with_known(
    scores: F64, quiet: F64, is_known: npt.NDArray[np.bool_], *, unrelated_max: float
) -> Unmixed:
    """Weigh each score between what the queue is known to score and what strangers do.

    Grain:   one membership per score. Units: probability.
    Where the queue gave some of its exchanges away, their scores (each by what other accounts
    showed) say what the rest of it scores: an account's own life may be unlike strangers' without
    being the queue's. The queue's share of the traffic is fitted by expectation-maximisation.
    """
    compared = _compare(scores[is_known], quiet)
    place = np.searchsorted(compared.edges, scores, side="right")
    share = 0.5
    for _ in range(limits.GROWTH_ROUNDS_MAX):
        membership = share / (share + (1 - share) * compared.ratio)
        share = float(np.clip(membership[place].mean(), 1 - unrelated_max, 1 - 1e-6))
    return _place(membership, compared, scores=scores, quiet=quiet)


def _compare(scores: F64, quiet: F64) -> _Compared:
    """Compare the two densities between quantiles of either."""
    edges = np.unique(np.concatenate([_list_edges(side) for side in (scores, quiet)]))
    counts = [
        np.bincount(np.searchsorted(edges, side, side="right"), minlength=len(edges) + 1)
        for side in (scores, quiet)
    ]
    mean = (counts[0] / len(scores) + counts[1] / len(quiet)) / 2 + 1e-6
    spread = _PSEUDO * mean / mean.sum()
    here, there = ((c + spread) / (c.sum() + _PSEUDO) for c in counts)
    fitted = isotonic_regression(there / here, weights=here, increasing=False)  # pools both sides
    return _Compared(edges, fitted.x)


def _list_edges(side: F64) -> F64:
    """Quantiles of one side: as many as it has scores for."""
    bins = int(np.clip(len(side) // _IN_BIN, _BINS_MIN, _BINS_MAX))
    levels = np.linspace(0, 1, bins + 1)[1:-1]
    return np.asarray(np.quantile(side, np.concatenate([levels, _ENDS])))


def _place(membership: F64, compared: _Compared, *, scores: F64, quiet: F64) -> Unmixed:
    """Give each score the membership of its bin."""
    own, others = (
        membership[np.searchsorted(compared.edges, side, side="right")] for side in (scores, quiet)
    )
    return Unmixed(own, float(np.mean(others >= 0.5)))  # noqa: PLR2004  CONTRACT.md, 4
