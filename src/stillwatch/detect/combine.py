"""From figures of groups to one score: lines in their sizes, cuts, and a sum of signed squares.

Part of the fourth step of *detect*: reads figures of honest groups, gives each witness's line, its
spread and its cut, and how witnesses go together; of standardised witnesses, a score. Squares,
because an operator hides some of what a harvest shows and never all: what is left stands far out,
and which it is nobody knows beforehand. A sum of plain deviations is best where all witnesses are
shifted alike; a sum of squares where any of them are. What speaks for innocence is squared with its
sign and taken off. So that no witness decides alone, each is cut where it would.

Absent: a campaign. Weights, cuts and tails follow from honest groups.
Source: O'Brien 1984 (weights); Kudô 1963, Perlman 1969 (squares, against any of them); ADR 0031.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.tails import (
    Standing,
    find_least_score,
    fit_tails,
    weigh_kinds_alike,
)
from stillwatch.detect.traffic import F64
from stillwatch.detect.witnesses import WITNESSES

_CLEARS = np.array([w.exculpates for w in WITNESSES])
"""Which may speak for innocence."""
WEIGHS = np.array([w.weighs for w in WITNESSES])
"""Which the score counts."""
_SHRINKAGE = 0.5
"""Weight of independence in the correlation that is inverted. Some hundred groups of a few kinds
can't fix a near-singular one."""
_SPREAD_MIN = 1e-9
"""Least variance of a combined score; keeps the division finite."""
_WITNESSES_MIN = 4  # that must speak before a group is judged at all
ALONE = 0.01
"""Least p-value that one witness may give with all others at the honest average."""
_CUT_FIRST, _CUT_MOST = 2.5, 4.0
"""Standard deviations: the cut that is tried first, and beyond which none goes: of some hundred
honest groups none lies there."""
_ROUNDS = 5
"""Times that cuts are found anew: they move the tails that they follow from. After four they move
by a hundredth."""
_MARGIN = 0.99
"""Of the cut that would just do: what is left to move is less."""


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
            scale[w], line[w, 0] = witness.spread, witness.stated
            continue
        known = ~np.isnan(figures[:, w])
        own, root = weights[known], np.sqrt(weights[known])
        read = design[:, : 1 if witness.is_sizeless else None]
        fitted = np.linalg.lstsq(read[known] * root[:, None], figures[known, w] * root)[0]
        line[w, : len(fitted)] = fitted
        off = figures[known, w] - design[known] @ line[w]
        scale[w] = max(float(np.sqrt(np.average(off**2, weights=own))), witness.scale_min)
    return line, scale


def cut_witnesses(z: F64, cuts: F64) -> F64:
    """Cut standardised witnesses, each at its cut, one that clears nobody at 0 from below.

    Units:   standard deviations of honest groups. Nulls: nan stays nan.
    Source:  ADR 0006 (no witness decides alone).
    """
    return np.asarray(np.clip(z, np.where(_CLEARS, -cuts, 0.0), cuts))


def square(z: F64) -> F64:
    """Square with the sign kept.

    Grain:   as given. Nulls: nan stays nan.
    """
    return np.asarray(np.sign(z) * z**2)


def correlate_squares(z: F64, weights: F64) -> F64:
    """Correlate the signed squares of cut witnesses over honest groups.

    Grain:   witnesses x witnesses; a weight per group. Nulls: one that is silent is 0.
    """
    return correlate(np.nan_to_num(square(z)), weights)


def combine(z: F64, correlation: F64) -> F64:
    """Combine the witnesses that speak; nan below four.

    Grain:   one score per row of cut witnesses; `correlation` is that of their signed squares.
    Units:   squared standard deviations of honest groups, by the root of how many speak.
    """
    return np.array([_combine_one(row, correlation) for row in square(z)], np.float64)


def _combine_one(squares: F64, correlation: F64) -> float:
    speaks = ~np.isnan(squares) & WEIGHS
    if speaks.sum() < _WITNESSES_MIN:
        return float("nan")
    weights, spread = _weigh(correlation[np.ix_(speaks, speaks)])
    return float(weights @ squares[speaks] / spread)


def _weigh(correlation: F64) -> tuple[F64, float]:
    """Weights of the witnesses that speak, and the spread of their weighted sum."""
    shrunk = (1 - _SHRINKAGE) * correlation + _SHRINKAGE * np.eye(len(correlation))
    weights = np.maximum(np.linalg.solve(shrunk, np.ones(len(correlation))), 0.0)
    return weights, float(np.sqrt(max(weights @ correlation @ weights, _SPREAD_MIN)))


def find_cuts(placed: F64, *, standing: Standing) -> F64:
    """Find where each witness is cut: with the others at 0 its p-value is then no less than ALONE.

    Grain:   one cut per witness, in standard deviations.
    placed:  standardised witnesses of honest groups, not cut, and `standing` of the same. The kind
             whose tail is the strictest counts.
    Cost:    five fits of three tails: a second.
    """
    cuts, own = np.full(placed.shape[1], _CUT_FIRST), weigh_kinds_alike(standing)
    for _ in range(_ROUNDS):
        z = cut_witnesses(placed, cuts)
        correlation = correlate_squares(z, own)
        tails = fit_tails(combine(z, correlation), standing=standing)
        weights = np.zeros(placed.shape[1])
        weights[WEIGHS], spread = _weigh(correlation[np.ix_(WEIGHS, WEIGHS)])
        reached = find_least_score(tails, ALONE) * spread / np.maximum(weights, _SPREAD_MIN)
        cuts = np.clip(_MARGIN * np.sqrt(np.maximum(reached, 0.0)), 0.0, _CUT_MOST)
    return np.asarray(cuts)
