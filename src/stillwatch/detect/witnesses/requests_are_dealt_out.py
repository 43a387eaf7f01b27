"""People sit down to it and clocks strike; a dispatcher deals requests out whenever one comes.

How much likelier two requests of one account on a day are in the same hour than two of different
accounts, or than two of anybody's waking day if that says less, in log2, over the core; never below
0, for who takes turns is no more a dispatcher than who draws lots. Pupils of one lesson come in the
same hours as each other, and sit down to it all the same: their day has few hours, a dispatcher's
has many. A device that asks every half an hour has as many, and a time of its own all the same:
where they keep time by a clock (`measure_clocks`), that counts in place of the hour, if it is more.
It reads neither words nor addresses. Asked of strangers alone: one owner's program deals its work
out over that owner's keys, and may. It weighs nothing, for honest pools deal out too, and to hold a
head for an hour is cheap. Where accounts have times of their own nothing else shows a hand.
Blind spot: that; a head that works for a shift, or by a clock; one busy account among quiet heads,
for exchanges count alike. Look-alikes: strangers' services that run all day, a pool of lent keys
that sends each request over another, clocks that chance moves by more than a few minutes. Source:
coordination.md, 6.4; ADR 0035.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stillwatch.detect.witnesses.core import EXCHANGES_MIN, F64, UNKNOWN, Core, Witness, is_thin

_HOURS_PER_DAY = 24
_DAY_S = 86_400.0
_AWAKE = 1 / 14
"""Share of two requests of a waking day that are in the same hour: stated, not fitted. Where those
of different accounts coincide oftener, common hours do it, and are no hand."""
_FLOOR = 0.01
"""Added to both shares: below it no share is told from none."""
_TURNS_S = (900.0, 1_200.0, 1_800.0, 3_600.0)
"""Turns of the hand that clocks are read by: what people set comes every quarter of an hour, or
third, half or whole hour, or is a multiple of these."""
_PAUSE_S = 450.0
"""Seconds without a request after which a clock has struck anew: half of the shortest turn."""
_PACE = 0.01
"""How far a pause may be from the account's usual one, of that: a loop that sleeps for half an hour
and works for seconds. Of pauses that chance makes one in 140 is that close."""
_PAUSES_MIN = 8
"""Pauses of an account from which its pace is known."""


def measure(core: Core) -> float:
    """Give log2 of the share of own requests of a day in the hour, over that of others' or awake's.

    Nulls:   nan where somebody stands for most of the accounts, or the register doesn't say; where
             too few requests share their account's day with another of it and one of others.
    Cost:    a sort of the core's exchanges.
    """
    if is_thin(core) or not core.are_strangers:
        return UNKNOWN
    hour = core.exchanges["hour"].to_numpy()
    hour = hour - hour.min() // _HOURS_PER_DAY * _HOURS_PER_DAY
    hours = int(hour.max()) // _HOURS_PER_DAY * _HOURS_PER_DAY + _HOURS_PER_DAY
    account = np.unique(core.account, return_inverse=True)[1]
    cell, own = np.unique(account * np.int64(hours) + hour, return_counts=True)
    by_day, day = np.unique(cell // _HOURS_PER_DAY, return_inverse=True)
    own_day = np.bincount(day, own)[day]
    of_day = by_day[day] % (hours // _HOURS_PER_DAY)
    others = np.bincount(hour, minlength=hours)[cell % hours] - own
    others_day = np.bincount(hour // _HOURS_PER_DAY)[of_day] - own_day
    told = (own_day > 1) & (others_day > 0)
    if own[told].sum() < EXCHANGES_MIN:
        return UNKNOWN
    weight = own[told] / own[told].sum()
    same = weight @ ((own[told] - 1) / (own_day[told] - 1))
    same = max(same, measure_clocks(account, core.exchanges["time"].dt.epoch("us").to_numpy()))
    apart = weight @ (others[told] / others_day[told])
    return float(max(np.log2((same + _FLOOR) / (min(apart, _AWAKE) + _FLOOR)), 0.0))


def measure_clocks(account: npt.NDArray[np.int64], at_us: npt.NDArray[np.int64]) -> float:
    """Measure how far each account keeps time by a clock of its own.

    Grain:   one share, exchanges alike; `account` is 0 … g - 1. What is larger of two: how far the
             minutes of an account agree from one day to another, at the turn at which they agree
             best (no day is compared with itself, or one sitting would agree with itself); and the
             share of its pauses that are the account's usual one.
    Units:   1 for a clock, some hundredths for people and for whoever is dealt requests by lots;
             heads in strict turn have pauses alike, and no minutes.
    Nulls:   0 where no account came on two days, or paused eight times.
    """
    order = np.lexsort((at_us, account))
    account, at_s = account[order], at_us[order] / 1e6
    sent = np.bincount(account).astype(np.float64)
    turns = [_agree(account, at_s, turn, sent) for turn in _TURNS_S]
    return max(*turns, _keep_pace(account, at_s, sent))


def _agree(account: npt.NDArray[np.int64], at_s: F64, turn: float, sent: F64) -> float:
    """Mean cosine between two requests of an account on different days, as a hand turns."""
    day = (at_s // _DAY_S).astype(np.int64)
    cell, of_day = np.unique(account * np.int64(2**32) + day, return_inverse=True)
    own = cell // 2**32
    alike, count = np.zeros(len(sent)), np.bincount(of_day)
    for part in (np.cos, np.sin):
        added = np.bincount(of_day, part(2 * np.pi * at_s / turn))
        alike += np.bincount(own, added) ** 2 - np.bincount(own, added**2)
    pairs = sent**2 - np.bincount(own, count.astype(np.float64) ** 2)
    told = pairs > 0
    if not told.any():
        return 0.0
    return float(np.average(alike[told] / pairs[told], weights=sent[told]))


def _keep_pace(account: npt.NDArray[np.int64], at_s: F64, sent: F64) -> float:
    """Share of accounts' pauses, but for the median one, that are as long as that."""
    pause, own = np.diff(at_s), account[1:]
    paused = (own == account[:-1]) & (pause >= _PAUSE_S)
    pause, own = pause[paused], own[paused]
    if not len(own):
        return 0.0
    starts = np.flatnonzero(np.diff(own, prepend=-1))
    lengths = np.diff(starts, append=len(own))
    order = np.lexsort((pause, own))
    usual = np.repeat(pause[order][starts + lengths // 2], lengths)
    near = np.add.reduceat(np.abs(pause / usual - 1) <= _PACE, starts, dtype=np.int64)
    told = lengths >= _PAUSES_MIN
    if not told.any():
        return 0.0
    return float(
        np.average((near[told] - 1) / (lengths[told] - 1), weights=sent[own[starts][told]])
    )


WITNESS = Witness(
    "dealt_out",
    "timing",
    -1,
    "log2 of how much likelier an account's requests of a day share an hour than two accounts' do",
    "strangers who sit down to their work when each of them will",
    measure,
    shows_hand=True,
    weighs=False,
    is_sizeless=True,
    resale_explains=True,
)
