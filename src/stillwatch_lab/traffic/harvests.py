"""A campaign at work: one queue of items, worked through by heads that take turns.

Reads a plan and its heads; gives arrivals and prompts of the harvest alone (unrelated traffic of
the same heads is drawn like anybody's). The one idea: items leave the queue in order and never
twice, and which head sends the next is a matter of turn, or of who is awake.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.scene import HOUR_S, Scene
from stillwatch_lab.text import ITEM_SPACE, Order, grammar, mix
from stillwatch_lab.text.templates import HARVESTS
from stillwatch_lab.text.topics import TOPICS
from stillwatch_lab.traffic.arrivals import draw_arrivals

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_SURGE: Final = 6.0
"""Shape of the hourly rate's gamma noise: a queue is fed unevenly (a fifth to twice the mean)."""
_STRIDE: Final = 618_033
"""Step from one item to the next: shares no factor with ITEM_SPACE, so none comes twice."""
_SCATTER: Final = 1 << 30
"""Keeps the words of two campaigns apart."""
_REASSIGN_ROUNDS: Final = 12
"""Attempts to find a head that is alive; what is left after them is not sent."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which part of a campaign's work is drawn: the whole, or one of several parts."""

    part: int = 0
    parts: int = 1


WHOLE: Final = Stretch()


def draw_harvest(
    rng: np.random.Generator,
    plan: Plan,
    heads: pl.DataFrame,
    scene: Scene,
    *,
    stretch: Stretch = WHOLE,
) -> pl.DataFrame:
    """Draw which head sends which item when.

    Grain:   one row per harvest exchange: as `arrivals.draw_arrivals`, and `item`, its place in the
             queue. Order: by time. Over all parts of a campaign no place occurs twice, and places
             rise with time as far as the schedule has a common order.
    """
    drawn = (
        _at_human_hours(rng, plan, heads, scene, stretch)
        if plan.schedule == "human"
        else _in_turn(rng, plan, heads, scene, stretch)
    )
    ordered = drawn.sort("at_s", maintain_order=True)
    if plan.schedule == "human":  # the parts run side by side: each takes every n-th item
        place = pl.int_range(pl.len(), dtype=pl.Int64) * stretch.parts + stretch.part
        ordered = ordered.with_columns(item=place)
    return ordered.with_columns(
        session=pl.int_range(pl.len()), turn=pl.lit(1), user=pl.lit(0)
    ).cast({"turn": pl.Int64, "user": pl.Int64})


def _at_human_hours(
    rng: np.random.Generator, plan: Plan, heads: pl.DataFrame, scene: Scene, stretch: Stretch
) -> pl.DataFrame:
    alive = _life(heads, scene)
    share = (alive[1] - alive[0]) / scene.end_s
    volume = rng.poisson(plan.per_day * scene.days * np.clip(share, 0.0, 1.0))
    volume = np.where(np.arange(heads.height) % stretch.parts == stretch.part, volume, 0)
    workers = heads.with_columns(
        pl.Series("volume", volume.astype(np.float64)),
        pl.lit(1.0).alias("turns"),
        pl.lit(5.0).alias("steadiness"),
        pl.lit(0, pl.Int64).alias("end_users"),
    )
    return draw_arrivals(rng, workers, scene).select("account", "at_s")


def _in_turn(
    rng: np.random.Generator, plan: Plan, heads: pl.DataFrame, scene: Scene, stretch: Stretch
) -> pl.DataFrame:
    first = int(heads["replaces"].null_count())
    total = round(first * plan.per_day * scene.days)
    fed = _feed(heads, scene)
    hours = np.arange(scene.days * 24)
    ours = hours * stretch.parts // len(hours) == stretch.part
    begin = round(total * float(fed[hours < hours[ours][0]].sum()))
    end = round(total * float(fed[hours <= hours[ours][-1]].sum()))
    own = np.where(ours, fed, 0.0)
    hour = rng.choice(len(hours), end - begin, p=own / own.sum())
    at_s = np.sort((hour + rng.random(end - begin)) * HOUR_S)
    turn = np.arange(begin, end)
    if plan.schedule == "queue":  # each round in an order of its own
        rounds = np.arange(begin // first, end // first + 1)
        order = np.argsort(rng.random((len(rounds), first)), axis=1).ravel()
        account = order[turn - begin // first * first]
    else:
        account = _own_rng(heads).permutation(first)[turn % first]
    account = _find_alive(rng, heads, account, at_s)
    sent = account >= 0
    return pl.DataFrame({"account": account[sent], "at_s": at_s[sent], "item": turn[sent]})


def _own_rng(heads: pl.DataFrame) -> np.random.Generator:
    """Give a generator that every part of a campaign has alike."""
    return np.random.default_rng(int(heads["voice"][0]))


def _feed(heads: pl.DataFrame, scene: Scene) -> Floats:
    """Give the share of the queue that is fed in each hour of the run."""
    rates = _own_rng(heads).gamma(_SURGE, size=scene.days * 24)
    return np.asarray(rates / rates.sum())


def _life(heads: pl.DataFrame, scene: Scene) -> tuple[Floats, Floats]:
    begins = np.maximum(heads["created_s"].to_numpy() + 900.0, heads["from_s"].to_numpy())
    closed = heads["closed_s"].cast(pl.Float64).fill_null(np.inf).to_numpy()
    return np.clip(begins, 0.0, scene.end_s), np.minimum(closed, scene.end_s)


def _find_alive(rng: np.random.Generator, heads: pl.DataFrame, account: Ints, at_s: Floats) -> Ints:
    """Hand what falls to a dead head to its successor, else to anybody alive; -1 = to nobody."""
    begins = np.maximum(heads["created_s"].to_numpy() + 900.0, heads["from_s"].to_numpy())
    ends = heads["closed_s"].cast(pl.Float64).fill_null(np.inf).to_numpy()
    successor = np.arange(heads.height)
    heirs = heads["replaces"].is_not_null().arg_true().to_numpy()
    successor[heads["replaces"].drop_nulls().to_numpy()] = heirs

    def dead(who: Ints) -> npt.NDArray[np.bool_]:
        return np.asarray((at_s < begins[who]) | (at_s >= ends[who]))

    account = np.where(dead(account), successor[account], account)
    for _ in range(_REASSIGN_ROUNDS):
        anybody = rng.integers(0, heads.height, len(account))
        account = np.where(dead(account), anybody, account)
    return np.where(dead(account), -1, account)


def write_harvest(rng: np.random.Generator, plan: Plan, places: Ints) -> pl.Series:
    """Write the prompts of some places in the queue, each item in a wording of the template.

    Two places within ITEM_SPACE of each other are two items, in any part of the campaign; beyond
    it numbers come again, in other words.
    """
    size = len(places)
    salt = zlib.crc32(plan.name.encode())
    item = (places * _STRIDE + salt) % ITEM_SPACE
    voice = (mix(places + salt * _SCATTER) >> np.uint64(20)).astype(np.int64)
    order = Order(
        text=np.arange(size),
        pattern=rng.choice(grammar().patterns(plan.work), size),
        topic=voice % len(TOPICS),
        voice=voice,
        item=item,
    )
    bodies = grammar().write(rng, order)
    wordings = HARVESTS[plan.work]
    wording = rng.choice(plan.wordings, size)
    openings = pl.Series("opening", [opening for opening, _ in wordings]).gather(wording)
    closings = pl.Series("closing", [closing for _, closing in wordings]).gather(wording)
    frame = pl.DataFrame([openings, bodies.alias("body"), closings])
    return frame.select(pl.concat_str(pl.all()).alias("prompt")).to_series()
