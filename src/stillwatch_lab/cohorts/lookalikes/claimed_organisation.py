"""Look-alike: somebody types a known organisation's name into the register.

Rows like those of `people` and `teams.draw_office`. The one idea: the register says one `org_id`
for the verified staff and for a few who only claim it (`org_verified` false), and in their traffic
nothing joins the two.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.rows import unite
from stillwatch_lab.cohorts.teams import draw_office
from stillwatch_lab.scene import Scene

_CLAIM_SHARE: Final = 0.2
"""Share of the accounts under the name that only claim it (a guess)."""


def draw_claimed(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw a verified organisation's staff and strangers who claim its name.

    Grain:   one row per account: staff (`benign-office`), then those who claim
             (`benign-claimed-organisation`), one at least.
    """
    claims = max(1, round(count * _CLAIM_SHARE))
    staff = draw_office(rng, scene, count=count - claims, volume=volume)
    staff = staff.with_columns(pl.lit(True).alias("org_verified"), pl.lit(True).alias("verified"))
    claimants = draw_people(
        rng, scene, count=claims, role="benign-claimed-organisation", volume=volume
    )
    named = claimants.with_columns(
        pl.lit(staff["org_id"][0]).alias("org_id"),
        pl.lit(False).alias("org_verified"),
        pl.lit(False).alias("verified"),
    )
    return unite([staff, named])
