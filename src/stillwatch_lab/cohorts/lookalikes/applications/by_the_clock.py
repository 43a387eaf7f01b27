"""Look-alike: an application whose requests a clock sends, for strangers, each on a key of his own.

Rows like those of `people`. The one idea: a briefing at breakfast, a digest of the mail, an agent
that looks whether anything has happened, a volunteer's machine at a project's tasks, a course that
sends the day's exercises: nobody sits there, so all send about the same, each at hours of his own
and day after day, and their requests come in turn. The text is the application's, and may ask as a
harvest does; cards, mail, homes and sign-ups are each one's own. No hand deals anything out, though
a project's tasks come from one queue. All shares are guesses.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.lookalikes.applications.one_text import OneText, lay_text
from stillwatch_lab.cohorts.lookalikes.look_alike import draw_between
from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.places import draw_servers, lay_carriers
from stillwatch_lab.cohorts.teams import repeat_list
from stillwatch_lab.rhythms.schedules import SCHEDULE
from stillwatch_lab.scene import DAY_S, HOUR_S, MINUTE_S, Scene


class Purpose(NamedTuple):
    """What the clocks of an application are for, how many such there are, and how they go."""

    name: str
    job: str
    share: float
    tokens: tuple[float, float]
    """Output tokens, the least and the greatest median of such applications."""
    fires: tuple[int, int]
    """Times a day, fewest and most."""
    hours: tuple[float, float] | None = None
    """Local hour about which people set it, and their spread; None: the clock goes since it was
    started, whenever that was."""
    items: Literal["own", "bank", "course", "queue"] = "own"
    """Whose: each one's own; a bank's, from anywhere on; a course's, from the first on; a queue's,
    which gives out every task once."""
    served: float = 0.0
    """Share of such applications that call from their maker's servers."""
    working: float = 0.0
    """Share whose clocks rest at weekends."""
    tools: int = 0
    """Tools that it offers, at most."""
    turns: float = 1.0
    """Turns of a conversation, on average."""


PURPOSES: Final = (
    Purpose("briefing", "rewriting", 0.25, (80.0, 600.0), (1, 3), (6.8, 1.2), served=0.1),
    Purpose("digest", "rewriting", 0.1, (60.0, 500.0), (1, 4), (6.0, 3.0), "bank", 0.3, 0.2),
    Purpose("digest", "grading", 0.15, (20.0, 250.0), (1, 12), (6.0, 3.0), served=0.3, working=0.3),
    Purpose("agent", "trace", 0.2, (60.0, 700.0), (6, 48), tools=12, turns=2.2),
    Purpose("tasks", "problem", 0.1, (200.0, 1_200.0), (6, 48), items="queue"),
    Purpose("tasks", "code", 0.05, (200.0, 1_500.0), (6, 48), items="queue"),
    Purpose("course", "quiz", 0.15, (80.0, 700.0), (1, 3), (17.0, 3.5), "course", 0.7, 0.6),
)
_ASKS_LIKE_A_HARVEST: Final = 0.4
"""Share of applications whose text demands what harvests demand; others' texts are anybody's."""
_FIRES: Final = (1, 2, 3, 4, 6, 8, 12, 24, 48)
"""Times a day that people set: each leaves whole quarters of an hour."""
_STEP_S: Final = 5.0 * MINUTE_S
"""What people set is a multiple of it."""
_JITTER_S: Final = (1.0, 240.0)
"""Least and greatest lateness of an application's clocks at most, log-uniform."""
_UNEVEN: Final = 0.15
"""Spread of what the accounts send, on the logarithmic scale, at most."""
_MISSES: Final = 0.03
"""Days on which a device is off, or a job fails, on average."""
_BANK_ITEMS: Final = (40, 2_500)
"""Items of a bank, log-uniform."""
_SPARE: Final = (1.1, 5.0)
"""Exercises or tasks that there are, per one that is sent, log-uniform: nothing comes twice."""
_SERVERS: Final = (1, 6)  # of a maker, fewest and, less one, most
_ONE_CLIENT: Final = 0.8
"""Share with one client; as many have one model and settings, and a system text."""


def draw_by_the_clock(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw the customers of one application that a clock runs, each on a key of his own.

    Cards, mail, homes, sign-ups and the clock's hours are their own; volumes are about the same.
    """
    people = draw_people(rng, scene, count=count, role="benign-by-the-clock", volume=volume)
    people = lay_carriers(rng, people)
    purpose = PURPOSES[int(rng.choice(len(PURPOSES), p=[one.share for one in PURPOSES]))]
    people = _lay_work(rng, people, purpose)
    people = _lay_clock(rng, people, purpose, a_day=volume.mean / scene.days)
    spread = rng.uniform(0.0, _UNEVEN)
    sent = volume.mean * rng.lognormal(-(spread**2) / 2, spread, count)
    people = people.with_columns(pl.Series("volume", np.clip(sent, 1.0, volume.cap)))
    people = _lay_items(rng, people, purpose)
    if rng.random() >= purpose.served:
        return people
    servers = draw_servers(rng, int(rng.integers(*_SERVERS)))
    share = pl.Series("address_share", np.ones(count))
    return people.with_columns(repeat_list(servers, count), share)


def _lay_work(rng: np.random.Generator, people: pl.DataFrame, purpose: Purpose) -> pl.DataFrame:
    """Lay the application over its customers, with the tools that it offers."""
    count = people.height
    brought = OneText(
        purpose.job, _ASKS_LIKE_A_HARVEST, _ONE_CLIENT, _ONE_CLIENT, purpose.tokens, spread=0.15
    )
    return lay_text(rng, people, brought).with_columns(
        pl.Series("tools", np.full(count, rng.integers(purpose.tools + 1))),
        pl.Series("turns", np.full(count, purpose.turns)),
        pl.lit(0.0).alias("away_share"),
    )


def _lay_clock(
    rng: np.random.Generator, people: pl.DataFrame, purpose: Purpose, *, a_day: float
) -> pl.DataFrame:
    """Lay how often the application's clocks fire, and when each does; `a_day` are requests."""
    count = people.height
    most = min(draw_between(rng, *purpose.fires), max(1.0, a_day))
    fires = max(times for times in _FIRES if times <= most)
    started = rng.uniform(0.0, DAY_S, count)
    if purpose.hours:
        local = rng.normal(*purpose.hours, count) - people["zone"].to_numpy()
        started = np.round(local * HOUR_S / _STEP_S) * _STEP_S % DAY_S
    misses = rng.exponential(_MISSES, count).clip(0.0, 0.5)
    return people.with_columns(
        pl.lit(SCHEDULE).alias("rhythm"),
        pl.Series("fires", np.full(count, fires)),
        pl.Series("phase_s", started),
        pl.lit(draw_between(rng, *_JITTER_S)).alias("jitter_s"),
        pl.Series("active_days", 1.0 - misses),
        pl.lit(float(rng.random() >= purpose.working)).alias("weekend"),
    )


def _lay_items(rng: np.random.Generator, people: pl.DataFrame, purpose: Purpose) -> pl.DataFrame:
    """Lay whose items are sent; a queue's accounts each have a lane, and no task comes twice."""
    if purpose.items == "own":
        return people
    pool = pl.lit(int(rng.integers(1, 2**30))).alias("pool")
    if purpose.items == "bank":
        size = pl.lit(round(draw_between(rng, *_BANK_ITEMS))).alias("pool_items")
        return people.with_columns(pool, size)
    each = int(np.ceil(people["volume"].to_numpy().max() * draw_between(rng, *_SPARE)))
    lanes = people.height if purpose.items == "queue" else 1
    return people.with_columns(
        pool,
        pl.lit(each * lanes).alias("pool_items"),
        pl.Series("lane", np.arange(people.height) % lanes),
        pl.lit(lanes, pl.Int64).alias("lanes"),
    )
