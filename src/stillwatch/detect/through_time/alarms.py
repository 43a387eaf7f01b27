"""Alarms that outlast looking every day: e-LOND over looks, self-consistent within one.

Beside `track`: reads the p-values of the tied groups of a look and how many alarms there were
before, says which groups are new campaigns beyond doubt. Each look d spends gamma_d of the level,
and the gammas of all looks that there will ever be sum to at most 1; each alarm raised before makes
room for more. A group is tested until its campaign's alarm is raised, then no more.

The false discovery rate over all alarms of a lake's life is at most `level`, whatever the
dependence of the looks, if each p-value is valid given how many groups the look has; the proof and
what would break it stand in docs/theory/through-time.md.
Source: Xu & Ramdas 2024 (e-LOND); Wang & Ramdas 2022 (e-BH); Vovk & Wang 2021 (calibrator).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

_GAMMA_SUM: Final = 2.11
"""Upper bound on the sum over d >= 1 of 1 / ((d + 1) ln^2(d + 1)): the first million terms, and
the integral of the rest."""
_P_LEAST: Final = 1e-300
"""Least p-value whose logarithm is taken."""
_NO_EVIDENCE: Final = 0.999
"""p-value from which the calibrator is at its limit of one half."""


@dataclass(frozen=True)
class Alarms:
    """What one look has raised."""

    raised: frozenset[str]
    threshold_log2: float
    """log2 of the e-value that a group had to reach; inf where nothing was tested."""
    log2_e: dict[str, float]
    """By group: log2 of its e-value."""


def spend(look: int) -> float:
    """Give the share of the level that a look may spend, from 1 on.

    Units:   share; all looks that there will ever be have at most 1 together: half of it is for the
             first, a seven-hundredth for the thirtieth, one in 27,000 for the 365th.
    Source:  any sequence that sums to 1 will do; this one falls as slowly as a logarithm allows.
    """
    return float(1.0 / ((look + 1) * np.log(look + 1) ** 2 * _GAMMA_SUM))


def weigh_p_value(p: float) -> float:
    """Turn a p-value into log2 of an e-value.

    Units:   log2; the mixture of all power calibrators, (1 - p + p ln p) / (p ln^2 p).
    Nulls:   not known is no evidence: e = 1/2, the calibrator's limit at p = 1.
    Source:  Vovk & Wang 2021.
    """
    if not p < _NO_EVIDENCE:
        return -1.0
    p = max(p, _P_LEAST)
    log = np.log(p)
    return float(np.log2(1 - p + p * log) - np.log2(p) - np.log2(log**2))


def raise_alarms(
    p_values: Mapping[str, float],
    *,
    eligible: frozenset[str],
    look: int,
    raised_before: int,
    level: float,
) -> Alarms:
    """Raise the alarms of one look.

    Grain:   one e-value per group of `p_values`, all of which count as tested.
    `eligible` are the groups whose alarm may be raised (campaigns that harvest): fewer rejections
    than the test allows keep the guarantee.
    Order:   irrelevant; the largest set is taken in which each member clears the bar that the size
             of the set gives: with k of them, e >= m / (level gamma_d (raised_before + k)).
    """
    log2_e = {name: weigh_p_value(p) for name, p in p_values.items()}
    if not log2_e:
        return Alarms(frozenset(), float("inf"), {})
    base = np.log2(len(log2_e)) - np.log2(level * spend(look))
    ranked = sorted(eligible & log2_e.keys(), key=lambda name: (-log2_e[name], name))
    size = 0
    for k, name in enumerate(ranked, start=1):
        if log2_e[name] >= base - np.log2(raised_before + k):
            size = k
    bar = float(base - np.log2(raised_before + max(size, 1)))
    return Alarms(frozenset(ranked[:size]), bar, log2_e)
