"""At which hour a person sends: by the account's own kind of day, in its own time zone.

Reads the habits of people; gives the hour of each session to `traffic.arrivals`. The one idea:
kinds of days are the fitted ones; an office lays its hours over them. Absent: hours of programs,
whose clock has them (`programs`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.fit import load_honest_traffic
from stillwatch_lab.fit.honest import Floats, Ints
from stillwatch_lab.fit.rhythm import tabulate_hours
from stillwatch_lab.rhythms.days import STEADY

_DAY_H: Final = 24.0


def draw_hours(rng: np.random.Generator, people: pl.DataFrame, account: Ints) -> Floats:
    """Draw the hour of each session, in UTC; a machine takes any hour.

    Grain:   one per value of `account`, a row of people. Units: 0 to 24.
    """
    table = tabulate_hours(load_honest_traffic())
    step = rng.random(len(account)) * (table.shape[1] - 1)
    low = step.astype(np.int64)
    cell = people["profile"].to_numpy()[account] * table.shape[1] + low
    before, after = table.ravel()[cell], table.ravel()[cell + 1]
    local = _DAY_H * (before + (step - low) * (after - before))
    local += people["late_h"].to_numpy()[account]
    part = people["peak_part"].to_numpy()
    if part.any():
        pulled = np.flatnonzero(rng.random(len(account)) < part[account])
        peak, spread = (people[name].to_numpy()[account[pulled]] for name in ("peak", "spread"))
        local[pulled] = peak + spread * rng.standard_normal(len(pulled))
    hour = (local - people["zone"].to_numpy()[account]) % _DAY_H
    steady = people["rhythm"].is_in(STEADY).to_numpy()[account]
    return np.where(steady, rng.uniform(0.0, _DAY_H, len(account)), hour)
