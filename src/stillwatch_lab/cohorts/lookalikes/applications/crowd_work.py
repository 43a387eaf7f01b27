"""Look-alike: people of a marketplace for work, each on a key of his own, who work off one list.

Rows like those of `people`. The one idea: annotators, graders and translators are strangers, each
with his card, mail, home and hours, who take the tasks of one list as they come to them and send
them under one guideline. No task comes twice, or as often as answers are compared; and one that was
refused is put back, where whoever takes a task next may find it, soon or hours later. So a request
leaves one home and comes again from another's, as concealed queues do it, and nobody deals it out.
All shares are guesses.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.lookalikes.applications.one_text import OneText, lay_text
from stillwatch_lab.cohorts.lookalikes.look_alike import draw_between
from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.places import lay_carriers
from stillwatch_lab.scene import HOUR_S, Scene


class Task(NamedTuple):
    """What such a list asks for, and how many do."""

    job: str
    share: float
    tokens: tuple[float, float]
    """Output tokens, the least and the greatest median of such lists."""


TASKS: Final = (
    Task("grading", 0.45, (10.0, 300.0)),  # marks, preferences, moderation
    Task("rewriting", 0.2, (60.0, 500.0)),  # translation, simpler words
    Task("quiz", 0.15, (80.0, 600.0)),  # questions about a text
    Task("problem", 0.1, (150.0, 1_000.0)),  # worked answers that people then correct
    Task("code", 0.1, (150.0, 1_200.0)),
)
_ASKS_LIKE_A_HARVEST: Final = 0.6
"""Share of guidelines that demand what harvests demand; others' texts are anybody's."""
_COMPARED: Final = (1, 1, 1, 2, 3)
"""To how many people a list gives each task: answers are compared."""
_SPARE: Final = (1.1, 5.0)
"""Tasks that there are, per one that is sent, log-uniform."""
_PUTS_BACK: Final = 0.7
"""Share of lists that take a refused task back; of the others people try again themselves."""
_BACK_S: Final = (5.0, 6.0 * HOUR_S)
"""Mean seconds until it can be taken, log-uniform over lists."""
_PEAK_H: Final = (14.0, 2.5)
"""Local hour about which people work, and its spread over people."""
_SPREAD_H: Final = (1.0, 4.5)
"""Spread of a day's work about it, least and greatest mean of a list, log-uniform: from an
afternoon to a day of fourteen hours."""
_WORKS_THEN: Final = (0.7, 1.0)
"""Share of the work that falls to these hours; the rest comes when it will."""
_ONE_COUNTRY: Final = 0.4
"""Share of lists all of whose people live in one time zone."""
_UNEVEN: Final = (0.2, 1.1)
"""Spread of what people send, on the logarithmic scale: a quota, or as much as each will."""
_TOOL: Final = 0.5
"""Share of lists with a tool of their own, that is one client for all."""
_SETTINGS_SET: Final = 0.7
"""Share of lists that say which model and settings to use; as many have a system text."""
_CODES: Final = 2**40


def draw_crowd_work(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw the people who work off one list, each on a key of his own.

    Cards, mail, homes, sign-ups and hours are their own; list, guideline and what is put back is
    the marketplace's.
    """
    people = draw_people(rng, scene, count=count, role="benign-crowd-work", volume=volume)
    people = _lay_hours(rng, _lay_work(rng, lay_carriers(rng, people)))
    spread = rng.uniform(*_UNEVEN)
    sent = volume.mean * rng.lognormal(-(spread**2) / 2, spread, count)
    sent = np.clip(sent, 1.0, volume.cap)
    lanes = max(1, count // int(rng.choice(_COMPARED)))
    each = int(np.ceil(sent.max() * draw_between(rng, *_SPARE)))
    back_s = draw_between(rng, *_BACK_S) if rng.random() < _PUTS_BACK else None
    return people.with_columns(
        pl.Series("volume", sent),
        pl.lit(int(rng.integers(1, 2**30))).alias("pool"),
        pl.lit(each * lanes).alias("pool_items"),
        pl.Series("lane", np.arange(count) % lanes),
        pl.lit(lanes, pl.Int64).alias("lanes"),
        pl.lit(int(rng.integers(_CODES)), pl.Int64).alias("worklist"),
        pl.lit(back_s, pl.Float64).alias("returned_s"),
    )


def _lay_work(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """Lay the list's guideline over its people, who put one task at a time."""
    task = TASKS[int(rng.choice(len(TASKS), p=[one.share for one in TASKS]))]
    brought = OneText(
        task.job, _ASKS_LIKE_A_HARVEST, _TOOL, _SETTINGS_SET, task.tokens, spread=0.15
    )
    return lay_text(rng, people, brought).with_columns(
        pl.lit(0).cast(people.schema["tools"]).alias("tools"),
        pl.lit(1.0).alias("turns"),
    )


def _lay_hours(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """Lay when each works: about an hour of his own, for about as long as the others."""
    count = people.height
    zone = people["zone"].to_numpy()
    if rng.random() < _ONE_COUNTRY:
        zone = np.full(count, zone[0])
    spread = draw_between(rng, *_SPREAD_H) * rng.lognormal(0.0, 0.2, count)
    return people.with_columns(
        pl.Series("zone", zone),
        pl.Series("peak", rng.normal(*_PEAK_H, count)),
        pl.Series("spread", spread),
        pl.Series("peak_part", np.full(count, rng.uniform(*_WORKS_THEN))),
    )
