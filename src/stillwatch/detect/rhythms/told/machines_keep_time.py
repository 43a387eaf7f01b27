"""Machines neither sleep nor dawdle: the group's accounts among all of like volume.

Two figures: the mean place of its accounts, among the run's accounts that sent as much to a factor
of two, by their longest pause in the hours of the day, and by how much their gaps vary. A half is
expected, near 0 is machines. Null: accounts fall at random on places inside their volume (a rank
sum, stratified, ties kept); the lower end. An honest group is no random draw of accounts, and a
small p-value says no more than that its members go by one clock of some kind. Blind spot: an
operator who keeps office hours and jitters; accounts under 32 exchanges. Look-alike: batch jobs,
monitoring, keys of any program. Source: coordination.md, 6.4; van Elteren 1960.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.special import ndtr
from scipy.stats import rankdata

from stillwatch.detect.rhythms.nulls import Told
from stillwatch.detect.rhythms.pace import Pace, measure_pace
from stillwatch.detect.rhythms.shown import Rhythm, Shown
from stillwatch.detect.traffic import F64, I64
from stillwatch.domain.channels import told_limits
from stillwatch.domain.channels.families import TIMING

_BAND_MIN = 10
"""Others of a volume below which its accounts are compared with nobody."""


def measure_pauses(shown: Shown) -> Told | None:
    """Place accounts by their longest pause.

    Grain:   one figure.
    Cost:    linear in exchanges.
    """
    return _place(shown, lambda pace: pace.pause_h)


def measure_gaps(shown: Shown) -> Told | None:
    """Place accounts by how their gaps vary.

    Grain:   one figure.
    Cost:    linear in exchanges.
    """
    return _place(shown, lambda pace: pace.gap_variation)


def _place(shown: Shown, pick: Callable[[Pace], F64]) -> Told | None:
    others = ~np.isin(shown.run.account, shown.members)
    own = _measure(shown)
    usual = pick(shown.run.pace)[others]
    return compare_places((pick(own), own.band), (usual, shown.run.pace.band[others]))


@lru_cache(maxsize=1)
def _measure(shown: Shown) -> Pace:
    return measure_pace(shown.whole.account, shown.whole.at_s, accounts=len(shown.read))


def compare_places(own: tuple[F64, I64], others: tuple[F64, I64]) -> Told | None:
    """Compare the mean place of some accounts with chance, volume by volume.

    Grain:   one figure; None of fewer than 10 accounts with peers. Each pair is (figure, volume).
    Source:  van Elteren 1960, permutation variance with ties.
    """
    total = variance = 0.0
    heard = 0
    for band in np.unique(own[1]):
        mine, theirs = (one[0][(one[1] == band) & ~np.isnan(one[0])] for one in (own, others))
        n, size = len(mine), len(mine) + len(theirs)
        if n == 0 or len(theirs) < _BAND_MIN:
            continue
        place = (rankdata(np.concatenate([mine, theirs])) - 0.5) / size
        total += float(place[:n].sum())
        variance += n * float(place.var()) * (size - n) / (size - 1)
        heard += n
    if heard < told_limits.RHYTHM_MEMBERS_MIN or variance <= 0:
        return None
    return Told(total / heard, 0.5, float(ndtr((total - heard / 2) / np.sqrt(variance))))


RHYTHMS = (Rhythm("no_night", TIMING, measure_pauses), Rhythm("steady_gaps", TIMING, measure_gaps))
