"""A campaign at work: one queue of items, worked through by heads that take turns.

Reads a plan and its heads; gives the arrivals of the harvest alone (unrelated traffic of the same
heads is drawn like anybody's), for which `harvest_prompts` writes what is sent. The one idea: a
place in the queue is handed out once, over all parts of a campaign, and which head sends it is a
matter of turn, or of who is awake; what all parts must know follows from the heads alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.scene import DAY_S, Scene
from stillwatch_lab.text.scatter import mix
from stillwatch_lab.traffic.arrivals import draw_arrivals
from stillwatch_lab.traffic.turns import (
    count_first,
    find_alive,
    find_life,
    find_rest,
    find_times,
    shared_rng,
    take_turns,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_LOCKSTEP_S: Final = 60.0
"""Seconds within which every head sends in lockstep."""
_DAY_SIGMA: Final = 0.47
"""Spread of the days of a head that keeps human hours, on the logarithmic scale (`rhythms`)."""


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
    """Draw which head sends which place of the queue when.

    Grain:   one row per harvest exchange: as `arrivals.draw_arrivals`; `place` in the queue, and
             `kind`, which of the plan's kinds of items it is. Over all parts of a campaign no place
             occurs twice.
    Order:   by time. Places rise with time as far as the schedule has a common order; those of
             stretches rise with the time of each head.
    """
    drawn = (
        _at_human_hours(rng, plan, heads, scene, stretch)
        if plan.schedule == "human"
        else _in_turn(rng, plan, heads, scene, stretch)
    )
    kind = _kinds(plan, heads, drawn["account"].to_numpy(), drawn["place"].to_numpy())
    return drawn.with_columns(
        kind=pl.Series(kind), session=pl.int_range(pl.len()), turn=pl.lit(1), user=pl.lit(0)
    ).cast({"turn": pl.Int64, "user": pl.Int64})


def _kinds(plan: Plan, heads: pl.DataFrame, account: Ints, place: Ints) -> Ints:
    """Give the kind of each item: one of those that its head does, by chance."""
    every, groups = len(plan.kinds), plan.specialities
    group = heads["speciality"].to_numpy()[account] % min(groups, every)
    own = (every - 1 - group) // groups + 1
    return group + groups * (mix(place) % own.astype(np.uint64)).astype(np.int64)


def _at_human_hours(
    rng: np.random.Generator, plan: Plan, heads: pl.DataFrame, scene: Scene, stretch: Stretch
) -> pl.DataFrame:
    """Draw each head's work by its own hours; the parts run side by side."""
    begin, end = (at * DAY_S for at in plan.days_at_work(scene.days))
    until = replace(scene, days=int(np.ceil(end / DAY_S)))
    alive = [np.clip(at, begin, end) for at in find_life(heads)]
    share = (alive[1] - alive[0]) / (end - begin) * heads["work_share"].to_numpy()
    kept = (1.0 - plan.rests) * (1.0 - min(plan.ramp_days * DAY_S / (end - begin), 1.0) / 2)
    mean = plan.harvest_per_head(scene.days) * share / kept
    volume = shared_rng(heads).poisson(mean)
    ours = np.arange(heads.height) % stretch.parts == stretch.part
    workers = heads.with_columns(
        pl.Series("volume", np.where(ours, volume, 0).astype(np.float64)),
        pl.Series("created_s", np.maximum(heads["created_s"].to_numpy(), begin - 600.0)),
        pl.lit(end).alias("until_s"),
        pl.lit(1.0).alias("turns"),
        pl.lit(1.0).alias("active_days"),
        pl.lit(_DAY_SIGMA).alias("day_sigma"),
        pl.lit(0, pl.Int64).alias("end_users"),
    )
    drawn = draw_arrivals(rng, workers, until).select("account", "at_s").sort("account", "at_s")
    rank = pl.int_range(pl.len()).over("account")
    first = pl.Series(np.cumsum(volume) - volume)
    drawn = drawn.with_columns(first.gather(drawn["account"]).alias("place") + rank)
    at_s = drawn["at_s"].to_numpy()
    rests = find_rest(plan, heads, drawn["account"].to_numpy(), at_s)
    ramp = (at_s - begin) / max(plan.ramp_days * DAY_S, 1.0)
    works = ~rests & (rng.random(len(at_s)) < ramp) & (at_s < end)
    sent = drawn.filter(pl.Series(works)).sort("at_s", maintain_order=True)
    if plan.hands_out == "items":  # each part takes every n-th place
        place = pl.int_range(pl.len(), dtype=pl.Int64) * stretch.parts + stretch.part
        sent = sent.with_columns(place=place)
    return sent


def _in_turn(
    rng: np.random.Generator, plan: Plan, heads: pl.DataFrame, scene: Scene, stretch: Stretch
) -> pl.DataFrame:
    """Draw a part's places in the queue, their times, and whose turn each is."""
    first = count_first(heads)
    rounds = max(1, round(plan.harvest_per_head(scene.days)))
    total = round(first * plan.harvest_per_head(scene.days))
    if plan.schedule == "lockstep":
        total = first * rounds
    begin, end = (total * at // stretch.parts for at in (stretch.part, stretch.part + 1))
    place = np.arange(begin, end)
    if plan.schedule == "lockstep":
        start = find_times(plan, heads, scene, np.sort(shared_rng(heads).random(rounds)))
        within = (place % first + rng.random(len(place))) / first
        at_s = start[place // first] + within * _LOCKSTEP_S
    else:
        done = np.sort(rng.uniform(begin / total, end / total, len(place)))
        at_s = find_times(plan, heads, scene, done)
    turn = take_turns(plan, heads, place)
    account = find_alive(rng, plan, heads, turn, at_s)
    if plan.hands_out == "stretches":
        place = turn * (total // first + 1) + place // first
    sent = account >= 0
    drawn = pl.DataFrame({"account": account[sent], "at_s": at_s[sent], "place": place[sent]})
    return drawn.filter(pl.col("at_s") < scene.end_s).sort("at_s", maintain_order=True)
