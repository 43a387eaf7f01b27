"""How single accounts keep time: their longest pause in the day, and how much their gaps vary.

For the run's accounts and a group's alike, so that both are measured by one rule. Accounts of like
volume are compared: of who sends more, pauses are shorter and gaps more even by that alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stillwatch.detect.traffic import F64, I64

_EXCHANGES_MIN = 32
"""Exchanges of an account from which its gaps and its night are known: five weeks of one a day."""
_HOUR_S = 3_600
_HOURS = 24


class Pace(NamedTuple):
    """Of each account; nan where it sent too little."""

    band: I64
    """Volume, in powers of two."""
    pause_h: F64
    """Longest run of hours of the day, around midnight too, in which it never sent anything."""
    gap_variation: F64
    """Coefficient of variation of the time between its requests."""


def measure_pace(account: I64, at_s: F64, *, accounts: int) -> Pace:
    """Measure how accounts keep time.

    Grain:   one row per account, 0 … accounts - 1. `account` is sorted, `at_s` within each.
    Nulls:   nan below 32 exchanges.
    Cost:    linear in exchanges.
    """
    sent = np.bincount(account, minlength=accounts)
    gap = np.diff(at_s)
    own = account[1:]
    gap, own = gap[own == account[:-1]], own[own == account[:-1]]
    count = np.maximum(np.bincount(own, minlength=accounts), 1)
    mean = np.bincount(own, gap, minlength=accounts) / count
    square = np.bincount(own, gap**2, minlength=accounts) / count
    spread = np.sqrt(np.maximum(square - mean**2, 0)) / np.maximum(mean, 1e-9)
    thin = sent < _EXCHANGES_MIN
    return Pace(
        np.log2(np.maximum(sent, 1)).astype(np.int64),
        np.where(thin, np.nan, _find_pause(account, at_s, accounts=accounts)),
        np.where(thin, np.nan, spread),
    )


def _find_pause(account: I64, at_s: F64, *, accounts: int) -> F64:
    hour = (at_s // _HOUR_S).astype(np.int64) % _HOURS
    there = np.bincount(account * _HOURS + hour, minlength=accounts * _HOURS)
    twice = np.tile(there.reshape(accounts, _HOURS) > 0, (1, 2))
    longest = run = np.zeros(accounts)
    for is_there in twice.T:
        run = np.where(is_there, 0, run + 1)
        longest = np.maximum(longest, run)
    return np.minimum(longest, _HOURS)
