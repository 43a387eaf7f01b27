"""When clocks send: at an account's own times of day, each day, and nobody sits there.

Reads the habits of people; gives account and instant of each request, and where a firing begins, to
`traffic.arrivals`. The one idea: a clock fires `fires` times a day, evenly from its own `phase_s`
on, a little late each time, and what it starts are some requests, one after another. Their number
is kept to as evenly as whole numbers can be. Absent: robots, whose quarters of an hour have an hour
of chance (`timer`), and whoever set the clock.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.fit.honest import Floats, Ints
from stillwatch_lab.rhythms.days import find_life
from stillwatch_lab.scene import DAY_S, HOUR_S, Scene

SCHEDULE: Final = "schedule"
"""The `rhythm` of accounts whose requests a clock sends."""
_GAP_S: Final = 5.0
"""Median seconds between two requests of a firing: an answer, and the next one (a guess)."""
_GAP_SIGMA: Final = 0.5
_WEEK: Final = 7
_WEEKEND: Final = 5  # the number of Saturday, days counted from Monday


def draw_schedule_times(
    rng: np.random.Generator, people: pl.DataFrame, scene: Scene
) -> tuple[Ints, Floats, npt.NDArray[np.bool_]]:
    """Draw account and instant of what clocks send, and which requests are a firing's first.

    Grain:   one triple per request. Order: by account, then firing.
    Units:   `volume` is what an account sends that lives through the run and misses no day but
             those of weekends; `active_days` and `weekend` are shares of days that it fires on.
    """
    sends = (pl.col("rhythm") == SCHEDULE) & (pl.col("volume") > 0)
    rows = people.select(sends).to_series().arg_true().to_numpy().astype(np.int64)
    if not len(rows):
        return np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool)
    own = people[rows]
    low, high = find_life(own, scene)
    clock, at_s, count = _list_firings(rng, own, scene)
    fired = (count > 0) & (at_s >= low[clock]) & _draw_days(rng, own, scene, clock, at_s)
    clock, at_s, count = clock[fired], at_s[fired], count[fired]
    firing = np.repeat(np.arange(len(clock)), count)
    begins = np.diff(firing, prepend=-1) > 0
    gap = np.where(begins, 0.0, rng.lognormal(np.log(_GAP_S), _GAP_SIGMA, len(firing)))
    since = np.cumsum(gap)
    at_s = at_s[firing] + since - since[begins][firing]
    lived = at_s < high[clock[firing]]
    return rows[clock[firing[lived]]], at_s[lived], begins[lived]


def _list_firings(
    rng: np.random.Generator, own: pl.DataFrame, scene: Scene
) -> tuple[Ints, Floats, Ints]:
    """List whose clock fires, when, and how many requests it then sends."""
    fires = own["fires"].to_numpy()
    firings = fires * scene.days
    clock = np.repeat(np.arange(len(fires)), firings)
    rank = np.arange(len(clock)) - np.repeat(np.cumsum(firings) - firings, firings)
    every = (DAY_S / fires)[clock]
    late = own["jitter_s"].to_numpy()[clock] * rng.random(len(clock))
    at_s = own["phase_s"].to_numpy()[clock] % every + every * rank + late
    working = (_WEEKEND + (_WEEK - _WEEKEND) * own["weekend"].to_numpy()) / _WEEK
    each = (own["volume"].to_numpy() / (firings * working))[clock]
    due = each * rank + rng.random(len(fires))[clock]
    return clock, at_s, (np.floor(due + each) - np.floor(due)).astype(np.int64)


def _draw_days(
    rng: np.random.Generator, own: pl.DataFrame, scene: Scene, clock: Ints, at_s: Floats
) -> npt.NDArray[np.bool_]:
    """Draw whether each firing falls on a day on which its clock runs; weekends are local."""
    luck = rng.random((own.height, scene.days + 1))[clock, (at_s // DAY_S).astype(np.int64)]
    local = at_s + HOUR_S * own["zone"].to_numpy()[clock]
    is_weekend = local // DAY_S % _WEEK >= _WEEKEND
    share = np.where(is_weekend, own["weekend"].to_numpy()[clock], 1.0)
    return np.asarray(luck < share * own["active_days"].to_numpy()[clock])
