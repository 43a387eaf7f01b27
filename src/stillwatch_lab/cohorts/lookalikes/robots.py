"""Look-alike: the continuous-integration robots of one software house, at machine rhythm.

Rows like those of `people`. The one idea: a project is an account, its template is its own and
never changes, and a timer starts it at its own minute of every quarter of an hour, weekends
included. Client, card and runners are the house's.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.places import draw_subnet
from stillwatch_lab.cohorts.teams import lay_one_job
from stillwatch_lab.cohorts.wording import write_closings, write_openings, write_systems
from stillwatch_lab.scene import Scene
from stillwatch_lab.text.topics import TOPICS

_RUNNERS: Final = 6
"""Addresses of a house's build machines."""


def draw_robots(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw a software house's robots: code work, one template a project, exact minutes."""
    people = draw_people(rng, scene, count=count, role="benign-ci", volume=volume)
    own = people.select("volume", "day_sigma")
    runners = draw_subnet(rng, _RUNNERS, spread=256, cloud=True)
    return lay_one_job(rng, people, servers=runners).with_columns(
        *own.iter_columns(),
        pl.lit(False).alias("org_verified"),
        pl.lit("timer").alias("rhythm"),
        pl.lit("code").alias("job"),
        pl.lit(0.0).alias("temperature"),
        pl.lit(0.0).alias("wander"),
        pl.lit(None, pl.Float64).alias("closed_s"),
        pl.Series("voice", rng.integers(0, 2**40, count)),
        pl.Series("topic_1", rng.integers(0, len(TOPICS), count)),
        pl.lit(write_systems(rng, 1)[0]).alias("system"),
        write_openings(rng, count).alias("prefix"),
        write_closings(rng, count).alias("suffix"),
        pl.lit("scale").alias("plan"),
    )
