"""Look-alike: a viral prompt that thousands paste on one day.

Rows like those of `people`, and for each account a second row that sends as it on that day
(`rows`). The one idea: one long text, word for word or nearly so, in a few hours, from people who
have nothing else in common and go on with their own affairs.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.places import lay_carriers
from stillwatch_lab.cohorts.rows import add_users
from stillwatch_lab.cohorts.wording import write_closings, write_openings, write_systems
from stillwatch_lab.scene import DAY_S, Scene

VARIANTS: Final = 12
"""Endings that go round (a guess); the first is the original."""
_VERBATIM: Final = 0.5
"""Share of the people who paste the original (a guess)."""
_AGAIN: Final = 0.3
"""Share of the people who paste it a second time (a guess)."""


def draw_viral(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw people who paste one text on one day, besides what they send anyway.

    Grain:   one row per account, then one per account for the day of the text.
    """
    people = draw_people(rng, scene, count=count, role="benign-viral", volume=volume)
    people = lay_carriers(rng, people)
    begin = float(rng.integers(1, scene.days - 1)) * DAY_S
    original = write_openings(rng, 1)[0] + write_systems(rng, 1)[0]
    endings = write_closings(rng, VARIANTS).set(pl.Series(np.arange(VARIANTS) == 0), "")
    changed = rng.integers(1, VARIANTS, count)
    variant = np.where(rng.random(count) < _VERBATIM, 0, changed)
    one_subject = int(rng.integers(1, 2**30))
    early = people["created_s"].clip(None, begin)  # who pastes it has an account by then
    people = people.with_columns(
        early.alias("created_s"), pl.lit(None, pl.Float64).alias("closed_s")
    )
    pasted = people.with_columns(
        pl.Series("volume", 1.0 + (rng.random(count) < _AGAIN)),
        pl.Series("from_s", np.full(count, begin)),
        pl.Series("until_s", np.full(count, begin + DAY_S)),
        pl.lit(1.0).alias("turns"),
        pl.lit("rewriting").alias("job"),
        pl.lit(one_subject).alias("pool"),
        pl.lit(1).alias("pool_items"),
        pl.lit(original + "\n\n").alias("prefix"),
        endings.gather(variant).alias("suffix"),
    )
    return add_users(people, pasted, pl.Series(np.arange(count)))
