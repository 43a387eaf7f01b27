"""From a group's p-value and the hand that shows to the probability that it harvests.

Part of the third step of *detect*. The one idea: p-values of honest groups are uniform, those of
campaigns follow a power law p^(power - 1), and the ratio of the two is an e-value whatever the
power: on average 1 when the group is honest. The power comes from campaigns of the lab's `trial`,
which is not reported; it decides what a probability says, and no q-value.

A harvest through many accounts has one hand that deals its requests out. What is asked can't tell
it from the users of an application that asks as a harvest does, each for himself; honest groups of
that kind, more than any null knows, lie as far out. So where no hand shows, a harvest is never
likelier than not, whatever the p-value, and nobody is called `fraudulent`.

Source: Sellke, Bayarri & Berger 2001; Vovk & Wang 2021 (calibrators); DESIGN.md, section 7;
ADR 0035 (hands).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr
from scipy.stats import chi2

from stillwatch.detect.tails import P_MIN
from stillwatch.detect.traffic import F64
from stillwatch.detect.witnesses import WITNESSES
from stillwatch.domain.settings import DetectSettings

_UPPER = 0.95
"""Confidence at which the power is taken: at its upper limit a small p says less."""


_HANDS = np.array([w.shows_hand for w in WITNESSES])
"""Which witnesses speak of how requests reach accounts."""
_DEALT = [w.name for w in WITNESSES].index("dealt_out")
"""Of those, that requests come to accounts at no hour of their own."""
_HIDES = np.array([w.hides_hand for w in WITNESSES])
"""Which can only say that there is none."""
HANDLESS_MOST = 0.49
"""Most that is said of a group in which no hand shows: no likelier a harvest than not."""


def shows_hand(z: F64, *, settings: DetectSettings) -> bool:
    """Say whether the witnesses of a hand, the strongest of them together, leave no other story.

    All others count less by as much as the hours say that nobody deals out: what runs by a clock or
    an allowance on each user's own device sends alike too, and volunteers who sit down when each of
    them will hand on what one of them was refused. And by as much as days are each account's own,
    beyond a dispatcher's: people of a marketplace work off one list on days that each chooses.

    Grain:   one group; `z` is its standardised and cut witnesses. Nulls: a silent one shows
             nothing, and where all are silent no hand shows. None that rises hides a hand.
    Source:  the largest of Stouffer's sums of the strongest one, two, … in the normal tail, at
             `hand_p_max`: the largest is chosen, so that the tail is a bar and no level (ADR 0035;
             0036 for days).
    """
    heard = np.nan_to_num(z)
    heard[_HANDS] += min(heard[_DEALT], 0.0) + np.minimum(heard[_HIDES], 0.0).sum()
    strongest = -np.sort(-np.maximum(heard[_HANDS], 0.0))
    together = np.cumsum(strongest) / np.sqrt(np.arange(1, len(strongest) + 1))
    return bool(ndtr(-together.max()) <= settings.hand_p_max)


def weigh_group(p: float, z: F64, *, power: float, settings: DetectSettings) -> float:
    """Turn a group's p-value and its witnesses into the probability that it harvests.

    Units:   probability; below one half where no hand shows.
    Source:  `weigh_harvest` and `shows_hand`.
    """
    likely = weigh_harvest(p, power=power, prior=settings.harvest_prior)
    return likely if shows_hand(z, settings=settings) else min(likely, HANDLESS_MOST)


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
