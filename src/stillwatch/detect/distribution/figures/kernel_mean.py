"""Is the window's mean embedding where benign windows have theirs? MMD, plain and whitened.

Plain: the squared distance of mean embeddings under the published kernel, in O(n) by random Fourier
features. Whitened: the same along principal directions, each over its spread among benign windows,
so that a small shift in a quiet direction counts as much as a large one in a loud one. Neighbours:
the distance to the third-nearest benign window, for nulls of accounts that are each far from the
mean and near to one another.

Blind spot: a harvest worded and mixed as benign traffic is; a share below sqrt(c / (n D)); and
narrow honest tenants, if the benign windows are drawn from a pool instead of from accounts.
Source: Gretton et al. 2012; Rahimi and Recht 2007; whitening: Hagrass et al. 2022.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stillwatch.detect.distribution.items import F64
from stillwatch.detect.distribution.usual import Usual, project_kernel
from stillwatch.detect.distribution.windows import Windows

_RIDGE: Final = 0.1
"""Added to a direction's variance, in mean variances: 0.01 to 1 hardly differ."""
_TINY: Final = 1e-12
_NEIGHBOUR: Final = 3
"""Which nearest benign window counts: one alone may be a twin by chance."""
_SAME: Final = 1e-10
"""Squared distance below which two windows are one: rounding of sums."""


def estimate_mmd(windows: Windows, other: Windows) -> F64:
    """Estimate MMD² between two sets of windows, row by row, without bias.

    Grain:   one figure per row. Units: squared distance in the kernel's space; may be negative.
    Cost:    linear in features, whatever the windows' size.
    Source:  as `estimate_mmd_of_sums`.
    """
    return estimate_mmd_of_sums((windows.kernel, windows.sizes), (other.kernel, other.sizes))


def estimate_mmd_of_sums(own: tuple[F64, F64], other: tuple[F64, F64]) -> F64:
    """Estimate it from sums of kernel features and the exchanges in each.

    Grain:   one figure per row, as above.
    Cost:    linear in features.
    Source:  U-statistic of Gretton et al. 2012; every row of kernel features has length 1.
    """
    cross = np.sum(own[0] * other[0], axis=-1) / (own[1] * other[1])
    return np.asarray(mean_kernel(*own) + mean_kernel(*other) - 2 * cross, np.float64)


def mean_kernel(sums: F64, sizes: F64) -> F64:
    """Give the mean kernel value of two different exchanges of a window: 1 where all are the same.

    Grain:   one figure per row of sums of kernel features. Cost: linear in features.
    """
    pairs = np.maximum(sizes * (sizes - 1), 1)
    return np.asarray((np.sum(sums**2, axis=-1) - sizes) / pairs, np.float64)


def measure_kernel_mean(windows: Windows, usual: Usual) -> dict[str, F64]:
    """Measure the distances from the benign windows' mean and to the nearest, in logarithms.

    Grain:   one row per window. Units: natural logarithm; large is unusual.
    Cost:    features x directions a window.
    """
    reference = usual.reference
    mean = windows.kernel / windows.sizes[:, None]
    plain = np.sum((mean - reference.kernel_mean) ** 2, axis=1)
    centre, variance = usual.kernel
    offset = project_kernel(windows, reference) - centre
    spread = variance + _RIDGE * variance.mean() + _TINY
    whitened = np.sum(offset**2 / spread, axis=1)
    straight = windows.embedding / windows.sizes[:, None] - reference.embedding_mean
    return {
        "mmd": np.log(plain + _TINY),
        "whitened_mmd": np.log(whitened + _TINY),
        "linear_mmd": np.log(np.sum(straight**2, axis=1) + _TINY),
        "neighbours": np.log(_measure_neighbours(windows, usual) + _TINY),
    }


def _measure_neighbours(windows: Windows, usual: Usual) -> F64:
    """Squared distance to the third-nearest other benign window; a window is not its own."""
    means = windows.embedding / windows.sizes[:, None]
    squares = np.sum(means**2, axis=1)[:, None] + np.sum(usual.means**2, axis=1)
    apart = np.maximum(squares - 2 * means @ usual.means.T, 0)
    last = min(_NEIGHBOUR, apart.shape[1] - 1)
    nearest = np.sort(np.partition(apart, last, axis=1)[:, : last + 1], axis=1)
    is_own = nearest[:, 0] < _SAME
    return np.asarray(np.where(is_own, nearest[:, last], nearest[:, last - 1]), np.float64)
