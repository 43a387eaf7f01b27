"""Look-alikes: a relay of end users, accounts opened by program, and keys lent to a pool.

Rows like those of `people`; the unverified pool without a permission is `teams.draw_resale_pool`.
The one idea: the relay is one client with thousands of users behind it, the reseller thousands of
clients behind one card. Both hold a `resale` permission, which covers no harvest. The pool of keys
is strangers who lend theirs to a common gateway: a queue that nobody owns, and no harvest.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_hexes, draw_people
from stillwatch_lab.cohorts.places import draw_servers, draw_subnet, lay_carriers
from stillwatch_lab.cohorts.teams import lay_one_job
from stillwatch_lab.scene import DAY_S, MINUTE_S, Scene

END_USERS: Final = 6_000
"""People behind each key of a relay."""
_NAMES_USERS: Final = 3
"""A voice that this number doesn't divide logs its end users (`traffic.requests`)."""
_RELAYS: Final = 8
"""Addresses of a relay."""
_BORROWERS: Final = 300
"""People who use a pool of lent keys (a guess)."""
_POOL_SPREAD: Final = 0.25
"""Spread of the volumes of lent keys, on the logarithmic scale: the gateway takes turns, and some
were lent later or have a lower limit (a guess)."""


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
    people = lay_carriers(rng, people)
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


def draw_key_pool(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw the keys that a community of strangers lends to a gateway of its own.

    Cards, mail, telephones and sign-ups are each lender's. What is sent is whatever the borrowers
    want, from the gateway's address and client, over all keys in turn; a refused request is sent
    over another key.
    """
    people = draw_people(rng, scene, count=count, role="benign-key-pool", volume=volume)
    same = ("agent", "fingerprint", "second_agent", "second_fingerprint", "temperature")
    mean = float(people["volume"].to_numpy().mean())
    return people.with_columns(
        *(pl.lit(people[name][0], people.schema[name]).alias(name) for name in same),
        pl.Series("addresses", [draw_servers(rng, 2).to_list()] * count),
        pl.Series("address_share", np.ones(count)),
        pl.Series("volume", mean * rng.lognormal(-(_POOL_SPREAD**2) / 2, _POOL_SPREAD, count)),
        *(pl.lit(-1, pl.Int64).alias(f"topic_{rank}") for rank in (1, 2, 3)),
        pl.Series("turns", np.full(count, 2.5)),
        pl.Series("end_users", np.full(count, _BORROWERS)),
        pl.lit("api").alias("path"),
        pl.lit(None, pl.Float64).alias("closed_s"),
        pl.lit(int(people["voice"][0]), pl.Int64).alias("gateway"),
    )
