"""When people send: sessions through the day and the week, each account by its own clock.

Reads the habits of `cohorts.people`; gives one row per exchange to `prompts` and `requests`. The
one idea: a session's day comes from the account's own uneven days and its hour from the account's
own two peaks, and the turns within it follow each other by minutes. Absent: the schedule of a
campaign's queue (`harvests`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.scene import DAY_S, HOUR_S, MINUTE_S, Scene

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_TURN_GAP_S: Final = 75.0
"""Median seconds between the turns of a conversation: reading an answer and typing."""
_TURN_SIGMA: Final = 0.9
_TIMER_S: Final = 900.0
"""Seconds between two starts of a timer: a robot's jobs begin at its own minute of each quarter."""
_TIMER_JITTER_S: Final = 1.5
"""Seconds that a job needs at most until its first request."""
_STEADY: Final = ("machine", "timer")
_WEEK: Final = 7
_WEEKEND: Final = 5  # the number of Saturday, days counted from Monday


def draw_arrivals(rng: np.random.Generator, people: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Draw every honest exchange's account, instant, session and turn.

    Grain:   one row per exchange: `account` (row of people), `at_s`, `session`, `turn` from 1,
             `user` (0 = the account itself, else which of its end users).
    Order:   by account, then session, then turn.
    """
    counts = _exchange_counts(rng, people)
    account = np.repeat(np.arange(people.height), counts)
    turns = people["turns"].to_numpy()[account]
    opens = rng.random(len(account)) < 1.0 / turns
    opens |= np.diff(account, prepend=-1) != 0
    session = np.cumsum(opens) - 1
    first = np.flatnonzero(opens)
    turn = np.arange(len(account)) - first[session] + 1
    begins = _session_starts(rng, people, account[first], scene)
    gap = rng.lognormal(np.log(_TURN_GAP_S), _TURN_SIGMA, len(account)) * ~opens
    since = np.cumsum(gap)
    at_s = begins[session] + since - since[first][session]
    lived = (at_s >= 0) & (at_s < scene.end_s)
    lived &= at_s < _until(people)[account]
    user = _draw_users(rng, people, account[first])[session]
    return pl.DataFrame(
        {"account": account, "at_s": at_s, "session": session, "turn": turn, "user": user}
    ).filter(pl.Series(lived))


def _draw_users(rng: np.random.Generator, people: pl.DataFrame, account: Ints) -> Ints:
    """Draw who speaks in each session: 0 is the account itself, from 1 on its end users."""
    crowd = people["end_users"].to_numpy()[account]
    return np.where(crowd > 0, 1 + (crowd * rng.random(len(account)) ** 2).astype(np.int64), 0)


def _exchange_counts(rng: np.random.Generator, people: pl.DataFrame) -> Ints:
    volume = people["volume"].to_numpy()
    steady = people["rhythm"].is_in(_STEADY).to_numpy()
    counts = np.where(steady, rng.poisson(volume), np.round(volume))
    return np.where(volume > 0, np.maximum(counts, 1), 0).astype(np.int64)


def _until(people: pl.DataFrame) -> Floats:
    closed = people["closed_s"].cast(pl.Float64).fill_null(np.inf)
    return np.asarray(np.minimum(closed.to_numpy(), people["until_s"].to_numpy()))


def _session_starts(
    rng: np.random.Generator, people: pl.DataFrame, account: Ints, scene: Scene
) -> Floats:
    day = _draw_days(rng, people, account, scene)
    hour = _draw_hours(rng, people, account)
    at_s = _at_the_minute(rng, people, account, day * DAY_S + hour * HOUR_S)
    begins = np.maximum(people["created_s"].to_numpy() + 600.0, people["from_s"].to_numpy())
    low = np.clip(begins, 0.0, None)[account]
    high = np.minimum(_until(people), scene.end_s)[account]
    outside = (at_s < low) | (at_s >= high)
    return np.where(outside, rng.uniform(low, np.maximum(high, low)), at_s)


def _at_the_minute(
    rng: np.random.Generator, people: pl.DataFrame, account: Ints, at_s: Floats
) -> Floats:
    """Move what a timer starts to the account's own full minute of the quarter of an hour."""
    timed = (people["rhythm"] == "timer").to_numpy()[account]
    if not timed.any():
        return at_s
    minute = people["voice"].to_numpy()[account] % round(_TIMER_S / MINUTE_S)
    jitter = rng.uniform(0.0, _TIMER_JITTER_S, len(at_s))
    started = at_s // _TIMER_S * _TIMER_S + minute * MINUTE_S + jitter
    return np.where(timed, started, at_s)


def _draw_days(rng: np.random.Generator, people: pl.DataFrame, account: Ints, scene: Scene) -> Ints:
    """Draw the day of each session: gamma weights by account, weekends by its own habit."""
    shape = people["steadiness"].to_numpy()[:, None]
    weights = rng.gamma(np.broadcast_to(shape, (people.height, scene.days))) + 1e-9
    weekend = np.arange(scene.days) % _WEEK >= _WEEKEND
    weights = np.where(weekend, weights * people["weekend"].to_numpy()[:, None], weights)
    days = np.arange(scene.days)
    begins = np.clip(people["created_s"].to_numpy() / DAY_S, 0, scene.days - 1)[:, None]
    weights = np.where(days + 1 > begins, weights, 0.0) + 1e-12
    below = np.cumsum(weights, axis=1)
    below /= below[:, -1:]
    drawn = rng.random(len(account))
    day = np.zeros(len(account), np.int64)
    for at in range(scene.days - 1):
        day += drawn > below[account, at]
    return day


def _draw_hours(rng: np.random.Generator, people: pl.DataFrame, account: Ints) -> Floats:
    """Draw the hour in UTC: one of the account's two peaks; machines take any hour."""
    habit = {name: people[name].to_numpy()[account] for name in ("zone", "peak", "second_peak")}
    second = rng.random(len(account)) < people["second_part"].to_numpy()[account]
    middle = np.where(second, habit["second_peak"], habit["peak"])
    local = middle + rng.normal(0.0, 1.0, len(account)) * people["spread"].to_numpy()[account]
    human = (local - habit["zone"]) % 24.0
    steady = people["rhythm"].is_in(_STEADY).to_numpy()[account]
    return np.where(steady, rng.uniform(0.0, 24.0, len(account)), human)
