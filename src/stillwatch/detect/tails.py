"""How far out honest tied groups lie: the upper tail of their score, by kind of group.

Part of the fourth step of *detect*. Honest groups that lie near a harvest are nearly all one
customer's keys or one reseller's pool. Most of those say so: most of their accounts are under one
declared owner. Some say nothing, but one card pays for them. The others (a class, a hackathon, a
cohort, the users of a new tool) are strangers to one another. Each kind is compared with its like;
where the register doesn't say, the largest p-value counts. Each has a Weibull tail above its own
95 % quantile, between exponential and Gaussian, at the lower confidence limit of its shape.

Absent: a campaign; the split is by what a group declares and pays with, never by what it was.
Source: conditional (Mondrian) calibration, Vovk et al. 2005; ADR 0006.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from stillwatch.detect.traffic import F64, Bools

OWNED_SHARE = 0.5
"""Share of a group's accounts under one declared owner from which that owner is taken at its
word: most of them. Honest groups have under a fifth or over a half."""
TAIL_FROM = 0.95
"""Quantile from which the honest tail is fitted: above the bump of one customer's keys, and with
forty groups or more beyond. From 0.9, twice as many unseen honest groups as expected came below
p = 0.05 (docs/theory/judging.md)."""
_KIND_GROUPS_MIN = 400
"""Groups of a kind from which it has a tail of its own, of twenty beyond its start; with fewer,
that of all groups serves. With two hundred, 1.6 % of unseen ones came below p = 0.01."""
_RESAMPLES = 200
"""Bootstrap draws of the tail."""
_LOWER = 0.05
"""Confidence at which the tail's shape is taken."""
_SHAPES = (0.1, 20.0)
"""Range in which a Weibull shape is looked for."""
SCORE_SLACK = 2.0
"""Units of the score by which a group may lie further out than a marked one
that still counts against it: the same group, a week later (docs/theory/judging.md, section 8)."""
P_MIN = 1e-6
"""Least p-value that the fitted tail may give."""


class Standing(NamedTuple):
    """What the register says of groups, one figure each; nan = it doesn't say."""

    declared: F64
    """Share of the accounts under one declared owner."""
    paid: F64
    """Share that one instrument of few accounts pays for."""

    def may_be(self) -> Bools:
        """Say which kinds each group may be of. Shape: KINDS x groups.

        An owner who is declared counts before a card: customers who sign for their keys pay too.
        """
        owned, paid = self.declared >= OWNED_SHARE, self.paid >= OWNED_SHARE
        silent, cashless = np.isnan(self.declared), np.isnan(self.paid)
        return np.array(
            [~owned & ~paid, owned | silent, ~owned & (paid | cashless)],
            np.bool_,
        )


def weigh_kinds_alike(standing: Standing) -> F64:
    """Weigh groups so that each kind counts as much as any other, however many it has.

    Grain:   one weight per group, 1 on average; a group that may be of several has its share in
             each. Nulls: a kind without a group counts nothing.
    """
    may_be = standing.may_be()
    each = may_be / np.maximum(may_be.sum(axis=1, keepdims=True), 1)
    weights = each.sum(axis=0)
    return np.asarray(weights / weights.mean())


class Marked(NamedTuple):
    """Honest groups beside the fitted ones: people have marked them innocent."""

    score: F64
    may_be: Bools
    """Shape: KINDS x groups."""
    fitted: F64
    """Groups that each kind's tail was fitted on."""


KINDS = ("nobody", "one owner", "one card")
"""Kinds of groups with a tail each, as the rows of the fitted tails."""


def read_tails(tails: F64, score: F64, *, standing: Standing, marked: Marked | None = None) -> F64:
    """Give the upper tail of the honest score, the largest of the kinds that each group may be of.

    Grain:   one p-value per group, 1 where its score is unknown; `tails` has a row a kind of
             start, scale and shape.
    Units:   never below one in a million: some hundred groups bear no extrapolation beyond.
             With `marked` never below what it is without.
    """
    each = np.array([_read_tail(tail, score) for tail in tails])
    if marked is not None:
        each = np.array([_count_in(p, score, marked, kind) for kind, p in enumerate(each)])
    p = np.where(standing.may_be(), each, 0.0).max(axis=0)
    return np.asarray(np.where(np.isnan(score), 1.0, np.maximum(p, P_MIN)))


def find_least_score(tails: F64, p: float) -> float:
    """Find the score from which some kind's tail gives at most p: that of the strictest kind.

    Grain:   one figure for all kinds. Units: `p` below 0.05.
    """
    start, scale, shape = tails.T
    return float(np.min(start + scale * np.log((1 - TAIL_FROM) / p) ** (1 / shape)))


def _read_tail(tail: F64, score: F64) -> F64:
    start, scale, shape = tail
    over = np.maximum(score - start, 0.0) / scale
    return np.where(score > start, np.exp(-(over**shape)) * (1 - TAIL_FROM), 1.0)


def _count_in(p: F64, score: F64, marked: Marked, kind: int) -> F64:
    """Count the marked groups of a kind into its tail; where none lies as far out, p stays.

    With k of them at least as far out among n fitted ones, of which n p are: (1 + n p + k)/(n + 1),
    the conformal p-value among all of them, whose denominator leaves the marked ones out.
    """
    own = np.sort(marked.score[marked.may_be[kind] & ~np.isnan(marked.score)])
    beyond = len(own) - np.searchsorted(own, score - SCORE_SLACK, side="left")
    n = marked.fitted[kind]
    counted = np.minimum((1 + n * p + beyond) / (n + 1), 1.0)
    return np.where(beyond > 0, np.maximum(counted, p), p)


def fit_tails(score: F64, *, standing: Standing) -> F64:
    """Fit the tail of each kind of group: rows as `read_tails` wants them.

    Nulls:   a score that is not a number takes part in none; a group of unknown standing in all
             that it may be.
    Cost:    200 fits of a shape to a twentieth of the groups: a second.
    """
    heard = score[~np.isnan(score)]
    own = (score[one & ~np.isnan(score)] for one in standing.may_be())
    return np.array([_fit_tail(one if len(one) >= _KIND_GROUPS_MIN else heard) for one in own])


def count_tails(score: F64, *, standing: Standing) -> F64:
    """Count the groups that each kind's tail is fitted on.

    Grain:   one count per kind. Nulls: as `fit_tails`.
    """
    heard = ~np.isnan(score)
    own = [int((one & heard).sum()) for one in standing.may_be()]
    return np.array([n if n >= _KIND_GROUPS_MIN else heard.sum() for n in own], np.float64)


def _fit_tail(score: F64) -> tuple[float, float, float]:
    """Fit a Weibull tail between exponential and Gaussian: (start, scale, shape).

    The shape is the lower 5 % limit over bootstrapped groups, within [1, 2]: the heavier tail that
    the honest groups still allow; the scale is the best one for that shape.
    """
    start = float(np.quantile(score, TAIL_FROM))
    over = score[score > start] - start
    rng = np.random.default_rng(0)
    draws = rng.choice(over, (_RESAMPLES, len(over)))
    shapes = [_fit_shape(draw) for draw in draws]
    shape = float(np.clip(np.quantile(shapes, _LOWER), 1.0, 2.0))
    return start, float(np.mean(over**shape) ** (1 / shape)), shape


def _fit_shape(over: F64) -> float:
    """Fit the shape of a Weibull law by maximum likelihood: the root of the profile's slope.

    Units:   within [0.1, 20]; the ends where the likelihood still rises there.
    """
    logs = np.log(over / over.max())
    low, high = _SHAPES

    def slope(shape: float) -> float:
        powers = np.exp(shape * logs)
        return float(powers @ logs / powers.sum() - 1 / shape - logs.mean())

    if slope(low) >= 0 or slope(high) <= 0:
        return low if slope(low) >= 0 else high
    return float(brentq(slope, low, high))
