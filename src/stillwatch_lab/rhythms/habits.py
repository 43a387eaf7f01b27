"""What an account keeps to: its row of fitted habits, as columns of the people frame.

Read by `cohorts`, drawn from `fit`; `days`, `hours` and `programs` live by it, and so do answers
(`traffic.answers`). The one idea: an account of a given size has the habits of a real customer of
that rank among customers. A program (an API customer's application) takes all of them; a person
takes days, weekends, hours and how much answers vary; sessions and turns take the place of bouts
and gaps. Absent: how much anybody sends.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.fit import draw_clients, load_honest_traffic
from stillwatch_lab.fit.honest import Floats, Ints
from stillwatch_lab.fit.rhythm import COMPONENTS, HOURS, STEPS, tabulate_hours

PROGRAM: Final = "program"
"""The `rhythm` of accounts whose arrivals are a fitted customer's (`programs`)."""
BOUTS: Final = ("day_share", "bout_windows", "break_share", "rate_sigma", "cv_log", "cv_sigma")
"""Habits of arrivals that programs alone have; null for people."""
WORK_SPREAD: Final = 0.55
"""Spread of the answers to items of one kind of work, on the logarithmic scale (a guess)."""
_NIGHT: Final = (2, 6)
"""Hours of the night."""
_NIGHT_MAX: Final = 0.1
"""Share of a day's requests that people send then, at most: of an even day it is a sixth."""
_PRONOUNCED: Final = (STEPS - 1) * STEPS**COMPONENTS
"""Kinds of days below this are those of the four fifths of customers whose days are flatter."""
_LATE_H: Final = 1.5
"""Spread of the hour at which people get up, beyond what kinds of days differ (a guess)."""
_CHAT_LOG: Final = 5.33
"""Logarithm of the median answer to somebody who chats: 206 tokens, half-way between the fitted
blocks of the two services (`docs/lab/fit.md`)."""
_CHAT_SIGMA: Final = 0.6
"""Spread of that median over people (a guess: the services tell nobody apart)."""


def draw_people_habits(rng: np.random.Generator, busy: Floats) -> pl.DataFrame:
    """Draw the habits of people.

    Grain:   one row per value of `busy`, the normal score of an account's volume.
    Units:   `weekend` is a factor, `active_days` a share of days, `profile` a kind of day in local
             time, `late_h` hours later than it. About `peak` (an hour, with `spread`) fall
             `peak_part` of the sessions: nobody's, unless a cohort says so.
    Nulls:   `BOUTS`, `peak`, `spread`, `context_tokens`, and `clock`, which nobody shares; `fires`,
             `phase_s` and `jitter_s` (`schedules`).
    """
    count = len(busy)
    drawn = _draw(rng, busy)
    nobodys = (*BOUTS, "peak", "spread", "context_tokens", "phase_s", "jitter_s")
    return drawn.with_columns(
        pl.Series("profile", rng.choice(_list_sleepers(), count)),
        pl.Series("late_h", _LATE_H * rng.standard_normal(count)),
        pl.Series("answer_tokens", rng.lognormal(_CHAT_LOG, _CHAT_SIGMA, count)),
        pl.lit("human").alias("rhythm"),
        pl.lit(0.0).alias("peak_part"),
        *(pl.lit(None, pl.Int64).alias(name) for name in ("clock", "fires")),
        *(pl.lit(None, pl.Float64).alias(name) for name in nobodys),
    )


@cache
def _list_sleepers() -> Ints:
    """List the kinds of days that people have: pronounced ones, with a night."""
    reached = tabulate_hours(load_honest_traffic())[_PRONOUNCED:] * HOURS
    by_night = ((reached >= _NIGHT[0]) & (reached < _NIGHT[1])).mean(axis=1)
    return _PRONOUNCED + np.flatnonzero(by_night < _NIGHT_MAX)


def draw_program_habits(rng: np.random.Generator, busy: Floats) -> pl.DataFrame:
    """Draw the habits of programs: all of a fitted customer's but its volume.

    Grain:   as `draw_people_habits`; columns to be laid over those. `context_tokens` is the median
             length of a customer's requests, towards which an application's own text is written.
    """
    return _draw(rng, busy).with_columns(pl.lit(PROGRAM).alias("rhythm"))


def share_habits(rng: np.random.Generator, count: int, *, busy: float) -> pl.DataFrame:
    """Draw one program that runs under `count` accounts: one row of habits, and one clock.

    Grain:   as `draw_program_habits`, every row the same.
    """
    one = draw_program_habits(rng, np.array([busy]))
    return one[np.zeros(count, np.int64)].with_columns(
        pl.lit(int(rng.integers(2**62)), pl.Int64).alias("clock")
    )


def _draw(rng: np.random.Generator, busy: Floats) -> pl.DataFrame:
    return draw_clients(rng, len(busy), busy=busy).select(
        "active_days",
        "day_sigma",
        pl.col("weekend_log").exp().alias("weekend"),
        "profile",
        *BOUTS,
        pl.col("input_log").exp().alias("context_tokens"),
        pl.col("output_log").exp().alias("answer_tokens"),
        pl.col("output_sigma").alias("answer_spread"),
    )
