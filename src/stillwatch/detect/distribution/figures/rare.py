"""Is what is rare among benign exchanges as rare here? Shifts of words and typing, rare ones loud.

The squared distance of a window's mean row from the benign mean, bucket by bucket, each weighed by
how seldom benign prompts have it, to the power of two thirds, one, and four thirds; for words and
for triples of bytes. Pairs of *different* exchanges alone count: what an exchange has in common
with itself says nothing of the window, and is most of the noise where buckets outnumber exchanges.
The benign mean is midway between the reference's and that of benign windows, so that neither half
of what is known of honest exchanges goes unused.

Blind spot: a harvest of as many voices as exchanges, no two of which share a rare word or a habit
of typing.
Source: Valiant and Valiant 2014 (arXiv 1308.3946); U-statistics, Gretton et al. 2012.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stillwatch.detect.distribution.items import F64
from stillwatch.detect.distribution.rarity import POWERS, VIEWS, view_columns
from stillwatch.detect.distribution.usual import Usual
from stillwatch.detect.distribution.windows import Windows

_LEAST: Final = 0.01
"""Least figure, in what noise alone amounts to: keeps the logarithm finite."""
_NAMES: Final = ("uncommon_{view}", "rare_{view}", "rarest_{view}")


def measure_rare(windows: Windows, usual: Usual) -> dict[str, F64]:
    """Measure the shift of rare words and rare typing, in three strengths each.

    Grain:   one row per window.
    Units:   natural logarithm of the squared distance plus what noise amounts to in benign windows.
    Cost:    linear in the filled buckets.
    """
    found: dict[str, F64] = {}
    sizes = windows.sizes
    pairs = np.maximum(sizes * (sizes - 1), 1)
    for at, view in enumerate(VIEWS):
        columns = view_columns(view)
        sums, centre = windows.rare[:, columns], usual.rare_mean[columns]
        squares = sums.multiply(sums).tocsr()
        for power, name in enumerate(_NAMES):
            weights = usual.reference.rarity.weights[power, columns]
            column = at * len(POWERS) + power
            own = (squares @ weights - windows.own[:, column]) / pairs
            toward = sums @ (weights * centre) / sizes
            shift = own - 2 * toward + weights @ centre**2
            noise = usual.rare_noise[column]
            found[name.format(view=view)] = np.log(np.maximum(shift + noise, _LEAST * noise))
    return found
