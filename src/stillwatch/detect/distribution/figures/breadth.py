"""Is the window narrower than benign ones, or more evenly spread? Both ways are unusual.

A template makes a window narrow; a curriculum that is dealt out evenly makes it broader and more
regular than any person's interests. So each figure here is two-sided: how often two exchanges fall
into one place, how many places are filled, how unevenly against the benign shares, how alike two
exchanges are, how many prompts are sent twice.

Blind spot: a harvest that imitates one customer's mix; a customer whose job is one form.
Source: published baselines go wrong one-sided (docs/content/window-tests.md); collision rates,
Simpson 1949.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stillwatch.detect.distribution.figures.frequencies import read_deviance
from stillwatch.detect.distribution.items import F64, Matrix
from stillwatch.detect.distribution.usual import Usual
from stillwatch.detect.distribution.windows import Windows

_TINY: Final = 1e-4
"""Added to a rate before its logarithm: a collision in a hundred pairs of a hundred exchanges."""

TWO_SIDED: Final = ("collisions", "coverage", "evenness", "likeness", "repetition")
"""Names of the figures of which both ends are unusual."""


def measure_breadth(windows: Windows, usual: Usual) -> dict[str, F64]:
    """Measure narrowness and breadth in five ways.

    Grain:   one row per window. Units: logarithms, coverage in places; both ends are unusual.
    Cost:    linear in the places and in the prompts.
    """
    reference, n = usual.reference, windows.sizes
    pairs = np.maximum(n * (n - 1), 1)
    places = windows.counts[:, reference.columns("places")]
    prompts = windows.counts[:, reference.columns("prompts")]
    alike = (np.sum(windows.embedding**2, axis=1) - n) / pairs
    return {
        "collisions": np.log(_square(places, n) / pairs + _TINY),
        "coverage": np.asarray(np.diff(places.indptr), np.float64),
        "evenness": np.log(read_deviance(windows, usual, "places").sum(axis=1) + _TINY),
        "likeness": np.log(np.maximum(alike, 0) + _TINY),
        "repetition": np.log1p(_square(prompts, n) / 2),
    }


def _square(counts: Matrix, sizes: F64) -> F64:
    """Ordered pairs of exchanges in one bucket."""
    squares = counts.multiply(counts).sum(axis=1)
    return np.maximum(np.asarray(squares, np.float64).ravel() - sizes, 0)
