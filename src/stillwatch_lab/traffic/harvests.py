"""A campaign at work: one queue of items, worked through by heads that take turns.

Reads a plan and its heads; gives arrivals and prompts of the harvest alone (unrelated traffic of
the same heads is drawn like anybody's). The one idea: items leave the queue in order and never
twice, and which head sends the next is a matter of turn, or of who is awake.
"""

from __future__ import annotations

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
_REASSIGN_ROUNDS: Final = 12
"""Attempts to find a head that is alive; what is left after them is not sent."""


def draw_harvest(
    rng: np.random.Generator, plan: Plan, heads: pl.DataFrame, scene: Scene
) -> pl.DataFrame:
    """Draw which head sends when.

    Grain:   one row per harvest exchange, as `arrivals.draw_arrivals`. Order: by time.
    """
    drawn = (
        _at_human_hours(rng, plan, heads, scene)
        if plan.schedule == "human"
        else _in_turn(rng, plan, heads, scene)
    )
    ordered = drawn.sort("at_s", maintain_order=True)
    return ordered.with_columns(
        session=pl.int_range(pl.len()), turn=pl.lit(1), user=pl.lit(0)
    ).cast({"turn": pl.Int64, "user": pl.Int64})


def _at_human_hours(
    rng: np.random.Generator, plan: Plan, heads: pl.DataFrame, scene: Scene
) -> pl.DataFrame:
    alive = _life(heads, scene)
    share = (alive[1] - alive[0]) / scene.end_s
    volume = rng.poisson(plan.per_day * scene.days * np.clip(share, 0.0, 1.0))
    workers = heads.with_columns(
        pl.Series("volume", volume.astype(np.float64)),
        pl.lit(1.0).alias("turns"),
        pl.lit(5.0).alias("steadiness"),
        pl.lit(0, pl.Int64).alias("end_users"),
    )
    return draw_arrivals(rng, workers, scene).select("account", "at_s")


def _in_turn(
    rng: np.random.Generator, plan: Plan, heads: pl.DataFrame, scene: Scene
) -> pl.DataFrame:
    first = int(heads["replaces"].null_count())
    total = round(first * plan.per_day * scene.days)
    rates = rng.gamma(_SURGE, size=scene.days * 24)
    hour = np.sort(rng.choice(len(rates), total, p=rates / rates.sum()))
    at_s = np.sort((hour + rng.random(total)) * HOUR_S)
    turn = np.arange(total)
    order = rng.permutation(first)
    if plan.schedule == "queue":  # each round in an order of its own
        order = np.argsort(rng.random((total // first + 1, first)), axis=1).ravel()
    account = _find_alive(rng, heads, order[turn % len(order)], at_s)
    sent = account >= 0
    return pl.DataFrame({"account": account[sent], "at_s": at_s[sent]})


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


def write_harvest(rng: np.random.Generator, plan: Plan, size: int) -> pl.Series:
    """Write `size` prompts: items from the queue, none twice, each in a wording of the template.

    Raises:
        ValueError: the campaign wants more items than there are.
    """
    if size > ITEM_SPACE:
        message = f"{plan.name} wants {size:,} items of {plan.work} and there are {ITEM_SPACE:,}"
        raise ValueError(message)
    item = rng.permutation(ITEM_SPACE)[:size]
    voice = (mix(item + int(rng.integers(2**40))) >> np.uint64(20)).astype(np.int64)
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
