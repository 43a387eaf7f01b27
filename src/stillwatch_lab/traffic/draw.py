"""One shard's traffic: everybody's own exchanges, and the harvest where there is a plan.

Reads a cohort; gives rows of `tables.EXCHANGE` with `at_s` and `campaign`, still without names.
The one idea: a cohort's part k of n sends what rows k, k + n, … send of their own, and the k-th
stretch of the queue. A row of people that has another row's account (`sends_as`) is drawn like any
other, and counted there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.scene import Scene
from stillwatch_lab.shards import Cohort, Shard
from stillwatch_lab.traffic.arrivals import draw_arrivals
from stillwatch_lab.traffic.failures import add_failures
from stillwatch_lab.traffic.harvest_prompts import write_harvest
from stillwatch_lab.traffic.harvests import Stretch, draw_harvest
from stillwatch_lab.traffic.prompts import draft, write_prompts
from stillwatch_lab.traffic.requests import render_requests
from stillwatch_lab.traffic.turns import count_first


def draw_traffic(
    rng: np.random.Generator, cohort: Cohort, scene: Scene, *, shard: Shard
) -> pl.DataFrame:
    """Draw a shard's exchanges.

    Grain:   one row per exchange: `account` (row of people), `at_s`, `campaign`, and the fields.
    """
    people, plan = cohort.people, cohort.plan
    own = people
    if shard.parts > 1:
        ours = np.arange(people.height) % shard.parts == shard.part
        own = people.with_columns(
            pl.when(pl.Series(ours)).then("volume").otherwise(0.0).alias("volume")
        )
    frames = []
    arrivals = add_failures(rng, draw_arrivals(rng, own, scene), people=people)
    if arrivals.height:
        drafted = draft(rng, people, arrivals)
        prompts = write_prompts(rng, people, drafted, data=scene.data)
        frames.append(_render(rng, people, arrivals, prompts.gather(arrivals["text"])))
    if plan:
        frames.append(_draw_queue(rng, people, scene, plan, Stretch(shard.part, shard.parts)))
    return _under_accounts(people, pl.concat(frames))


def _under_accounts(people: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Put every exchange under the account that it was sent from."""
    own = pl.Series(np.arange(people.height))
    holder = people["sends_as"].fill_null(own)
    return frame.with_columns(holder.gather(frame["account"]).alias("account"))


def _draw_queue(
    rng: np.random.Generator, people: pl.DataFrame, scene: Scene, plan: Plan, stretch: Stretch
) -> pl.DataFrame:
    drawn = draw_harvest(rng, plan, people, scene, stretch=stretch)
    queue = add_failures(rng, drawn, passes_on=plan.passes_on)
    total = round(count_first(people) * plan.harvest_per_head(scene.days))
    prompts = write_harvest(plan, people, queue, total=total)
    workers = people.with_columns(pl.lit(1.0).alias("turns"), pl.lit(0).alias("end_users"))
    harvest = _render(rng, workers, queue.drop("place", "kind"), prompts)
    return harvest.with_columns(pl.lit(plan.name).alias("campaign"))


def _render(
    rng: np.random.Generator, people: pl.DataFrame, arrivals: pl.DataFrame, prompts: pl.Series
) -> pl.DataFrame:
    frame = render_requests(rng, people, arrivals, prompts)
    return frame.with_columns(pl.lit(None, pl.String).alias("campaign"))


def count_sent(frame: pl.DataFrame, accounts: int) -> npt.NDArray[np.int64]:
    """Count a frame's exchanges by row of people."""
    return np.bincount(frame["account"].to_numpy(), minlength=accounts).astype(np.int64)
