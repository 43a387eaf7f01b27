"""When a proxy fails or a queue stops, nearly all of its accounts are silent at once.

How many times of day (hours, or as many hours as it takes for members to be regularly there) see at
least nine in ten of those members silent who are there on half of the days at that time. Times at
which the run's accounts are half as many as usual are left out: outages and holidays are
everybody's. Jitter hides none of it. Null: accounts shifted by whole days; the upper end, since to
be silent apart is nothing. A count with few values: its p-value is uniform or larger. Blind spot:
an operator whose accounts stop one by one, or never are there regularly. Look-alike: an office on
its own holiday, keys of one customer whose program fails. Source: coordination.md, 6.3, complement.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.rhythms.background import HOURS
from stillwatch.detect.rhythms.nulls import Told, compare_upper, sum_shifted
from stillwatch.detect.rhythms.shown import Rhythm, Shown
from stillwatch.detect.traffic import F32, F64, Bools
from stillwatch.domain.channels import told_limits
from stillwatch.domain.channels.families import TIMING

_WIDTHS = (1, 3, 6, 12)
"""Hours that are looked at as one, the fewest that are enough."""
_REGULAR = 0.5
"""Share of days on which a member is there at a time, from which it is missed."""
_SILENT = 0.1
"""Most of those members that may be there, and it counts as silence."""
_TIMES_MIN = 14
"""Times (of day, on days) at which enough members are missed: two a day for a week."""
_DAYS_MIN = 5
_LESS = 0.5
"""Share of the usual accounts of the run below which a time is everybody's silence."""


def measure(shown: Shown) -> Told | None:
    """Count common silences.

    Grain:   one figure; None where too few are regularly there at any time, or of under 5 days.
    Cost:    as `sum_shifted`.
    """
    there = shown.count_hours() > 0
    run = shown.run.count_there(shown.members.astype(np.int64))
    for width in _WIDTHS:
        active = there.reshape(len(there), shown.run.days, HOURS // width, width).any(axis=3)
        regular = active.mean(axis=1) >= _REGULAR
        missed = regular.sum(axis=0)
        heard = missed >= told_limits.RHYTHM_MEMBERS_MIN
        if heard.sum() * shown.run.days >= _TIMES_MIN and shown.run.days >= _DAYS_MIN:
            usual = run.reshape(shown.run.days, HOURS // width, width).sum(axis=2)
            is_asked = heard & (usual >= _LESS * np.median(usual, axis=0))
            return _count(active & regular[:, None, :], missed * _SILENT, is_asked, shown)
    return None


def _count(present: Bools, most: F64, is_asked: Bools, shown: Shown) -> Told:
    """Count the times at which no more than `most` are present, and of shifted accounts."""
    series: F32 = present.astype(np.float32)
    drawn = sum_shifted(series, shown.draw_generator()) <= most + 1e-3
    observed = int(((series.sum(axis=0) <= most + 1e-3) & is_asked).sum())
    return compare_upper(observed, (drawn & is_asked).sum(axis=(1, 2)).astype(np.float64))


RHYTHMS = (Rhythm("common_silences", TIMING, measure),)
