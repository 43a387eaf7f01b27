"""At which hour a person sends: by the account's own kind of day, in its own time zone.

Reads the habits of people; gives the hour of each session to `traffic.arrivals`. The one idea:
kinds of days are the fitted ones; an office lays its hours over them. Absent: hours of programs,
whose clock has them (`programs`).
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.fit import load_honest_traffic
from stillwatch_lab.fit.honest import Floats, Ints
from stillwatch_lab.fit.rhythm import invert_profiles, spread_profiles
from stillwatch_lab.rhythms.days import STEADY

_DAY_H: Final = 24.0
_GRID: Final = 480
"""Steps of the table: three minutes of an even day."""


@cache
def _hour_table() -> Floats:
    """Tabulate each kind of day: the hour by which a share of its sessions has begun."""
    fitted = load_honest_traffic()
    figures = (fitted.mean_day, fitted.day_components, fitted.day_amplitudes)
    profiles = spread_profiles(*(np.array(part) for part in figures))
    return invert_profiles(profiles, _GRID) * _DAY_H


def draw_hours(rng: np.random.Generator, people: pl.DataFrame, account: Ints) -> Floats:
    """Draw the hour of each session, in UTC; a machine takes any hour.

    Grain:   one per value of `account`, a row of people. Units: 0 to 24.
    """
    table = _hour_table()
    step = rng.random(len(account)) * _GRID
    low = step.astype(np.int64)
    kind = people["profile"].to_numpy()[account]
    before = table[kind, low]
    local = before + (step - low) * (table[kind, low + 1] - before)
    part = people["peak_part"].to_numpy()
    if part.any():
        pulled = np.flatnonzero(rng.random(len(account)) < part[account])
        peak, spread = (people[name].to_numpy()[account[pulled]] for name in ("peak", "spread"))
        local[pulled] = peak + spread * rng.standard_normal(len(pulled))
    hour = (local - people["zone"].to_numpy()[account]) % _DAY_H
    steady = people["rhythm"].is_in(STEADY).to_numpy()[account]
    return np.where(steady, rng.uniform(0.0, _DAY_H, len(account)), hour)
