"""Look-alike: a batch customer, one account that sends one template very many times.

Rows like those of `people`. The one idea: volume, rhythm and template of a harvest, in one verified
hand, for a product; no account exceeds the bound that the scenario's volume sets.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_hexes, draw_people
from stillwatch_lab.cohorts.places import draw_servers
from stillwatch_lab.cohorts.teams import repeat_list
from stillwatch_lab.cohorts.wording import write_closings, write_openings
from stillwatch_lab.rhythms.habits import draw_program_habits
from stillwatch_lab.scene import Scene

_JOBS: Final = ("rewriting", "grading", "quiz", "code", "problem")
"""What batches do: descriptions, assessments, questions, migrations, checks of sums."""

_BUSY: Final = 2.0
"""Normal score of their volume among customers: they send more than 49 of 50 (a guess)."""


def draw_batch(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw batch customers: each an account with one template, from servers of its own."""
    people = draw_people(rng, scene, count=count, role="benign-batch", volume=volume)
    sent = np.minimum(rng.uniform(0.8, 1.2, count) * volume.mean, volume.cap)
    return people.with_columns(
        pl.Series("volume", sent),
        pl.Series("org_id", draw_hexes(rng, count, "org_")),
        pl.lit(True).alias("org_verified"),
        pl.lit(True).alias("verified"),
        pl.lit("scale").alias("plan"),
        pl.lit(None, pl.Float64).alias("closed_s"),
        *draw_program_habits(rng, np.full(count, _BUSY)).iter_columns(),
        pl.lit(1.0).alias("turns"),
        pl.lit("api").alias("path"),
        pl.lit(0.0).alias("wander"),
        pl.Series("job", rng.choice(_JOBS, count)),
        write_openings(rng, count).alias("prefix"),
        write_closings(rng, count).alias("suffix"),
        repeat_list(draw_servers(rng, 3), count),
        pl.lit(1.0).alias("address_share"),
    )
