"""From a group's p-value to the probability that it harvests, at a stated prior.

Part of the third step of *detect*. The one idea: p-values of honest groups are uniform, those of
campaigns follow a power law p^(power - 1), and the ratio of the two is an e-value whatever the
power: on average 1 when the group is honest. The power comes from campaigns of the lab's `trial`,
which is not reported; it decides what a probability says, and no q-value.

Source: Sellke, Bayarri & Berger 2001; Vovk & Wang 2021 (calibrators); DESIGN.md, section 7.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2

from stillwatch.detect.tails import P_MIN
from stillwatch.detect.traffic import F64

_UPPER = 0.95
"""Confidence at which the power is taken: at its upper limit a small p says less."""


def weigh_harvest(p: float, *, power: float, prior: float) -> float:
    """Turn a p-value into the probability of a harvest.

    Units:   probability. The likelihood ratio is power x p^(power - 1); at p = 1 it is the power:
             a weak witness speaks for innocence.
    Nulls:   none: a group that nothing is known of has p = 1.
    Source:  Vovk & Wang 2021; judging.md, section 4.
    """
    ratio = power * max(p, P_MIN) ** (power - 1)
    odds = prior / (1 - prior) * ratio
    return float(odds / (1 + odds))


def fit_power(p: F64) -> float:
    """Fit the power to p-values of campaigns: its upper 95 % limit.

    A p-value at the least that judging gives says only that it is no larger: it is counted so.
    Nulls:   of no campaign at all nothing can be said: 1, the p-values of honest groups.
    Source:  maximum likelihood of Beta(power, 1) under censoring; -ln p is exponential.
    """
    waits = -np.log(np.clip(p, P_MIN, 1.0))
    seen = int(np.sum(p > P_MIN))
    if not waits.sum():
        return 1.0
    return float(min(chi2.ppf(_UPPER, 2 * (seen + 1)) / (2 * waits.sum()), 1.0))
