"""Applications and users of public frameworks: many end users, or one text in many hands.

Rows like those of `people`. An application has one job, a system text and a template of its own,
servers in a cloud and end users, and sends as a fitted customer does; a framework's users share its
text and nothing else.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_hexes, draw_people
from stillwatch_lab.cohorts.places import draw_servers, lay_carriers
from stillwatch_lab.cohorts.wording import write_closings, write_contexts, write_openings
from stillwatch_lab.rhythms.habits import draw_program_habits
from stillwatch_lab.scene import Scene
from stillwatch_lab.text.templates import FRAMEWORKS

_JOBS: Final = ("chat", "problem", "code", "grading", "trace", "quiz", "rewriting")
_JOB_SHARES: Final = (0.72, 0.05, 0.09, 0.03, 0.05, 0.02, 0.04)
"""What applications do; the kinds of work that campaigns are after are honest work too."""
_ACCOUNTS_PER_OWNER: Final = (0.74, 0.16, 0.06, 0.04)


def draw_applications(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw accounts of applications: most owners have one, some a few in a verified organisation.

    Grain:   one row per account.
    """
    people = draw_people(rng, scene, count=count, role="benign-app", volume=volume)
    sizes = 1 + rng.choice(len(_ACCOUNTS_PER_OWNER), count, p=_ACCOUNTS_PER_OWNER)
    owner = np.repeat(np.arange(count), sizes)[:count]
    owners = int(owner[-1]) + 1 if count else 0
    organisation = pl.Series(draw_hexes(rng, owners, "org_"), dtype=pl.String)
    several = np.bincount(owner, minlength=owners) > 1
    verified = several | (rng.random(owners) < 0.5)  # noqa: PLR2004  single accounts, a guess
    job = rng.choice(_JOBS, owners, p=_JOB_SHARES)
    servers = draw_servers(rng, owners * 3).to_numpy().reshape(owners, 3)
    plain = pl.Series(rng.random(owners) < 0.25)  # noqa: PLR2004  those without a template
    opening = write_openings(rng, owners).set(plain, "")
    closing = write_closings(rng, owners).set(plain, "")
    same = ("topic_1", "agent", "fingerprint", "temperature", "max_tokens", "tools", "thinking")
    first = np.searchsorted(owner, owner)
    habits = draw_program_habits(rng, volume.score(rng, people["volume"].to_numpy()))
    tokens = habits["context_tokens"].to_numpy()[np.searchsorted(owner, np.arange(owners))]
    return people.with_columns(
        *(people[name].gather(first).alias(name) for name in same),
        organisation.gather(owner).alias("org_id"),
        pl.Series("org_verified", verified[owner]),
        pl.Series("verified", verified[owner]),
        pl.Series("job", job[owner]),
        write_contexts(rng, tokens).gather(owner).alias("system"),
        opening.gather(owner).alias("prefix"),
        closing.gather(owner).alias("suffix"),
        pl.Series("home", servers[owner, 0]),
        pl.Series("next_home", servers[owner, 1]),
        pl.Series("other_place", servers[owner, 2]),
        pl.Series("end_users", 20 + rng.geometric(0.004, count)),
        pl.Series("turns", 1.0 + rng.gamma(0.7, 0.9, count)),
        pl.Series("focus", np.full(count, 0.97)),
        *habits.iter_columns(),
        pl.Series("path", rng.choice(["api", "cloud-east"], count, p=[0.85, 0.15])),
        pl.lit("scale").alias("plan"),
    )


def draw_framework_users(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw accounts that use a public agent framework: its text is all that they share."""
    people = draw_people(rng, scene, count=count, role="benign-framework", volume=volume)
    people = lay_carriers(rng, people)
    shares = np.array([0.26, 0.22, 0.21, 0.12, 0.11, 0.08])
    texts = pl.Series(FRAMEWORKS).gather(rng.choice(len(FRAMEWORKS), count, p=shares))
    return people.with_columns(
        texts.alias("system"),
        pl.Series("tools", rng.integers(1, 9, count)),
        pl.Series("path", rng.choice(["api", "cloud-east"], count, p=[0.9, 0.1])),
    )
