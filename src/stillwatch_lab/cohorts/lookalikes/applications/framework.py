"""Look-alikes: tools of others: a public agent framework, and a tool in the week of its launch.

Rows like those of `people`. The one idea: strangers send word for word the same long text. Of a
framework's users nothing else joins them; of a launched tool's users also the tool's client and
settings, and the days on which they signed up for it, each with a key of his own. Nobody declares
an owner, for there is none. Absent: an account that changes the version during the run.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.places import lay_carriers
from stillwatch_lab.cohorts.wording import write_closings, write_openings, write_systems
from stillwatch_lab.scene import DAY_S, Scene

VERSIONS: Final = (3, 6)
"""Fewest and most versions in use at a time (a guess)."""
_HOLD: Final = 0.6
"""Of those who don't use a version, the share that uses the next older one (a guess)."""
_TOOLS_MAX: Final = 9
"""Tools that an agent offers: up to eight."""
_JOBS: Final = ("problem", "code", "grading", "trace", "quiz", "rewriting")
"""What a launched tool may be for, where it does one kind of work for everybody."""
_ONE_WORK: Final = 0.4
"""Share of launched tools that do; the others take what their users write (a guess)."""
_NEWCOMERS: Final = 0.75
"""Share of a launched tool's users who sign up with the provider for it (a guess)."""
_FADES_DAYS: Final = 4.0
"""Mean time from a launch to a sign-up (a guess)."""
_LINKS: Final = 10_000
"""Numbers that a tool's link may carry."""


def draw_framework(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw the users of one framework: a text that ends otherwise in each version."""
    people = draw_people(rng, scene, count=count, role="benign-framework", volume=volume)
    people = lay_carriers(rng, people)
    versions = int(rng.integers(VERSIONS[0], VERSIONS[1] + 1))
    texts = write_systems(rng, 1)[0] + write_closings(rng, versions)
    shares = _HOLD ** np.arange(versions)
    version = rng.choice(versions, count, p=shares / shares.sum())
    return people.with_columns(
        texts.gather(version).alias("system"),
        pl.Series("tools", rng.integers(1, _TOOLS_MAX, count)),
        pl.Series("path", rng.choice(["api", "cloud-east"], count, p=[0.9, 0.1])),
    )


def draw_launch(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw the first users of a tool that asks for a key of one's own.

    They share its client, settings and text, most of them the days of sign-up and the link; cards,
    homes, hours, volumes and what they want of it are their own.
    """
    people = draw_people(rng, scene, count=count, role="benign-launch", volume=volume)
    people = lay_carriers(rng, people)
    launched = rng.uniform(-20.0, 0.5 * scene.days) * DAY_S
    joined = launched + rng.exponential(_FADES_DAYS, count) * DAY_S
    is_new = pl.Series(rng.random(count) < _NEWCOMERS)
    own, same = people["topic_1"], ("agent", "fingerprint", "temperature", "max_tokens", "tools")
    job = rng.choice(_JOBS) if rng.random() < _ONE_WORK else "chat"
    system = write_systems(rng, 1)[0] if rng.random() < _HOLD else None
    return people.with_columns(
        *(pl.lit(people[name][0], people.schema[name]).alias(name) for name in same),
        pl.lit(people["answer_tokens"][0]).alias("answer_tokens"),
        pl.Series("created_s", np.where(is_new, joined, people["created_s"].to_numpy())),
        pl.Series("from_s", np.where(is_new, joined, launched)),
        pl.lit(None, pl.Float64).alias("closed_s"),
        pl.when(is_new).then(pl.lit(f"tool-{int(rng.integers(_LINKS))}")).alias("referrer"),
        pl.Series("second_share", rng.beta(1.0, 6.0, count)),
        pl.lit(own[0]).alias("topic_1"),
        own.alias("topic_2"),
        pl.lit(system, pl.String).alias("system"),
        pl.lit(write_openings(rng, 1)[0]).alias("prefix"),
        pl.lit(write_closings(rng, 1)[0]).alias("suffix"),
        pl.lit(job).alias("job"),
        pl.lit(1.0 + float(rng.random() < _HOLD) * 0.6).alias("turns"),
        pl.lit("api").alias("path"),
    )
