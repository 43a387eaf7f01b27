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
_BINS = 60
"""Bins of the score on which the two densities are compared."""
_KNOWN_BINS = 30
"""The same, where a queue's known exchanges are one of the two: there are fewer of them."""
_PSEUDO = 0.5
"""Scores added to each bin, so that none is empty."""


class Unmixed(NamedTuple):
    """A group's exchanges, unmixed."""

    membership: F64
    """Of each exchange: the probability that it belongs to what the group shares."""
    background: float
    """Share of strangers' exchanges whose membership would be one half or more."""


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
    edges = np.unique(np.quantile(np.concatenate([scores, quiet]), np.linspace(0, 1, _BINS + 1)))
    place = np.clip(np.searchsorted(edges, scores, side="right") - 1, 0, max(len(edges) - 2, 0))
    quiet_place = np.clip(
        np.searchsorted(edges, quiet, side="right") - 1, 0, max(len(edges) - 2, 0)
    )
    bins = max(len(edges) - 1, 1)
    here = (np.bincount(place, minlength=bins) + _PSEUDO) / (len(scores) + _PSEUDO * bins)
    there = (np.bincount(quiet_place, minlength=bins) + _PSEUDO) / (len(quiet) + _PSEUDO * bins)
    ratio = isotonic_regression(there / here, weights=here, increasing=False).x
    membership = np.clip(1 - unrelated * ratio, 0.0, 1.0)
    background = float(np.mean(membership[quiet_place] >= 0.5))  # noqa: PLR2004  CONTRACT.md, 4
    return Unmixed(membership[place], background)


def compare_with_known(
    scores: F64, quiet: F64, is_known: npt.NDArray[np.bool_], *, unrelated_max: float
) -> Unmixed:
    """Weigh each score between what the queue is known to score and what strangers do.

    Grain:   one membership per score. Units: probability.
    Where the queue gave some of its exchanges away, their scores (each by what other accounts
    showed) say what the rest of it scores: an account's own life may be unlike strangers' without
    being the queue's. The queue's share of the traffic is fitted by expectation-maximisation.
    """
    both = np.concatenate([scores[is_known], quiet])
    edges = np.unique(np.quantile(both, np.linspace(0, 1, _KNOWN_BINS + 1)))[1:-1]
    bins = len(edges) + 1
    place, quiet_place = np.searchsorted(edges, scores), np.searchsorted(edges, quiet)
    here = np.bincount(place[is_known], minlength=bins) + _PSEUDO
    there = np.bincount(quiet_place, minlength=bins) + _PSEUDO
    ratio = (there / there.sum()) / (here / here.sum())
    fitted = isotonic_regression(ratio, weights=here + there, increasing=False).x
    share = 0.5
    for _ in range(limits.GROWTH_ROUNDS_MAX):
        membership = share / (share + (1 - share) * fitted)
        share = float(np.clip(membership[place].mean(), 1 - unrelated_max, 1 - 1e-6))
    background = float(np.mean(membership[quiet_place] >= 0.5))  # noqa: PLR2004  CONTRACT.md, 4
    return Unmixed(membership[place], background)
