"""Accounts of one operator are busy and idle on the same days, beyond the calendar of the run.

Variance ratio of daily counts: what an account sent, less its volume's part of what the run's
accounts did that day, each account in units of its own spread. The variance of the sum over the sum
of variances is 1 for accounts that go their own ways; (V - 1)/(accounts - 1) is their mean
correlation. Null: each account's days shifted by a random number of days; both ends count, for a
quota over the whole group makes its members make up for each other. Raw counts are never tested:
day and night alone give 78. Of a fortnight or less no hour of the week comes twice, so that the
account's own profile is that of its hours (`throughput_is_fixed.py`) and days are read against the
run's. Blind spot: an operator who draws each account's days alone; accounts that work every day.
Look-alike: a team's holidays, a course's timetable, accounts that all began in one week.
Source: coordination.md, 6.3.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.rhythms.nulls import Told, compare_both, sum_shifted
from stillwatch.detect.rhythms.shown import Rhythm, Shown
from stillwatch.detect.traffic import F32
from stillwatch.domain.channels import told_limits
from stillwatch.domain.channels.families import TIMING

_DAYS_MIN = 5
"""Days below which shifts are too few to tell."""
_EACH_MIN = 5
"""Core exchanges of an account from which its days are read."""


def measure(shown: Shown) -> Told | None:
    """Compare how days coincide.

    Grain:   one figure; None of fewer than 10 such accounts or 5 days.
    Cost:    as `sum_shifted`.
    """
    counts = shown.count_hours().sum(axis=2)
    counts = counts[counts.sum(axis=1) >= _EACH_MIN]
    there = shown.run.count_there(shown.members.astype(np.int64)).sum(axis=1)
    if there.sum() == 0:
        return None
    usual = (there / there.sum()).astype(np.float32)
    return compare_sums(
        (counts - counts.sum(axis=1, keepdims=True) * usual)[:, :, None], rng=shown.draw_generator()
    )


def compare_sums(residual: F32, *, rng: np.random.Generator) -> Told | None:
    """Compare the variance of accounts' sum with that of sums of shifted accounts.

    Grain:   one figure; `residual` is accounts x days x cells of a day.
    Units:   the sum of the accounts' variances is 1.
    """
    spread = residual.std(axis=(1, 2), keepdims=True)
    moves = spread[:, 0, 0] > 1e-6  # noqa: PLR2004  rounding
    unit = residual[moves] / spread[moves]
    if len(unit) < told_limits.RHYTHM_MEMBERS_MIN or unit.shape[1] < _DAYS_MIN:
        return None
    drawn = sum_shifted(unit, rng).var(axis=(1, 2)).astype(np.float64)
    return compare_both(float(unit.sum(axis=0).var()) / len(unit), drawn / len(unit))


RHYTHMS = (Rhythm("schedule_variance", TIMING, measure),)
