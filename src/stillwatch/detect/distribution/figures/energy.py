"""How far apart are the distributions of embeddings? Energy distance, slice by slice.

Along each of 32 random directions the squared difference of two distribution functions is summed:
in one dimension that is half the energy distance, and its mean over directions is the energy
distance of the whole up to a constant. The functions are counts in ten bins that the reference's
deciles cut, so the sketch is a sum and two windows merge.

Blind spot: differences finer than a decile in every direction; the same as the mean embedding's.
Source: Székely and Rizzo 2013; Baringhaus and Franz 2004 for the slices.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stillwatch.detect.distribution.items import F64
from stillwatch.detect.distribution.reference import SLICE_BINS, SLICES
from stillwatch.detect.distribution.usual import Usual, read_shares
from stillwatch.detect.distribution.windows import Windows

_TINY: Final = 1e-12


def estimate_energy(first: F64, second: F64) -> F64:
    """Estimate the sliced energy distance between rows of bin shares, deciles of equal width.

    Grain:   one figure per row. Units: squared differences of distribution functions, mean over
             directions and bins; 0 = the same.
    Cost:    linear in directions x bins.
    """
    shape = (-1, SLICES, SLICE_BINS)
    apart = np.cumsum((first - second).reshape(shape), axis=2)[:, :, :-1]
    return np.asarray(np.mean(apart**2, axis=(1, 2)), np.float64)


def measure_energy(windows: Windows, usual: Usual) -> dict[str, F64]:
    """Measure the energy distance from the benign windows' mean.

    Grain:   one row per window. Units: natural logarithm; large is unusual. Cost: linear.
    """
    shares = read_shares(windows, usual.reference, "slices")
    return {"energy": np.log(estimate_energy(shares, usual.counts["slices"][0]) + _TINY)}
