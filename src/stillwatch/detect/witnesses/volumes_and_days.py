"""A queue gives its heads even volumes on any day; people have paces and days of their own.

`volume_evenness`: dispersion index (variance over mean) of the accounts' exchanges per active day,
in log2. Blind spot: an operator who draws volumes from a heavy tail; honest load-balanced keys are
even too.

`own_days`: how much likelier two requests of one account are to fall on one day than the group's
days let expect, in log2. 0 where chance deals out, below it where heads take turns, and the same of
a busy crowd and of a quiet one. It reads neither words, hours nor addresses. It hides hands and
shows none: people of a marketplace who work off one list hand on what they are refused, take the
next task whenever one comes, and are strangers, as a dispatcher's heads are; but each works on days
of his own. So it is compared with no honest group but with a dispatcher, as stated below.
Blind spot: an operator whose heads rest oftener than that, each on its own, at the price of these
days; people who work off their list daily. Of a dozen accounts in a week chance alone says a tenth
or two.

Source: coordination.md, 6.4 (0 to 1 for dispatchers, tens for people); ADR 0036 (days).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stillwatch.detect.witnesses.core import F64, UNKNOWN, Core, Witness, is_thin

_HOURS_PER_DAY = 24
_INDEX_FLOOR = 0.1
"""Added to the index of dispersion: below it nobody is told apart."""
_ROUNDS = 30
"""Times that shares of accounts and of days are fitted to each other. From ten to thirty the figure
moves by less than 0.001 in nine of ten groups of the lab, from thirty to a hundred by 0.012 at most
(a dozen accounts that come and go)."""
_REST = 0.4
"""log2 of 4/3: who lets every head rest on a day in four, drawn by lots, is still taken for a
dispatcher. Each `_SPREAD` beyond it is a standard deviation."""
_SPREAD = 0.1
"""Stated, not fitted. Campaigns of the lab lie at 0.3 at most, and one foreign proxy, whose heads
have customers beside the harvest, at 0.42 (ADR 0036)."""
_RATIO_FLOOR = 0.01
"""Added to the ratio: below it nobody is told apart."""


class _Days(NamedTuple):
    """Accounts that came on two days or more, and on which of the group's days."""

    account: npt.NDArray[np.int64]  # of each pair that occurs, by account and day, as 0 … g-1
    day: npt.NDArray[np.int64]
    sent: F64
    first: npt.NDArray[np.int64]  # of each account
    last: npt.NDArray[np.int64]


def measure_evenness(core: Core) -> float:
    """Give log2 of the dispersion index of daily volumes."""
    if is_thin(core):
        return UNKNOWN
    day = core.exchanges["hour"].to_numpy() // _HOURS_PER_DAY
    _, codes, counts = np.unique(core.account, return_inverse=True, return_counts=True)
    pairs = np.unique(codes * np.int64(2**32) + day)
    days = np.bincount(pairs // np.int64(2**32), minlength=len(counts))
    rate = counts / np.maximum(days, 1)
    return float(np.log2(rate.var(ddof=1) / rate.mean() + _INDEX_FLOOR))


def measure_own_days(core: Core) -> float:
    """Give log2 of how much likelier an account's requests share a day than the group's days say.

    Accounts weigh by what they send. Weekends that all of them keep are the group's days, and each
    is asked of the days from its first to its last: to be replaced is no day of one's own.

    Nulls:   nan where fewer than two accounts sent two requests on different days.
    Cost:    a sort of the core's exchanges, and thirty passes over accounts and days.
    """
    if is_thin(core):
        return UNKNOWN
    days = _find_days(core)
    total: F64 = np.bincount(days.account, days.sent).astype(np.float64)
    if len(total) < 2:  # noqa: PLR2004  one has no days but its own
        return UNKNOWN
    together = np.bincount(days.account, days.sent * (days.sent - 1)) / (total * (total - 1))
    of_day: F64 = np.bincount(days.day, days.sent).astype(np.float64)
    expected = expect_together(days.first, days.last, total, of_day)
    ratio = np.average(together / expected, weights=total)
    return float(np.log2(ratio + _RATIO_FLOOR))


def expect_together(
    first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], sent: F64, of_day: F64
) -> F64:
    """Say how likely two requests of an account fall on one day by the group's days alone.

    Grain:   one probability per account, which is there from day `first` to day `last` and sent
             `sent`; `of_day` is what all of them sent on each day from 0.
    Source:  two margins fitted in turn (Deming & Stephan 1940), an account's cell a product of its
             pace and the day's where it is there, and 0 elsewhere; by running sums, without cells.
    """
    share = np.ones(len(of_day))
    for _ in range(_ROUNDS):
        pace = sent / _sum_between(share, first, last)
        starts = np.bincount(first, pace, minlength=len(of_day) + 1)
        ends = np.bincount(last + 1, pace, minlength=len(of_day) + 1)
        there = np.cumsum(starts - ends)[: len(of_day)]
        share = np.where(of_day > 0, of_day / np.maximum(there, np.finfo(np.float64).tiny), 0.0)
    return _sum_between(share**2, first, last) / _sum_between(share, first, last) ** 2


def _sum_between(values: F64, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]) -> F64:
    """Sum of each account's days, of which it sent something on the first: above 0."""
    upto = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(upto[last + 1] - upto[first])


def _find_days(core: Core) -> _Days:
    """Count what each account sent on each day, of those that came on two days or more."""
    day = core.exchanges["hour"].to_numpy() // _HOURS_PER_DAY
    day = day - day.min()
    days = np.int64(day.max() + 1)
    cell, sent = np.unique(core.account * days + day, return_counts=True)
    account, day = cell // days, cell % days
    comes_again = np.bincount(account)[account] > 1
    account, day, sent = account[comes_again], day[comes_again], sent[comes_again]
    starts = np.flatnonzero(np.diff(account, prepend=-1))
    ends = np.flatnonzero(np.diff(account, append=-1))
    number = np.repeat(np.arange(len(starts)), ends - starts + 1)
    return _Days(number, day, sent.astype(np.float64), day[starts], day[ends])


VOLUME_EVENNESS = Witness(
    "volume_evenness",
    "timing",
    -1,
    "log2 of the dispersion index of exchanges per active day",
    "independent people, some of whom use the model a lot and most a little",
    measure_evenness,
    shows_hand=True,
    resale_explains=True,
)
OWN_DAYS = Witness(
    "own_days",
    "timing",
    -1,
    "log2 of how much likelier two requests of an account share a day than the group's days say",
    "people who each work on days of their own",
    measure_own_days,
    stated=_REST,
    spread=_SPREAD,
    weighs=False,
    hides_hand=True,
)
