"""Look-alikes: resale with a permission; a relay of end users, and accounts opened by program.

Rows like those of `people`; the unverified pool without a permission is `teams.draw_resale_pool`.
The one idea: the relay is one client with thousands of users behind it, the reseller thousands of
clients behind one card. Both hold a `resale` permission, which covers no harvest.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_hexes, draw_people
from stillwatch_lab.cohorts.places import draw_subnet
from stillwatch_lab.cohorts.teams import lay_one_job
from stillwatch_lab.scene import DAY_S, MINUTE_S, Scene

END_USERS: Final = 6_000
"""People behind each key of a relay."""
_NAMES_USERS: Final = 3
"""A voice that this number doesn't divide logs its end users (`traffic.requests`)."""
_RELAYS: Final = 8
"""Addresses of a relay."""


def draw_relay(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw a relay's keys: one client, and thousands of end users whom it names."""
    people = draw_people(rng, scene, count=count, role="benign-relay", volume=volume)
    servers = draw_subnet(rng, _RELAYS, spread=256, cloud=True)
    voice = rng.integers(0, 2**38, count) * _NAMES_USERS + 1
    return lay_one_job(rng, people, servers=servers).with_columns(
        pl.lit(False).alias("org_verified"),
        pl.lit(True).alias("verified"),
        pl.Series("voice", voice),
        *(pl.lit(-1, pl.Int64).alias(f"topic_{rank}") for rank in (1, 2, 3)),
        pl.Series("turns", np.full(count, 2.5)),
        pl.Series("end_users", np.full(count, END_USERS)),
        pl.lit(None, pl.Float64).alias("closed_s"),
        pl.lit("scale").alias("plan"),
    )


def draw_reseller(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw the accounts that a reseller opens by program, one a customer.

    Sign-ups follow each other by the same few minutes; card, organisation and e-mail domain are
    the reseller's; networks, clients, hours and topics are the customers'.
    """
    people = draw_people(rng, scene, count=count, role="benign-reseller", volume=volume)
    step = rng.uniform(3.0, 12.0) * MINUTE_S
    begin = -rng.uniform(10.0, 60.0) * DAY_S
    opened = begin + step * np.arange(count) + rng.uniform(0.0, 0.05, count) * step
    return people.with_columns(
        pl.Series("created_s", opened),
        pl.lit(draw_hexes(rng, 1, "pm_")[0]).alias("payment_fingerprint"),
        pl.lit(people["payment_country"][0]).alias("payment_country"),
        pl.lit(draw_hexes(rng, 1, "org_")[0]).alias("org_id"),
        pl.lit(False).alias("org_verified"),
        pl.lit(draw_hexes(rng, 1, "d")[0] + ".example").alias("email_domain"),
        pl.lit("team").alias("plan"),
    )
