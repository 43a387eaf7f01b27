"""When programs send: the whole arrival process of a fitted customer, at the account's volume.

Reads the habits of people; gives account and instant of each request to `traffic.arrivals`. The one
idea: a program is a client of the fit with its own row of habits, and accounts that share a `clock`
are keys of one program, which deals its requests out to them. Absent: sessions, which are labels on
these arrivals and move none of them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.fit import draw_arrival_times
from stillwatch_lab.fit.honest import Floats, Ints
from stillwatch_lab.rhythms.days import find_life
from stillwatch_lab.rhythms.habits import BOUTS, PROGRAM
from stillwatch_lab.scene import Scene

_LIFE_LEAST: Final = 0.25
"""Share of the run from which on an account that lives for a part of it sends all of its volume;
who lives shorter sends less."""


def draw_program_times(
    rng: np.random.Generator, people: pl.DataFrame, scene: Scene
) -> tuple[Ints, Floats]:
    """Draw account and instant of every request of the programs among people.

    Grain:   one pair per request; the count is Poisson with the account's `volume`.
    Order:   by account, then time.
    """
    sends = (pl.col("rhythm") == PROGRAM) & (pl.col("volume") > 0)
    rows = people.select(sends).to_series().arg_true().to_numpy().astype(np.int64)
    if not len(rows):
        return np.zeros(0, np.int64), np.zeros(0)
    own = people[rows]
    low, high = find_life(own, scene)
    lives = np.clip((high - low) / scene.end_s, _LIFE_LEAST, 1.0)
    volume = own["volume"].to_numpy() / lives
    first, program = _find_programs(own)
    clients = own[first].select(
        "active_days", "day_sigma", pl.col("weekend").log().alias("weekend_log"), "profile", *BOUTS,
        rate_per_day=pl.Series(np.bincount(program, volume) / scene.days),
    )  # fmt: skip
    zone = own["zone"].to_numpy()[first]
    client, at_s = draw_arrival_times(
        rng, clients, days=scene.days, start_weekday=0, utc_offset_h=zone
    )
    key = _deal(rng, client, program, volume) if len(first) < len(rows) else client
    lived = (at_s >= low[key]) & (at_s < high[key])
    key, at_s = key[lived], at_s[lived]
    if len(first) < len(rows):
        order = np.lexsort((at_s, key))
        key, at_s = key[order], at_s[order]
    return rows[key], at_s


def _find_programs(own: pl.DataFrame) -> tuple[Ints, Ints]:
    """Find the first account of each program, and which program each account belongs to."""
    leader = (
        pl.when(pl.col("clock").is_null())
        .then("row")
        .otherwise(pl.col("row").first().over("clock"))
    )
    led = own.select("clock").with_row_index("row").select(leader.cast(pl.Int64))
    first, program = np.unique(led.to_series().to_numpy(), return_inverse=True)
    return first, program


def _deal(rng: np.random.Generator, client: Ints, program: Ints, volume: Floats) -> Ints:
    """Deal the requests of each program out to its keys, by their volumes."""
    order = np.argsort(program, kind="stable")
    edges = np.cumsum((volume / np.bincount(program, volume)[program])[order])
    last = np.flatnonzero(np.diff(program[order], append=-1))
    edges[last] = np.arange(len(last)) + 1.0
    return order[np.searchsorted(edges, client + rng.random(len(client)), side="right")]
