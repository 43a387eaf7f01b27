"""Look-alike: a stolen key; an honest owner's account that strangers have joined.

Rows like those of `people`; the strangers' rows send as the owner's account (`rows`). The one idea:
from one moment on the account shows many networks, clients and topics at once, as a relay's does,
and its owner goes on as before. Absent: resale of the key to a campaign.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.rows import add_users
from stillwatch_lab.scene import Scene

ROLE: Final = "benign-stolen-key"
_THIEVES_MIN: Final = 4
_THIEVES_MORE: Final = 6.0
"""Strangers beyond the least number, on average (a guess: a key left in public code)."""
_OWNER_SHARE: Final = 0.25
"""Share of the account's traffic that is its owner's (a guess)."""


def draw_stolen_key(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw accounts whose keys strangers use as well.

    Grain:   one row per owner, then one per stranger; all of them within the volume's cap.
    """
    own = Volume(volume.mean * _OWNER_SHARE, volume.sigma, volume.cap * _OWNER_SHARE)
    owners = draw_people(rng, scene, count=count, role=ROLE, volume=own).with_columns(
        pl.lit("api").alias("path"), pl.lit(None, pl.Float64).alias("closed_s")
    )
    thieves = _THIEVES_MIN + rng.poisson(_THIEVES_MORE, count)
    holder = np.repeat(np.arange(count), thieves)
    strangers = draw_people(rng, scene, count=len(holder), role=ROLE, volume=volume)
    theft_s = np.maximum(owners["created_s"].to_numpy(), 0.0)
    theft_s += rng.uniform(0.1, 0.6, count) * (scene.end_s - theft_s)
    weight = rng.lognormal(0.0, 0.8, len(holder))
    weight /= np.bincount(holder, weight)[holder]
    taken = min(volume.mean, volume.cap) * (1.0 - _OWNER_SHARE) * weight
    strangers = strangers.with_columns(
        pl.Series("volume", taken),
        pl.Series("from_s", theft_s[holder]),
        pl.lit("api").alias("path"),
    )
    return add_users(owners, strangers, pl.Series(holder))
