"""Which beginning answers which stop, where nothing but times tells: by the operator's own delay.

Used by `successors`: reads when accounts of one campaign were stopped and when others of it began;
gives pairs. The one idea: who replaces at once takes about as long each time, so the differences
between stops and beginnings pile up at one delay, where those of strangers spread evenly. Pairs
nearest to that delay first, each account once on either side. In the order of time alone, one stop
that nobody answered would shift every pair after it.

Blind spot: delays that vary by more than stops lie apart; what is left then is chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from stillwatch.domain.channels import told_limits

F64 = npt.NDArray[np.float64]

_WIDTH: Final = 1.5
"""A delay between two thirds and one and a half times another is about the same."""
_STEPS: Final = 40
"""Delays that are tried, evenly by ratio."""
_SHORTEST_S: Final = 60.0
"""The least delay that is tried: a script signs in within a minute."""


def pair_by_delay(
    stops_s: F64, begins_s: F64, *, created_s: F64, within_s: float, stocked_s: float
) -> Iterator[tuple[int, int]]:
    """Pair beginnings with stops before them; nobody who was in stock for more than `stocked_s`.

    Grain:   (place of the stop, place of the beginning), each place once; nearest to the usual
             delay first.
    Order:   both ascending; of pairs as near as one another the earlier stop comes first.
    Cost:    told_limits.ANSWERED_STOPS_MAX stops for each beginning.
    """
    if not len(stops_s) or not len(begins_s):
        return
    usual = find_delay(stops_s, begins_s, within_s=within_s)
    near = np.searchsorted(stops_s, begins_s - usual)
    reach = np.arange(-told_limits.ANSWERED_STOPS_MAX // 2, told_limits.ANSWERED_STOPS_MAX // 2)
    stop = np.clip(near[:, None] + reach, 0, len(stops_s) - 1).ravel()
    begin = np.repeat(np.arange(len(begins_s)), len(reach))
    delay = begins_s[begin] - stops_s[stop]
    in_stock = stops_s[stop] - created_s[begin]
    may_be = (delay > 0) & (delay <= within_s) & (in_stock <= stocked_s)
    stop, begin, off = stop[may_be], begin[may_be], np.abs(delay[may_be] - usual)
    used: tuple[set[int], set[int]] = set(), set()
    for k in np.lexsort((begin, stop, np.round(off))):
        pair = int(stop[k]), int(begin[k])
        if pair[0] not in used[0] and pair[1] not in used[1]:
            yield pair
            used[0].add(pair[0])
            used[1].add(pair[1])


def find_delay(stops_s: F64, begins_s: F64, *, within_s: float) -> float:
    """Find the delay at which more beginnings follow stops than at any other.

    Units:   seconds. Nulls: where no beginning follows a stop in time, the longest delay.
    Cost:    steps x stops: two look-ups each.
    """
    tried = np.geomspace(_SHORTEST_S, within_s / _WIDTH, _STEPS)
    low, high = tried / _WIDTH, tried * _WIDTH
    seen = [
        np.searchsorted(begins_s, stops_s + b, side="right")
        - np.searchsorted(begins_s, stops_s + a, side="right")
        for a, b in zip(low, high, strict=True)
    ]
    found = np.array([counts.sum() for counts in seen], np.float64)
    span = max(float(begins_s[-1] - stops_s[0]), within_s)
    chance = len(stops_s) * len(begins_s) * (high - low) / span
    stands_out = (found - chance) / np.sqrt(chance + 1)
    return float(tried[int(np.argmax(stands_out))]) if found.any() else within_s
