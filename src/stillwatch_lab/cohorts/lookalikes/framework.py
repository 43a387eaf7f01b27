"""Look-alike: a public agent framework, one system text in several versions in thousands of hands.

Rows like those of `people`. The one idea: strangers send word for word the same long text, and
nothing else joins them. Absent: an account that changes the version during the run.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.wording import write_closings, write_systems
from stillwatch_lab.scene import Scene

VERSIONS: Final = (3, 6)
"""Fewest and most versions in use at a time (a guess)."""
_HOLD: Final = 0.6
"""Of those who don't use a version, the share that uses the next older one (a guess)."""
_TOOLS_MAX: Final = 9
"""Tools that an agent offers: up to eight."""


def draw_framework(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw the users of one framework: a text that ends otherwise in each version."""
    people = draw_people(rng, scene, count=count, role="benign-framework", volume=volume)
    versions = int(rng.integers(VERSIONS[0], VERSIONS[1] + 1))
    texts = write_systems(rng, 1)[0] + write_closings(rng, versions)
    shares = _HOLD ** np.arange(versions)
    version = rng.choice(versions, count, p=shares / shares.sum())
    return people.with_columns(
        texts.gather(version).alias("system"),
        pl.Series("tools", rng.integers(1, _TOOLS_MAX, count)),
        pl.Series("path", rng.choice(["api", "cloud-east"], count, p=[0.9, 0.1])),
    )
