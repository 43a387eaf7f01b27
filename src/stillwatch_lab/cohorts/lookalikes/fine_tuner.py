"""Look-alike: a fine-tuner who synthesises data for an own small model, in one account.

Rows like those of `people`. The one idea: the request itself is that of a harvest (write an example
from which a model could learn, and always another one), but there is one account, one person's
network and card, and a few thousand examples. Only the register and the lack of company tell.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.wording import write_openings
from stillwatch_lab.rhythms.habits import WORK_SPREAD, draw_program_habits
from stillwatch_lab.scene import Scene

_JOBS: Final = ("problem", "code", "rewriting", "quiz", "trace")
_OPENINGS: Final = (
    "Compose one instruction for my little model's practice book, and an answer, from this:\n\n",
    "I am teaching a compact model. Invent a fresh request from this seed and reply in full.\n\n",
    "Turn what follows into a training pair: what a person asks first, then the ideal reply.\n\n",
    "Produce a worked sample for tuning. Vary the wording, keep the facts of the seed.\n\n",
)
_CLOSINGS: Final = (
    "\n\nAnswer as two fields: request and reply.",
    "\n\nReturn one JSON line with both halves.",
    "\n\nThe reply should show every step.",
)
_TOKENS: Final = 620.0
"""Median tokens of an example (a guess)."""


def draw_fine_tuner(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw fine-tuners, each with one template of instruction synthesis and many items."""
    people = draw_people(rng, scene, count=count, role="benign-fine-tuner", volume=volume)
    asks = pl.Series(_OPENINGS).gather(rng.integers(0, len(_OPENINGS), count))
    ends = pl.Series(_CLOSINGS).gather(rng.integers(0, len(_CLOSINGS), count))
    sent = np.minimum(rng.uniform(0.5, 1.5, count) * volume.mean, volume.cap)
    return people.with_columns(
        pl.Series("volume", sent),
        pl.Series("job", rng.choice(_JOBS, count)),
        (write_openings(rng, count) + asks).alias("prefix"),
        ends.alias("suffix"),
        pl.Series("temperature", rng.choice([0.7, 0.8, 0.9, 1.0], count)),
        *draw_program_habits(rng, rng.standard_normal(count)).iter_columns(),
    ).with_columns(
        pl.Series("answer_tokens", rng.lognormal(np.log(_TOKENS), 0.25, count)),
        pl.lit(WORK_SPREAD).alias("answer_spread"),
        pl.lit(1.0).alias("turns"),
        pl.lit("api").alias("path"),
        pl.lit(None, pl.Float64).alias("closed_s"),
    )
