"""Look-alike: an application that runs on its users' own keys, in its everyday life.

Rows like those of `people`. The one idea: what is asked is the application's, and looks like a
harvest (worked solutions, code with tests, an agent's steps, marks against criteria), word for word
the same around each user's item; who asks, when, how much and from where is each user's own. No
hand deals anything out. What joins the users beyond the text differs from one application to the
next: the hours of a lesson, a bank of exercises, the servers behind it, weeks of sign-up, a daily
allowance. `framework.draw_launch` is such a tool in the week of its launch. All shares are guesses.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.lookalikes.applications.one_text import OneText, lay_text
from stillwatch_lab.cohorts.lookalikes.look_alike import draw_between
from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.places import draw_servers, lay_carriers
from stillwatch_lab.cohorts.teams import repeat_list
from stillwatch_lab.fit.honest import Floats
from stillwatch_lab.scene import DAY_S, Scene


class Purpose(NamedTuple):
    """What an application is for, how many of them, and what their users have in common."""

    job: str
    share: float
    tokens: tuple[float, float]
    """Output tokens, the least and the greatest median of such applications."""
    lessons: float = 0.0
    """Share of such applications whose users come at the same hours."""
    banks: float = 0.0
    """Share whose users work through one bank of items."""
    tools: int = 0
    """Tools that it offers, at most."""
    turns: float = 1.6
    """Turns of a conversation, on average."""


PURPOSES: Final = (
    Purpose("problem", 0.3, (300.0, 1_200.0), lessons=0.6, banks=0.5),  # tutors, cram schools
    Purpose("code", 0.2, (300.0, 1_600.0), tools=5, turns=2.6),  # editors' extensions
    Purpose("trace", 0.15, (150.0, 900.0), tools=12, turns=3.2),  # agents of one's own
    Purpose("grading", 0.1, (30.0, 400.0), lessons=0.2, turns=1.0),  # teachers', raters' tools
    Purpose("quiz", 0.1, (80.0, 500.0), lessons=0.3, banks=0.5, turns=1.0),  # makers of cards
    Purpose("rewriting", 0.15, (80.0, 700.0)),  # mail, applications for jobs, translation
)
_ASKS_LIKE_A_HARVEST: Final = 0.6
"""Share of applications whose text demands what harvests demand; others' texts are anybody's."""
_BANK_ITEMS: Final = (40, 2_500)
"""Items of a bank, log-uniform: a term's sheets to a publisher's collection."""
_LESSON_H: Final = (7.5, 20.5)
_LESSON_SPREAD_H: Final = (0.4, 1.6)
"""Local hours about which lessons are, and the spread of when their users come."""
_LESSON_PART: Final = (0.6, 0.97)
"""Share of sessions that fall to a lesson's hours."""
_SERVED: Final = 0.25
"""Share of applications that call from their maker's servers, with the user's key."""
_SERVERS: Final = (1, 6)  # of them, fewest and, less one, most
_ONE_CLIENT: Final = 0.75
"""Share with one client; the others' users keep their own."""
_SETS_MODEL: Final = 0.7
"""Share whose maker chooses model and settings; as many have a system text."""
_SIGNUPS: Final = {"own": 0.45, "since": 0.3, "term": 0.25}
"""Customers of their own for years; since the application came out; in the weeks of a term."""
_FADES_DAYS: Final = 120.0
"""Mean time from the application's coming out to a sign-up."""
_TERM_DAYS: Final = (8.0, 30.0)
"""Length of the weeks of sign-up before a term."""
_LINKED: Final = 0.6
"""Share of users who came by the application's link, where they signed up for it."""
_LINKS: Final = 10_000  # numbers that its link may carry
_ALLOWANCE: Final = 0.35
"""Share of applications whose users send about alike; of those with lessons twice as many."""
_ALLOWANCE_SPREAD: Final = (0.3, 0.8)
"""Spread of what those send, on the logarithmic scale."""


def draw_own_keys(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw the users of one application that asks for a key of one's own.

    Cards, mail, homes and days are their own; the text around what they ask is the application's.
    """
    people = draw_people(rng, scene, count=count, role="benign-own-keys", volume=volume)
    people = lay_carriers(rng, people)
    purpose = PURPOSES[int(rng.choice(len(PURPOSES), p=[one.share for one in PURPOSES]))]
    people = _lay_signups(rng, scene, _lay_work(rng, people, purpose))
    gives_lessons = rng.random() < purpose.lessons
    if gives_lessons:
        people = _lay_lessons(rng, people)
    if rng.random() < purpose.banks:
        people = people.with_columns(
            pl.lit(int(rng.integers(1, 2**30))).alias("pool"),
            pl.lit(round(draw_between(rng, *_BANK_ITEMS))).alias("pool_items"),
        )
    if rng.random() < _SERVED:
        servers = draw_servers(rng, int(rng.integers(*_SERVERS)))
        people = people.with_columns(
            repeat_list(servers, count), pl.Series("address_share", np.ones(count))
        )
    if rng.random() < _ALLOWANCE * (1.0 + gives_lessons):
        spread = rng.uniform(*_ALLOWANCE_SPREAD)
        sent = volume.mean * rng.lognormal(-(spread**2) / 2, spread, count)
        people = people.with_columns(pl.Series("volume", np.clip(sent, 1.0, volume.cap)))
    return people


def _lay_work(rng: np.random.Generator, people: pl.DataFrame, purpose: Purpose) -> pl.DataFrame:
    """Lay the application over its users, with the tools that it offers and how long they talk."""
    count = people.height
    brought = OneText(
        purpose.job, _ASKS_LIKE_A_HARVEST, _ONE_CLIENT, _SETS_MODEL, purpose.tokens, spread=0.25
    )
    return lay_text(rng, people, brought).with_columns(
        pl.Series("tools", np.full(count, rng.integers(purpose.tools + 1))),
        pl.Series("turns", 1.0 + (purpose.turns - 1.0) * rng.gamma(2.0, 0.5, count)),
    )


def _lay_signups(rng: np.random.Generator, scene: Scene, people: pl.DataFrame) -> pl.DataFrame:
    """Lay when users signed up, where they did for the application, and the link they came by."""
    how = str(rng.choice(list(_SIGNUPS), p=list(_SIGNUPS.values())))
    if how == "own":
        return people
    count = people.height
    created = _draw_since(rng, count, scene) if how == "since" else _draw_term(rng, count)
    link = f"app-{int(rng.integers(_LINKS))}"
    return people.with_columns(
        pl.Series("created_s", created),
        pl.lit(None, pl.Float64).alias("closed_s"),
        pl.when(pl.Series(rng.random(count) < _LINKED)).then(pl.lit(link))
        .otherwise("referrer").alias("referrer"),
    )  # fmt: skip


def _draw_since(rng: np.random.Generator, count: int, scene: Scene) -> Floats:
    """Draw sign-ups since the application came out, some of them during the run."""
    age = draw_between(rng, 20.0, 500.0)
    after = rng.exponential(_FADES_DAYS, count) % (age + 0.7 * scene.days)
    return np.asarray((after - age) * DAY_S)


def _draw_term(rng: np.random.Generator, count: int) -> Floats:
    """Draw sign-ups in the weeks before a term."""
    length = rng.uniform(*_TERM_DAYS)
    begins = -length - rng.uniform(1.0, 100.0)
    return np.asarray((begins + length * rng.beta(2.0, 1.5, count)) * DAY_S)


def _lay_lessons(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """Lay the hours of one country's lessons over the users."""
    count = people.height
    part = np.clip(rng.normal(rng.uniform(*_LESSON_PART), 0.08, count), 0.0, 1.0)
    return people.with_columns(
        pl.lit(people["zone"][0]).alias("zone"),
        pl.Series("peak", np.full(count, rng.uniform(*_LESSON_H))),
        pl.Series("spread", np.full(count, rng.uniform(*_LESSON_SPREAD_H))),
        pl.Series("peak_part", part),
    )
