"""What a plan makes of its heads in the register: when they signed up, and what they pay with.

Between `plan` and `heads`; families identity and lifecycle. Absent: e-mail and telephone, which
each head has of its own as anybody has.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.cohorts.campaigns.plan import Plan
from stillwatch_lab.cohorts.people import draw_hexes
from stillwatch_lab.scene import DAY_S

Floats = npt.NDArray[np.float64]


def draw_signups(rng: np.random.Generator, plan: Plan, count: int) -> Floats:
    """Draw when each account was opened, in seconds of the scene."""
    end, span = -plan.signup_before * DAY_S, plan.signup_days * DAY_S
    if plan.signup == "bursts":
        bursts = end - rng.uniform(0.0, span, max(3, round(plan.signup_days)))
        return np.asarray(
            bursts[rng.integers(0, len(bursts), count)] + rng.exponential(900.0, count)
        )
    if plan.signup == "regular":
        step = span / count
        return np.asarray(end - span + step * (np.arange(count) + rng.uniform(0.0, 0.12, count)))
    if plan.signup == "weeks":
        return np.asarray(end - rng.uniform(0.0, span, count))
    return np.asarray(end - rng.uniform(30.0, 30.0 + plan.signup_days, count) * DAY_S)


def lay_payment(rng: np.random.Generator, plan: Plan, heads: pl.DataFrame) -> pl.DataFrame:
    """Give every head its instrument, and the instrument's country."""
    if plan.payment == "own":
        return heads.with_columns(
            pl.Series("payment_fingerprint", draw_hexes(rng, heads.height, "pm_"))
        )
    place = np.arange(heads.height)
    card = (
        rng.integers(0, plan.instruments, heads.height)
        if plan.payment == "shared"
        else place // plan.instruments
    )
    cards = pl.Series(draw_hexes(rng, int(card.max()) + 1, "pm_"))
    countries = heads["payment_country"].gather(card)
    return heads.with_columns(
        cards.gather(card).alias("payment_fingerprint"), countries.alias("payment_country")
    )
