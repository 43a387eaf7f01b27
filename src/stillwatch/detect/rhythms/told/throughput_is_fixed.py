"""A balancer of constant rate makes its accounts make up for each other, hour by hour.

The variance ratio of `schedules_are_shared.py`, inside days: what an account sent in an hour, less
its part of that day by its own profile of hours, and less what it has in common with the run's
hours that day. Near 0 where a queue of fixed throughput deals out the work, 1 for accounts that go
their own ways, more where all pause and go on together. High by days and low within them is the
fingerprint of one queue. Null: accounts shifted by whole days, both ends count. Blind spot: a queue
whose rate follows its customers'; own work beside the queue's. Look-alike: one customer's keys
behind a gateway (low), a team that lunches together on other hours each day (high).
Source: coordination.md, 6.4c.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.rhythms.nulls import Told
from stillwatch.detect.rhythms.shown import Rhythm, Shown
from stillwatch.detect.rhythms.told.schedules_are_shared import compare_sums
from stillwatch.detect.traffic import F32, F64
from stillwatch.domain.channels.families import TIMING

_EACH_MIN = 10
"""Core exchanges of an account from which its hours are read."""


def measure(shown: Shown) -> Told | None:
    """Compare how hours within days coincide.

    Grain:   one figure; None of fewer than 10 such accounts or 5 days.
    Cost:    as `sum_shifted`.
    """
    counts = shown.count_hours()
    counts = counts[counts.sum(axis=(1, 2)) >= _EACH_MIN]
    if not len(counts):
        return None
    there = shown.run.count_there(shown.members.astype(np.int64))
    common = _part_within(there[None].astype(np.float32))[0]
    within = _take_out(_part_within(counts), common)
    return compare_sums(within, rng=shown.draw_generator())


def _part_within(counts: F32) -> F32:
    """Take from each hour its part of the day, by the series' own profile."""
    day, profile = counts.sum(axis=2), counts.sum(axis=1)
    total = np.maximum(counts.sum(axis=(1, 2)), 1e-9)
    usual = day[:, :, None] * profile[:, None, :] / total[:, None, None]
    return np.asarray(counts - usual, np.float32)


def _take_out(residual: F32, common: F32) -> F32:
    """Take out what each series has in common with the run's."""
    power = float((common**2).sum())
    if power <= 0:
        return residual
    along: F64 = (residual * common).sum(axis=(1, 2)) / power
    return np.asarray(residual - along[:, None, None] * common, np.float32)


RHYTHMS = (Rhythm("within_day_variance", TIMING, measure),)
