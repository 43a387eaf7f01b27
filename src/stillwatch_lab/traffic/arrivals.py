"""When honest accounts send: people in sessions, programs as the real customers do.

Reads the habits of `cohorts`; gives one row per exchange to `prompts` and `requests`. The one idea:
days and hours are the fitted ones (`rhythms`); of a person they are those of a session, within
which turns follow each other by minutes, of a program those of each request, and what follows soon
enough is a session; a clock has its own. Absent: the schedule of a campaign's queue (`harvests`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.rhythms.days import STEADY, draw_days, find_life
from stillwatch_lab.rhythms.habits import PROGRAM
from stillwatch_lab.rhythms.hours import draw_hours
from stillwatch_lab.rhythms.programs import draw_program_times
from stillwatch_lab.rhythms.schedules import SCHEDULE, draw_schedule_times
from stillwatch_lab.scene import DAY_S, HOUR_S, MINUTE_S, Scene

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_TURN_GAP_S: Final = 75.0
"""Median seconds between the turns of a conversation: reading an answer and typing."""
_TURN_SIGMA: Final = 0.9
_SESSION_GAP_S: Final = 1_800.0
"""Seconds after which a program's next request begins a conversation of its own (a guess)."""
_TIMER_S: Final = 900.0
"""Seconds between two starts of a timer: a robot's jobs begin at its own minute of each quarter."""
_TIMER_JITTER_S: Final = 1.5
"""Seconds that a job needs at most until its first request."""


def draw_arrivals(rng: np.random.Generator, people: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Draw every honest exchange's account, instant, session and turn.

    Grain:   one row per exchange: `account` (row of people), `at_s`, `session`, `turn` from 1,
             `user` (0 = the account itself, else which of its end users).
    Order:   by account, then session, then turn.
    Cost:    0.2 to 0.4 µs an exchange.
    """
    draws = (_draw_turns, _draw_requests, _draw_firings)
    parts = [draw(rng, people, scene) for draw in draws]
    account, at_s, opens = (np.concatenate(both) for both in zip(*parts, strict=True))
    order = np.argsort(account, kind="stable")
    account, at_s, opens = account[order], at_s[order], opens[order]
    session = np.cumsum(opens) - 1
    first = np.flatnonzero(opens)
    turn = np.arange(len(account)) - first[session] + 1
    user = _draw_users(rng, people, account[first])[session]
    return pl.DataFrame(
        {"account": account, "at_s": at_s, "session": session, "turn": turn, "user": user}
    )


def _draw_requests(
    rng: np.random.Generator, people: pl.DataFrame, scene: Scene
) -> tuple[Ints, Floats, Flags]:
    """Draw what programs send; requests that follow one another may be one conversation."""
    account, at_s = draw_program_times(rng, people, scene)
    opens = rng.random(len(account)) < 1.0 / people["turns"].to_numpy()[account]
    opens |= np.diff(at_s, prepend=-np.inf) > _SESSION_GAP_S
    opens |= np.diff(account, prepend=-1) != 0
    return account, at_s, opens


def _draw_firings(
    rng: np.random.Generator, people: pl.DataFrame, scene: Scene
) -> tuple[Ints, Floats, Flags]:
    """Draw what clocks send; the requests of a firing may be one conversation."""
    account, at_s, opens = draw_schedule_times(rng, people, scene)
    opens |= rng.random(len(account)) < 1.0 / people["turns"].to_numpy()[account]
    return account, at_s, opens


def _draw_turns(
    rng: np.random.Generator, people: pl.DataFrame, scene: Scene
) -> tuple[Ints, Floats, Flags]:
    """Draw the sessions of everybody who is no program, turn by turn, and where each begins."""
    account = np.repeat(np.arange(people.height), _exchange_counts(rng, people))
    opens = rng.random(len(account)) < 1.0 / people["turns"].to_numpy()[account]
    opens |= np.diff(account, prepend=-1) != 0
    first = np.flatnonzero(opens)
    session = np.cumsum(opens) - 1
    begins = _session_starts(rng, people, account[first], scene)
    gap = np.zeros(len(account))
    later = np.flatnonzero(~opens)
    gap[later] = rng.lognormal(np.log(_TURN_GAP_S), _TURN_SIGMA, len(later))
    since = np.cumsum(gap)
    at_s = (begins - since[first])[session] + since
    lived = at_s < find_life(people, scene)[1][account]
    return account[lived], at_s[lived], opens[lived]


def _draw_users(rng: np.random.Generator, people: pl.DataFrame, account: Ints) -> Ints:
    """Draw who speaks in each session: 0 is the account itself, from 1 on its end users."""
    crowd = people["end_users"].to_numpy()[account]
    return np.where(crowd > 0, 1 + (crowd * rng.random(len(account)) ** 2).astype(np.int64), 0)


def _exchange_counts(rng: np.random.Generator, people: pl.DataFrame) -> Ints:
    volume = people["volume"].to_numpy()
    steady = people["rhythm"].is_in(STEADY).to_numpy()
    counts = np.where(steady, rng.poisson(volume), np.round(volume))
    talks = (volume > 0) & ~people["rhythm"].is_in((PROGRAM, SCHEDULE)).to_numpy()
    return np.where(talks, np.maximum(counts, 1), 0).astype(np.int64)


def _session_starts(
    rng: np.random.Generator, people: pl.DataFrame, account: Ints, scene: Scene
) -> Floats:
    day = draw_days(rng, people, account, scene)
    hour = draw_hours(rng, people, account)
    at_s = _at_the_minute(rng, people, account, day * DAY_S + hour * HOUR_S)
    low, high = (bound[account] for bound in find_life(people, scene))
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
