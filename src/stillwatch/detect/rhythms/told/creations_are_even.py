"""A farm makes so many accounts a day; people sign up by chance, in bursts at most.

Two figures of the group's sign-ups among all of the register between its first and its last: the
dispersion index of daily creations against the register's own days, and Greenwood's statistic of
the places between them, so that time runs as sign-ups do. Null: as many accounts of the register
drawn at random from that stretch, its first and last kept; the lower end alone, since bursts have
channels of their own (`signup_hour`, `signup_day`). Exact, whatever the intensity of sign-ups.
Blind spot: bought or aged accounts, creation dates drawn at random; a register without them, or one
that the group fills. Look-alike: rosters, and a firm that takes on so many a month. Source:
coordination.md, 6.5; Greenwood 1946.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from stillwatch.detect.rhythms.nulls import Told, compare_lower
from stillwatch.detect.rhythms.shown import Rhythm, Shown
from stillwatch.detect.traffic import F64, I64
from stillwatch.domain.channels import told_limits
from stillwatch.domain.channels.families import LIFECYCLE

_DAY_S = 86_400
_DAYS_MIN = 7
"""Days that the sign-ups span, below which they are a burst."""
_OTHERS_MIN = 2
"""Times as many sign-ups of others in that stretch: else the group is its own null."""


class _Created(NamedTuple):
    """The group's sign-ups among the register's."""

    places: I64
    """A row of the group's, and one for each draw: rising places among the stretch's sign-ups."""
    day: I64
    """Of each sign-up of the stretch."""


def measure_dispersion(shown: Shown) -> Told | None:
    """Compare how unevenly creations fall on days.

    Grain:   one figure.
    Cost:    as `_place`.
    """
    found = _place(shown)
    if found is None:
        return None
    days = int(found.day[-1]) + 1
    expected = np.bincount(found.day, minlength=days) * found.places.shape[1] / len(found.day)
    row = np.arange(len(found.places))[:, None] * days
    fell = np.bincount((found.day[found.places] + row).ravel(), minlength=len(row) * days)
    index = fell.reshape(len(row), days) - expected
    open_days = expected > 0
    square = (index[:, open_days] ** 2 / expected[open_days]).sum(axis=1)
    drawn: F64 = square / max(open_days.sum() - 1, 1)
    return compare_lower(float(drawn[0]), drawn[1:])


def measure_spacing(shown: Shown) -> Told | None:
    """Compare how unevenly they are spaced.

    Grain:   one figure.
    Cost:    as `_place`.
    """
    found = _place(shown)
    if found is None:
        return None
    gaps = np.diff(found.places, axis=1) / (len(found.day) - 1)
    greenwood: F64 = (gaps**2).sum(axis=1) * gaps.shape[1]
    return compare_lower(float(greenwood[0]), greenwood[1:])


@lru_cache(maxsize=1)
def _place(shown: Shown) -> _Created | None:
    """Place the group's sign-ups, and random ones: draws x accounts."""
    at = shown.run.created_at[shown.members]
    at = np.sort(at[at >= 0])
    if len(at) < told_limits.RHYTHM_MEMBERS_MIN:
        return None
    when = shown.run.created_s[at[0] : at[-1] + 1]
    day = ((when - when[0]) // _DAY_S).astype(np.int64)
    inner = len(when) - 2
    if day[-1] < _DAYS_MIN or len(when) < (_OTHERS_MIN + 1) * len(at):
        return None
    most = min(len(at), 2 * told_limits.RHYTHM_MEMBERS_MAX)
    rng = shown.draw_generator()
    at = np.sort([*rng.choice(at[1:-1], most - 2, replace=False), at[0], at[-1]])
    drawn = [
        np.sort(rng.choice(inner, most - 2, replace=False, shuffle=False)) + 1
        for _ in range(told_limits.RHYTHM_PERMUTATIONS)
    ]
    ends = np.tile([0, inner + 1], (len(drawn), 1))
    places = np.column_stack([ends[:, :1], np.array(drawn), ends[:, 1:]])
    return _Created(np.vstack([at - at[0], places]), day)


RHYTHMS = (
    Rhythm("creation_dispersion", LIFECYCLE, measure_dispersion),
    Rhythm("creation_spacing", LIFECYCLE, measure_spacing),
)
