"""People sit down to it and get up again; a dispatcher deals requests out whenever one comes.

How much likelier two requests of one account on a day are in the same hour than two of different
accounts, or than two of anybody's waking day if that says less, in log2, over the core; never below
0, for who takes turns is no more a dispatcher than who draws lots. Pupils of one lesson come in the
same hours as each other, and sit down to it all the same: their day has few hours, a dispatcher's
has many. It reads neither words nor addresses. Asked of strangers alone: one owner's program deals
its work out over that owner's keys, and may. It weighs nothing, for honest pools deal out too, and
to hold a head for an hour is cheap. Where accounts have hours of their own even volumes are no
hand.
Blind spot: that; a head that works for a shift; one busy account among quiet heads, for exchanges
count alike. Look-alikes: strangers' services that run all day, a pool of lent keys that sends each
request over another. Source: coordination.md, 6.4; ADR 0035.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.witnesses.core import EXCHANGES_MIN, UNKNOWN, Core, Witness, is_thin

_HOURS_PER_DAY = 24
_AWAKE = 1 / 14
"""Share of two requests of a waking day that are in the same hour: stated, not fitted. Where those
of different accounts coincide oftener, common hours do it, and are no hand."""
_FLOOR = 0.01
"""Added to both shares: below it no share is told from none."""


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
    apart = weight @ (others[told] / others_day[told])
    return float(max(np.log2((same + _FLOOR) / (min(apart, _AWAKE) + _FLOOR)), 0.0))


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
