"""A balanced queue gives its heads even volumes; people are anything but even.

Dispersion index (variance over mean) of the accounts' exchanges per active day, in log2. Blind
spot: an operator who draws volumes from a heavy tail; honest load-balanced keys are even too.
Source: coordination.md, 6.4 (0 to 1 for dispatchers, tens for people).
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.witnesses.core import UNKNOWN, Core, Witness, is_thin

_FLOOR = 0.1
"""Added to the index: below it nobody is told apart."""
_HOURS_PER_DAY = 24


def measure(core: Core) -> float:
    """Give log2 of the dispersion index of daily volumes."""
    if is_thin(core):
        return UNKNOWN
    day = core.exchanges["hour"].to_numpy() // _HOURS_PER_DAY
    _, codes, counts = np.unique(core.account, return_inverse=True, return_counts=True)
    pairs = np.unique(codes * np.int64(2**32) + day)
    days = np.bincount(pairs // np.int64(2**32), minlength=len(counts))
    rate = counts / np.maximum(days, 1)
    return float(np.log2(rate.var(ddof=1) / rate.mean() + _FLOOR))


WITNESS = Witness(
    "volume_evenness",
    "timing",
    -1,
    "log2 of the dispersion index of exchanges per active day",
    "independent people, some of whom use the model a lot and most a little",
    measure,
    shows_hand=True,
    resale_explains=True,
)
