"""Look-alike: a hackathon, one weekend at one venue for one sponsor.

Rows like those of `people`. The one idea: within two days many accounts appear from one link, work
through one weekend behind one address on one task, and fall silent; team by team the texts differ.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.places import draw_subnet
from stillwatch_lab.cohorts.teams import repeat_list
from stillwatch_lab.cohorts.wording import write_openings, write_systems
from stillwatch_lab.scene import DAY_S, HOUR_S, Scene

_TEAM: Final = 4
"""People of a team."""
_SATURDAY: Final = 5
"""Days from a week's beginning."""
_WEEK: Final = 7
_JOBS: Final = ("chat", "code", "trace")
_SPONSORS: Final = 10_000
"""Numbers that a sponsor's link may carry."""


def draw_hackathon(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw a hackathon's accounts: two days of sign-ups, one weekend, one venue, one sponsor."""
    people = draw_people(rng, scene, count=count, role="benign-hackathon", volume=volume)
    saturday = (_SATURDAY + _WEEK * int(rng.integers(scene.days // _WEEK))) * DAY_S
    opens = saturday + 9.0 * HOUR_S
    created = opens - rng.uniform(0.0, 2.0 * DAY_S, count)
    team = np.arange(count) // _TEAM
    teams = int(team[-1]) + 1
    return people.with_columns(
        pl.Series("created_s", created),
        pl.lit(None, pl.Float64).alias("closed_s"),
        pl.Series("from_s", np.full(count, opens)),
        pl.Series("until_s", np.full(count, saturday + 2.0 * DAY_S - 6.0 * HOUR_S)),
        pl.lit("startup").alias("program"),
        pl.lit(f"sponsor-{int(rng.integers(_SPONSORS))}").alias("referrer"),
        pl.lit("free").alias("plan"),
        pl.lit(None, pl.String).alias("payment_fingerprint"),
        repeat_list(draw_subnet(rng, 1, spread=256, cloud=False), count),
        pl.Series("address_share", rng.beta(9.0, 1.5, count)),
        pl.lit(people["zone"][0]).alias("zone"),
        pl.lit(people["topic_1"][0], pl.Int64).alias("topic_1"),
        pl.Series("focus", np.full(count, 0.9)),
        pl.Series("job", rng.choice(_JOBS, teams)[team]),
        pl.lit(write_systems(rng, 1)[0]).alias("system"),
        write_openings(rng, teams).gather(team).alias("prefix"),
    )
