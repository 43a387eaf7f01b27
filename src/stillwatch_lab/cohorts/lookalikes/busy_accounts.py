"""Look-alikes in one account: a batch customer, and a fine-tuner who synthesises data.

Rows like those of `people`. The one idea: what is sent is that of a harvest (one template very many
times; or: write an example from which a model could learn, and always another one), but there is
one account, one network and one card. The batch is for a product, in a verified hand, and exceeds
no bound that the scenario's volume sets; the fine-tuner wants a few thousand examples for a small
model of his own. Only the register and the lack of company tell.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_hexes, draw_people
from stillwatch_lab.cohorts.places import draw_servers
from stillwatch_lab.cohorts.teams import repeat_list
from stillwatch_lab.cohorts.wording import write_closings, write_openings
from stillwatch_lab.rhythms.habits import WORK_SPREAD, draw_program_habits
from stillwatch_lab.scene import Scene

_BATCHES: Final = ("rewriting", "grading", "quiz", "code", "problem")
"""What batches do: descriptions, assessments, questions, migrations, checks of sums."""

_BUSY: Final = 2.0
"""Normal score of their volume among customers: they send more than 49 of 50 (a guess)."""

_EXAMPLES: Final = ("problem", "code", "rewriting", "quiz", "trace")
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
        pl.Series("job", rng.choice(_BATCHES, count)),
        write_openings(rng, count).alias("prefix"),
        write_closings(rng, count).alias("suffix"),
        repeat_list(draw_servers(rng, 3), count),
        pl.lit(1.0).alias("address_share"),
    )


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
        pl.Series("job", rng.choice(_EXAMPLES, count)),
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
