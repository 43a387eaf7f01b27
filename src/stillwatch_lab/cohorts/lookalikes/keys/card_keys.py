"""Look-alike: one customer's keys, each an account, that share a card and declare nobody.

Rows like those of `people`. The one idea: no organisation, mail at public providers, one payment
instrument, one client, one application's work over all keys; and no two customers do that alike.
When they signed up, where they call from, what the work is, how it is parted among the keys, and
whether a gateway falls back on another key are drawn for each group apart. All shares are guesses.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.lookalikes.look_alike import draw_between
from stillwatch_lab.cohorts.people import FREE_MAIL, Volume, draw_people
from stillwatch_lab.cohorts.places import draw_servers, draw_subnet
from stillwatch_lab.cohorts.teams import lay_one_job
from stillwatch_lab.cohorts.wording import write_closings, write_openings, write_systems
from stillwatch_lab.fit.honest import Floats
from stillwatch_lab.rhythms.habits import draw_program_habits
from stillwatch_lab.scene import DAY_S, HOUR_S, Scene
from stillwatch_lab.text.topics import TOPICS


class Work(NamedTuple):
    """What an application does: its share of customers, and between what its median answer is."""

    job: str
    share: float
    tokens: tuple[float, float]


WORKS: Final = (
    Work("chat", 0.34, (100.0, 500.0)),  # an assistant in a product
    Work("rewriting", 0.17, (60.0, 700.0)),  # descriptions, extracts of own documents
    Work("grading", 0.12, (5.0, 120.0)),  # classes and marks for what comes in
    Work("code", 0.13, (300.0, 1_800.0)),  # migrations, reviews
    Work("problem", 0.1, (200.0, 1_500.0)),  # checks of sums, with the working
    Work("trace", 0.14, (100.0, 900.0)),  # agents that go through steps
)
SPLITS: Final = {"turns": 0.45, "weights": 0.15, "environments": 0.2, "customers": 0.2}
"""How work is parted: keys in turn, by their limits, by environment, by end customer."""
_SIGNUPS: Final = {"day": 0.35, "batches": 0.25, "grown": 0.4}
"""Made by hand on one day, a few at a time as limits were met, or one by one over months."""
_PLACES: Final = {"gateway": 0.35, "cluster": 0.25, "functions": 0.2, "office": 0.2}
"""One or two fixed addresses, neighbours in a cloud, a cloud's functions anywhere, a line."""
_ALIASES: Final = 0.5
"""Customers whose mail is aliases at one provider; the others have mailboxes at several."""
_NIGHTLY: Final = 0.45
"""Pipelines that work through the night, when the day's documents are there."""
_OF_MANY: Final = 0.5
"""Pipelines over documents of many authors and topics; the others have one house's."""
_AUTHORS: Final = 100_000
_UNTOLD: Final = 3
"""A voice that this number divides logs no end users (`traffic.requests`)."""
_HAS_SYSTEM: Final = 0.7
_JITTERS: Final = (0.0, 0.02, 0.08, 0.2)
"""Spreads of volumes where keys take turns, on the logarithmic scale."""
_LEFT_OVER: Final = (0.0, 0.0, 0.1, 0.3)
"""Share of a customer's keys that hardly send any more."""
_LEFT_SENDS: Final = 0.03
"""What those send of their share."""


def draw_card_keys(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw one customer's keys: one card, and no word of whose they are."""
    people = draw_people(rng, scene, count=count, role="benign-card-keys", volume=volume)
    work = WORKS[int(rng.choice(len(WORKS), p=[work.share for work in WORKS]))]
    split = _choose(rng, SPLITS)
    aliases, boxes = np.full(count, rng.choice(FREE_MAIL)), rng.choice(FREE_MAIL, count)
    keys = lay_one_job(rng, people, servers=_draw_place(rng, people)).with_columns(
        pl.lit(None, pl.String).alias("org_id"),
        pl.lit(None, pl.Boolean).alias("org_verified"),
        pl.lit(False).alias("verified"),
        pl.lit(f"pm_{int(rng.integers(2**63)):016x}").alias("payment_fingerprint"),
        pl.lit(people["referrer"][0], pl.String).alias("referrer"),
        pl.Series("email_domain", aliases if rng.random() < _ALIASES else boxes),
        pl.lit(rng.choice(["pro", "scale", "team"])).alias("plan"),
        pl.Series("created_s", _draw_signups(rng, count, scene)),
        pl.lit(None, pl.Float64).alias("closed_s"),
    )
    keys = _lay_work(rng, keys, work)
    if work.job != "chat":
        keys = _lay_pipeline(rng, keys, profile=int(people["profile"][0]))
    keys = _part_work(rng, keys, split)
    sent = keys["volume"].to_numpy() * _draw_shares(rng, count, split)
    return keys.with_columns(pl.Series("volume", np.clip(sent, 1.0, volume.cap)))


def _choose(rng: np.random.Generator, shares: dict[str, float]) -> str:
    return str(rng.choice(list(shares), p=list(shares.values())))


def _draw_signups(rng: np.random.Generator, count: int, scene: Scene) -> Floats:
    """Draw when the keys were made; a customer who grows may make the last during the run."""
    how = _choose(rng, _SIGNUPS)
    if how == "grown":
        begin, last = -draw_between(rng, 60.0, 700.0), rng.uniform(-40.0, 0.4 * scene.days)
        return np.sort(rng.uniform(begin, last, count)) * DAY_S
    age = draw_between(rng, 3.0, 600.0)
    days = -rng.uniform(1.0, age, 1 if how == "day" else int(rng.integers(2, 6)))
    day = np.floor(np.sort(rng.choice(days, count)))
    hour = rng.uniform(7.0, 15.0) + np.cumsum(rng.exponential(draw_between(rng, 0.02, 0.3), count))
    return np.asarray(day * DAY_S + hour * HOUR_S)


def _draw_place(rng: np.random.Generator, people: pl.DataFrame) -> pl.Series:
    """Draw the addresses from which the customer's program calls."""
    if (how := _choose(rng, _PLACES)) == "office":
        return people["home"].head(1)
    if how == "cluster":
        return draw_subnet(rng, int(rng.integers(3, 17)), spread=256, cloud=True)
    return draw_servers(rng, int(rng.integers(1, 3) if how == "gateway" else rng.integers(12, 41)))


def _lay_work(rng: np.random.Generator, keys: pl.DataFrame, work: Work) -> pl.DataFrame:
    """Lay one application's kind of work, texts and answers over the keys."""
    count, tokens = keys.height, draw_between(rng, *work.tokens)
    has_system, has_template = rng.random() < _HAS_SYSTEM, rng.random() < _HAS_SYSTEM
    system = write_systems(rng, 1)[0] if has_system or not has_template else None
    opening, closing = write_openings(rng, 1)[0], write_closings(rng, 1)[0]
    return keys.with_columns(
        pl.lit(work.job).alias("job"),
        pl.Series("answer_tokens", np.full(count, tokens)),
        pl.lit(system, pl.String).alias("system"),
        pl.lit(opening if has_template else None, pl.String).alias("prefix"),
        pl.lit(closing if has_template else None, pl.String).alias("suffix"),
        pl.Series("end_users", np.full(count, round(draw_between(rng, 30.0, 5_000.0)))),
        pl.Series("turns", np.full(count, 1.0 + max(0.0, rng.normal(0.3, 0.8)))),
        pl.Series("focus", np.full(count, 0.97)),
    )


def _lay_pipeline(rng: np.random.Generator, keys: pl.DataFrame, *, profile: int) -> pl.DataFrame:
    """Lay what sets a pipeline apart: many different items, one turn each, perhaps by night.

    A night's work is a person's kind of day (`profile`), twelve hours later.
    """
    voice, limit = int(keys["voice"][0]), rng.choice([0, 2_048, 4_096, 8_192])
    keys = keys.with_columns(
        pl.lit(voice - voice % _UNTOLD, pl.Int64).alias("voice"),
        pl.lit(0, pl.Int64).alias("end_users"),
        pl.lit(1.0).alias("turns"),
        pl.lit(float(rng.choice([0.0, 0.0, 0.2, 0.7]))).alias("temperature"),
        pl.lit(int(limit) or None, pl.Int64).alias("max_tokens"),
        pl.lit(0.0).alias("wander"),
    )
    if rng.random() < _OF_MANY:
        keys = keys.with_columns(
            *(pl.lit(-1, pl.Int64).alias(f"topic_{rank}") for rank in (1, 2, 3)),
            pl.lit(_AUTHORS, pl.Int64).alias("end_users"),
        )
    if rng.random() < _NIGHTLY:
        keys = keys.with_columns(
            pl.lit(profile, pl.Int64).alias("profile"), pl.col("zone").add(24.0).mod(24.0) - 12.0
        )
    return keys


def _part_work(rng: np.random.Generator, keys: pl.DataFrame, split: str) -> pl.DataFrame:
    """Part the work: keys that take turns have one clock, and perhaps a gateway that falls back."""
    count = keys.height
    if split in {"turns", "weights"}:
        return keys
    keys = keys.with_columns(pl.lit(None, pl.Int64).alias(own) for own in ("gateway", "clock"))
    if split == "environments":
        return keys
    tokens, systems = keys["answer_tokens"].to_numpy(), write_systems(rng, count)
    habits = draw_program_habits(rng, np.ones(count))
    return keys.with_columns(habits.iter_columns()).with_columns(
        pl.Series("answer_tokens", tokens * rng.lognormal(0.0, 0.3, count)),
        pl.Series("voice", rng.integers(0, 2**40, count)),
        pl.Series("topic_1", rng.integers(0, len(TOPICS), count)),
        (systems if rng.random() < _OF_MANY else keys["system"]).alias("system"),
    )


def _draw_shares(rng: np.random.Generator, count: int, split: str) -> Floats:
    """Draw what each key sends against the mean of all."""
    if split == "turns":
        share = rng.lognormal(0.0, rng.choice(_JITTERS), count)
    elif split == "weights":
        share = rng.choice([1.0, 2.0, 4.0], count) * rng.lognormal(0.0, 0.1, count)
    elif split == "environments":
        is_live = np.arange(count) < max(1, round(rng.uniform(0.25, 0.8) * count))
        share = np.where(is_live, 1.0, rng.lognormal(np.log(0.08), 0.8, count))
    else:
        share = rng.lognormal(0.0, rng.uniform(0.6, 1.6), count)
    left = rng.random(count) < rng.choice(_LEFT_OVER)
    left[0] = False
    share = np.where(left, _LEFT_SENDS * share, share)
    return np.asarray(share / share.mean())
