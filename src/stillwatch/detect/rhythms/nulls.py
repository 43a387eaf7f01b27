"""Where a figure lies among draws of its null, and accounts' series shifted by whole days.

Used by every rhythm; reads arrays, writes nothing. The p-values are those of a Monte Carlo test: a
group that is as its null has them uniform, or, where a count has few values, larger.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stillwatch.detect.traffic import F32, F64, I64
from stillwatch.domain.channels import told_limits


class Told(NamedTuple):
    """One figure of a group, what its null has on average, and how rare it is there."""

    observed: float
    expected: float
    p_value: float


def compare_upper(observed: float, drawn: F64) -> Told:
    """Say how often chance has as much.

    Grain:   one figure.
    Source:  Phipson and Smyth 2010.
    """
    p = (1 + np.sum(drawn >= observed - _slack(observed))) / (len(drawn) + 1)
    return Told(float(observed), float(drawn.mean()), float(p))


def compare_lower(observed: float, drawn: F64) -> Told:
    """Say how often chance has as little.

    Grain:   one figure.
    """
    p = (1 + np.sum(drawn <= observed + _slack(observed))) / (len(drawn) + 1)
    return Told(float(observed), float(drawn.mean()), float(p))


def compare_both(observed: float, drawn: F64) -> Told:
    """Say how often chance is as far out at either end.

    Grain:   one figure.
    """
    low, high = compare_lower(observed, drawn), compare_upper(observed, drawn)
    return high._replace(p_value=min(1.0, 2 * min(low.p_value, high.p_value)))


def sum_shifted(series: F32, rng: np.random.Generator) -> F32:
    """Shift each account's series by whole days, around the window, and add them up.

    Grain:   a row per draw; `series` is accounts x days x cells of a day, as is each sum.
    Cost:    draws x days x accounts x cells of multiplications, in one product of matrices.
    Source:  coordination.md, 6: single events are never permuted, nor hours of a day.
    """
    accounts, days, cells = series.shape
    draws = told_limits.RHYTHM_PERMUTATIONS
    shift = rng.integers(0, days, (draws, accounts))
    chosen = np.zeros((draws, days, accounts), np.float32)
    chosen[np.arange(draws)[:, None], shift, np.arange(accounts)] = 1.0
    by_shift = (chosen.reshape(draws * days, accounts) @ series.reshape(accounts, -1)).reshape(
        draws, days, days, cells
    )
    total = np.zeros((draws, days, cells), np.float32)
    for by in range(days):
        total += np.roll(by_shift[:, by], by, axis=1)
    return total


def shuffle_labels(labels: I64, rng: np.random.Generator) -> I64:
    """Shuffle labels anew in each draw.

    Grain:   a row per draw, a column per label.
    """
    return rng.permuted(np.tile(labels, (told_limits.RHYTHM_PERMUTATIONS, 1)), axis=1)


def _slack(observed: float) -> float:
    """Rounding that makes no difference: sums of the same numbers in another order are a tie."""
    return 1e-6 * abs(observed)
