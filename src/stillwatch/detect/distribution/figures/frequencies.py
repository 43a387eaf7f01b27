"""Are words, lengths and oddities as frequent as in benign windows? Likelihood ratios by bucket.

Each bucket of counts is compared with its mean over benign windows, in units of its spread. The sum
of squares sees a broad change; the largest few see a template, whose words are in every prompt of a
harvest and hardly anywhere else. How odd prompts are, in five ways (`maps.py`), is binned finely at
both ends, so that a few odd prompts show long before the mean moves; the shift of the mean, either
way, is taken as well.

Blind spot: a harvest that asks with everybody's words; an honest customer with a new trade.
Source: Pearson 1900 for the sum; higher criticism (Donoho and Jin 2004) for the largest.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import stats

from stillwatch.detect.distribution.items import F64
from stillwatch.detect.distribution.maps import ODDITIES
from stillwatch.detect.distribution.usual import Usual, read_shares
from stillwatch.detect.distribution.windows import Windows

_LARGEST: Final = {"words": 16, **dict.fromkeys(ODDITIES, 2), "lengths": 2}
"""Buckets that the sharp test sums: a template's words, and one bin and its neighbour."""
_TINY: Final = 1e-9

TWO_SIDED: Final = tuple(f"{block}_shift" for block in (*ODDITIES, "lengths"))
"""Names of the figures of which both ends are unusual."""


def read_deviance(windows: Windows, usual: Usual, block: str) -> F64:
    """Give each bucket's squared distance from its benign mean, over its benign variance.

    Grain:   one row per window, a column a bucket.
    Units:   squared standard deviations; a bucket that benign windows don't fill has the spread of
             one exchange.
    Cost:    linear in the block's width.
    """
    mean, variance = usual.counts[block]
    offset = read_shares(windows, usual.reference, block) - mean
    floor = mean / usual.size + 1 / usual.size**2
    return np.asarray(offset**2 / np.maximum(variance, floor), np.float64)


def measure_frequencies(windows: Windows, usual: Usual) -> dict[str, F64]:
    """Measure words, oddities and lengths: broadly, sharply, and their shift.

    Grain:   one row per window. Units: natural logarithm of squared deviations; large is unusual.
    Cost:    linear in the blocks' widths.
    """
    found: dict[str, F64] = {}
    for block, largest in _LARGEST.items():
        squares = read_deviance(windows, usual, block)
        top = np.partition(squares, -largest, axis=1)[:, -largest:]
        found[block] = np.log(squares.sum(axis=1) + _TINY)
        found[f"{block}_sharp"] = np.log(top.sum(axis=1) + _TINY)
        if block != "words":
            found[f"{block}_shift"] = _shift(windows, usual, block)
    return found


def _shift(windows: Windows, usual: Usual, block: str) -> F64:
    """Mean normal score of a window's bins, in benign deviations; both ends are unusual."""
    mean, variance = usual.counts[block]
    middle = np.cumsum(mean) - mean / 2
    score = stats.norm.ppf(np.clip(middle, _TINY, 1 - _TINY))
    shares = read_shares(windows, usual.reference, block)
    spread = np.sqrt(np.maximum(np.sum(variance * score**2), _TINY))
    return np.asarray(((shares - mean) @ score) / spread, np.float64)
