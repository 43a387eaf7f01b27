"""When an operator's account is stopped, another of the group sends its first request.

How many of the group's accounts that were suspended or terminated inside the run had another of the
group begin within a day. Only beginnings inside the run count, from its second day on: those of the
first are of whoever was there before. Null: all instants of stopping shifted by one random time
around the run, so that waves stay waves; the upper end. Silent where the register has no status, or
fewer than three members were stopped in the window; ten are needed to say much. A count with few
values: its p-value is uniform or larger. Blind spot: spare accounts that were warmed up long
before, waits of more than a day. Look-alike: an intake that follows the end of another's trial.
Source: coordination.md, 6.6.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.rhythms.nulls import Told, compare_upper
from stillwatch.detect.rhythms.shown import Rhythm, Shown
from stillwatch.detect.traffic import F64
from stillwatch.domain.channels import told_limits
from stillwatch.domain.channels.families import LIFECYCLE

_DAY_S = 86_400
_DAYS_MIN = 4
"""Days of a run in which stops can be shifted at all."""


def measure(shown: Shown) -> Told | None:
    """Count the bans that were answered.

    Grain:   one figure; None where too few were stopped, or nobody began.
    Cost:    draws x stops.
    """
    traffic, begins, ends = shown.run.traffic, shown.run.starts_s, shown.run.ends_s
    stops, length = shown.run.stopped_s[shown.members], ends - begins
    stopped = stops[(stops >= begins) & (stops <= ends)]
    if len(stopped) < told_limits.RHYTHM_BANS_MIN or length < _DAYS_MIN * _DAY_S:
        return None
    first = traffic.population.first_at.gather(shown.members).dt.epoch("us").to_numpy() / 1e6
    began = np.sort(first[first >= begins + _DAY_S])
    if not len(began):
        return None
    by = shown.draw_generator().random((told_limits.RHYTHM_PERMUTATIONS, 1)) * length
    shifted = begins + (stopped - begins + by) % length
    return compare_upper(float(_count(stopped, began)), _count(shifted, began))


def _count(stopped: F64, began: F64) -> F64:
    """Count stops that somebody follows within a day.

    Grain:   one per row.
    """
    followed = np.searchsorted(began, stopped + _DAY_S, side="right") > np.searchsorted(
        began, stopped, side="right"
    )
    return np.asarray(followed.sum(axis=-1), np.float64)


RHYTHMS = (Rhythm("ban_answered", LIFECYCLE, measure),)
