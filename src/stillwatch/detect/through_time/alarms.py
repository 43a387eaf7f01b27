"""Alarms that outlast looking every day: e-LOND over groups, each with evidence that adds up.

Beside `track`: reads the p-values of the tied groups of a look and what was wagered on each before,
says which are new campaigns beyond doubt. A hypothesis is a group, under the id by which it is
followed, however often it is looked at. When it is first seen it is given a share of the level; the
shares of all that there will ever be sum to at most 1. Its evidence is the sum of its looks'
e-values, with weights that sum to at most 1: it never falls, and its mean is at most 1 if the group
is honest. Each alarm raised makes room for more. What was raised is tested no more.

The false discovery rate over all alarms of a lake's life is at most `level`, whatever the
dependence of groups and looks; the proof and what would break it: docs/theory/through-time.md.
Source: Xu & Ramdas 2024 (e-LOND); Wang & Ramdas 2022 (e-BH); Vovk & Wang 2021 (calibrators).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

_GAMMA_SUM: Final = 2.11
"""Upper bound on the sum over d >= 1 of 1 / ((d + 1) ln^2(d + 1)): the first million terms, and
the integral of the rest."""
_FIRST: Final = 0.5
"""Weight of a group's first look; the others share the rest."""
_POWER: Final = 0.1
"""Exponent k of the calibrator k p^(k-1): the best one for p = exp(-1 / k) = 4.5e-5, where a single
look at some hundred groups begins to say something."""
_P_LEAST: Final = 1e-300
"""Least p-value whose logarithm is taken."""


@dataclass(frozen=True)
class Wager:
    """What a group has been given of the level, and what its looks have brought."""

    share: float
    """Its share of the level."""
    batch: int
    """The how-manieth look it was that had groups which nobody had seen before."""
    looks: int = 0
    evidence: float = 0.0
    """Sum of weighted e-values."""


@dataclass(frozen=True)
class Alarms:
    """What one look has raised, and what it has made of the wagers."""

    raised: frozenset[str]
    wagers: dict[str, Wager]
    """Of every group that was tested at this look."""
    bars: dict[str, float]
    """By group: the evidence that it had to reach."""


def spend(number: int) -> float:
    """Give the share that the first, second, third … of an endless row may have.

    Units:   share; all together at most 1: half of it for the first, a seven-hundredth for the
             thirtieth, one in 27,000 for the 365th.
    Source:  any sequence that sums to 1 will do; this one falls as slowly as a logarithm allows.
    """
    return float(1.0 / ((number + 1) * np.log(number + 1) ** 2 * _GAMMA_SUM))


def weigh_p_value(p: float) -> float:
    """Turn a p-value into an e-value: k p^(k-1).

    Units:   e-value: its mean is at most 1 where p is valid. Nulls: not known is no evidence, 0.
    Source:  Vovk & Wang 2021; one power instead of the mixture of all, which is a sixth as large at
             p = 1e-6.
    """
    if np.isnan(p):
        return 0.0
    return float(_POWER * max(p, _P_LEAST) ** (_POWER - 1))


def raise_alarms(
    p_values: Mapping[str, float],
    *,
    wagers: Mapping[str, Wager],
    eligible: frozenset[str],
    raised_before: int,
    level: float,
) -> Alarms:
    """Raise the alarms of one look.

    Grain:   one wager per group of `p_values`: those that have no alarm yet.
    `wagers` are those of all groups ever tested. `eligible` are the groups whose alarm may be
    raised (campaigns that harvest): fewer rejections than the test allows keep the guarantee.
    Order:   irrelevant; the largest set of k is raised of which each member clears the bar that k
             gives: share x evidence >= 1 / (level (raised_before + k)).
    """
    own = _give_shares(p_values, wagers)
    tested = {name: _add(own[name], p) for name, p in p_values.items()}
    worth = {name: level * one.share * one.evidence for name, one in tested.items()}
    ranked = sorted(eligible & worth.keys(), key=lambda name: (-worth[name], name))
    size = 0
    for k, name in enumerate(ranked, start=1):
        if worth[name] * (raised_before + k) >= 1:
            size = k
    room = raised_before + max(size, 1)
    bars = {name: 1 / (level * one.share * room) for name, one in tested.items()}
    return Alarms(frozenset(ranked[:size]), tested, bars)


def _give_shares(p_values: Mapping[str, float], wagers: Mapping[str, Wager]) -> dict[str, Wager]:
    """Give groups that were never seen before their shares of the level."""
    fresh = [name for name in p_values if name not in wagers]
    batch = 1 + max((one.batch for one in wagers.values()), default=0)
    share = spend(batch) / max(len(fresh), 1)
    return {**wagers, **{name: Wager(share, batch) for name in fresh}}


def _add(wager: Wager, p: float) -> Wager:
    weight = _FIRST if wager.looks == 0 else (1 - _FIRST) * spend(wager.looks)
    evidence = wager.evidence + weight * weigh_p_value(p)
    return Wager(wager.share, wager.batch, wager.looks + 1, evidence)
