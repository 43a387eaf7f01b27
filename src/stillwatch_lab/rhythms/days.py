"""On which days a person sends: some days are active, uneven, and weekends a habit of their own.

Reads the habits of people; gives the day of each session to `traffic.arrivals`. The one idea: days
are those of a fitted customer (`fit.arrivals`), and what falls on them is a session. Absent: days
of programs, whose clock has them (`programs`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.fit.arrivals import draw_active
from stillwatch_lab.fit.honest import Floats, Ints
from stillwatch_lab.fit.rates import level_shape
from stillwatch_lab.scene import DAY_S, Scene

STEADY: Final = ("machine", "timer")
"""Rhythms that know no idle day, no weekend and no hour of the day."""
_FIRST_S: Final = 600.0
"""Seconds between the sign-up and the first request."""
_WEEK: Final = 7
_WEEKEND: Final = 5  # the number of Saturday, days counted from Monday
_SELDOM: Final = 1e-12
"""Weight of a day without sessions: where nobody's day is left, all are alike."""


def find_life(people: pl.DataFrame, scene: Scene) -> tuple[Floats, Floats]:
    """Give from when to when within the scene each account can send.

    Grain:   one pair per row of people. Units: seconds of the scene.
    """
    begins = np.maximum(people["created_s"].to_numpy() + _FIRST_S, people["from_s"].to_numpy())
    closed = people["closed_s"].cast(pl.Float64).fill_null(np.inf).to_numpy()
    ends = np.minimum(np.minimum(closed, people["until_s"].to_numpy()), scene.end_s)
    return np.clip(begins, 0.0, None), np.asarray(ends)


def draw_days(rng: np.random.Generator, people: pl.DataFrame, account: Ints, scene: Scene) -> Ints:
    """Draw the day of each session.

    Grain:   one per value of `account`, a row of people.
    """
    shape = (people.height, scene.days)
    even = level_shape(people["day_sigma"].to_numpy())[:, None]
    weights = rng.standard_gamma(np.broadcast_to(even, shape)) + 1e-9
    days = np.arange(scene.days)
    weekend = days % _WEEK >= _WEEKEND
    steady = people["rhythm"].is_in(STEADY).to_numpy()
    factor = np.where(steady, 1.0, people["weekend"].to_numpy())[:, None]
    weights = np.where(weekend, weights * factor, weights)
    share = np.where(steady, 1.0, people["active_days"].to_numpy())
    weights = np.where(draw_active(rng, share[:, None], scene.days), weights, _SELDOM)
    begins = np.clip(people["created_s"].to_numpy() / DAY_S, 0, scene.days - 1)[:, None]
    weights = np.where(days + 1 > begins, weights, 0.0) + _SELDOM**2
    below = np.cumsum(weights, axis=1)
    below /= below[:, -1:]
    drawn = rng.random(len(account))
    day = np.zeros(len(account), np.int64)
    for at in range(scene.days - 1):
        day += drawn > below[account, at]
    return day
