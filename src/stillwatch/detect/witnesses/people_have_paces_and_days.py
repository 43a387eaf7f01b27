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
days; people who work off their list daily; a watch of less than a week, in which days are few.

Source: coordination.md, 6.4 (0 to 1 for dispatchers, tens for people); ADR 0036 (days).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stillwatch.detect.witnesses.core import F64, UNKNOWN, Core, Witness, is_thin

I64 = npt.NDArray[np.int64]

_HOURS_PER_DAY = 24
_INDEX_FLOOR = 0.1
"""Added to the index of dispersion: below it nobody is told apart."""
_ROUNDS = 30
"""Times that accounts and days are fitted to each other; a hundred move the figure by 0.012."""
_REST = 0.4
"""log2 of 4/3: who lets every head rest on a day in four, drawn by lots, is still taken for a
dispatcher. Each `_SPREAD` beyond it is a standard deviation."""
_SPREAD = 0.1
"""Stated, not fitted: the lab's campaigns lie at 0.27 at most, one foreign proxy at 0.43."""
_NIGHT_H = 6
"""Hours of rest in which a group's day begins and ends."""
_DEALT_ANEW = 200_000
"""Requests dealt out anew: of a larger core some accounts alone, of a smaller one several times."""
_DEALS_MAX = 32
"""Times that a core is dealt anew at the most, to know what chance makes of few requests."""
_LIMIT_Z = 1.645  # standard errors to the upper 95 % limit; it holds in 0.87 where 20 are heard
_RATIO_FLOOR = 0.01
"""Added to the ratio: below it nobody is told apart."""


class _Days(NamedTuple):
    """Accounts that came on two days or more, and on which of the group's days."""

    account: I64  # of each pair that occurs, by account and day, as 0 … g-1
    day: I64
    sent: F64
    first: I64  # of each account
    last: I64


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
    is asked of the days from its first to its last: to be replaced is no day of one's own. What few
    requests show by chance is taken off: the same is asked of them dealt out anew. The upper limit
    of what so many accounts tell, for twenty people who happen to come daily are no dispatcher.

    Nulls:   nan where fewer than two accounts sent two requests on different days.
    Cost:    some sorts of the core's exchanges, and thirty passes over accounts and days for each.
    """
    days = _keep_returning(core.account, _tell_days(core.exchanges["hour"].to_numpy()))
    if is_thin(core) or len(days.first) < 2:  # noqa: PLR2004  one has no days but its own
        return UNKNOWN
    share, ratio, error = _compare(days)
    rounds = int(np.clip(_DEALT_ANEW // days.sent.sum(), 1, _DEALS_MAX))
    rng = np.random.default_rng(0)
    dealt = [_keep_returning(*_deal_anew(days, share, rng)) for _ in range(rounds)]
    chance = [_compare(one)[1] for one in dealt if len(one.first)]
    if not chance:
        return UNKNOWN
    most = ratio + _LIMIT_Z * error + _RATIO_FLOOR
    return float(np.log2(most / (np.mean(chance) + _RATIO_FLOOR)))


def _tell_days(hour: I64) -> I64:
    """Tell the day of each hour, from 0: it begins where the group rests, and no shift is two."""
    of_day = np.bincount(hour % _HOURS_PER_DAY, minlength=_HOURS_PER_DAY)
    night = np.concatenate([of_day, of_day[: _NIGHT_H - 1]])
    quiet = np.convolve(night, np.ones(_NIGHT_H, np.int64), mode="valid")
    day = (hour - (int(np.argmin(quiet)) + _NIGHT_H // 2)) // _HOURS_PER_DAY
    return np.asarray(day - day.min())


def _compare(days: _Days) -> tuple[F64, float, float]:
    """Give each day's share, the ratio over accounts, weighed by what they send, and its error."""
    total = np.bincount(days.account, days.sent)
    of_day: F64 = np.bincount(days.day, days.sent).astype(np.float64)
    share = fit_days(days.first, days.last, total.astype(np.float64), of_day)
    together = np.bincount(days.account, days.sent * (days.sent - 1)) / (total * (total - 1))
    whole = _sum_between(share, days.first, days.last)
    expected = _sum_between(share**2, days.first, days.last) / whole**2
    ratio = together / expected
    mean = float(np.average(ratio, weights=total))
    square = float(np.sum(total**2) / total.sum() ** 2)  # 1 over how many accounts there are
    spread = np.sqrt(np.sum((total * (ratio - mean)) ** 2)) / total.sum()
    return share, mean, float(spread / max(1 - square, 1 / len(total)))


def fit_days(first: I64, last: I64, sent: F64, of_day: F64) -> F64:
    """Fit what each day's share is, if accounts send at a pace of their own and all on all days.

    Grain:   one figure per day from 0, on any common scale. An account is there from day `first` to
             day `last` and sent `sent`; `of_day` is what all of them sent.
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
    return share


def _sum_between(values: F64, first: I64, last: I64) -> F64:
    """Sum of each account's days, of which it sent something on the first: above 0."""
    upto = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(upto[last + 1] - upto[first])


def _deal_anew(days: _Days, share: F64, rng: np.random.Generator) -> tuple[I64, I64]:
    """Deal each account's requests out by lots, over its own days and a bit beyond.

    Grain:   the account and the day of each request. Of `n` requests in a stretch the first and the
             last leave an n-th of it, nearly, on either side.
    Order:   accounts by what they send and when, whatever their numbers: who is alike is dealt
             alike. Of a core of many requests every so manieth is taken.
    """
    total = np.bincount(days.account, days.sent).astype(np.int64)
    order = np.lexsort((days.last, days.first, total))[:: -(-int(total.sum()) // _DEALT_ANEW)]
    sent, first, last = total[order], days.first[order], days.last[order]
    beyond = np.rint((last - first + 1) / np.maximum(sent - 1, 1)).astype(np.int64)
    upto = np.concatenate([[0.0], np.cumsum(share)])
    since = upto[np.maximum(first - beyond, 0)]
    until = upto[np.minimum(last + beyond, len(share) - 1) + 1]
    drawn = np.repeat(since, sent) + rng.random(int(sent.sum())) * np.repeat(until - since, sent)
    day = np.searchsorted(upto, drawn, side="right") - 1
    return np.repeat(np.arange(len(sent)), sent), np.minimum(day, len(share) - 1)


def _keep_returning(account: I64, day: I64) -> _Days:
    """Count what each account sent on each day, of those that came on two days or more."""
    days = np.int64(day.max() + 1)
    cell, sent = np.unique(account * days + day, return_counts=True)
    account, day = cell // days, cell % days
    returns = np.bincount(account)[account] > 1
    account, day, sent = account[returns], day[returns], sent[returns]
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
