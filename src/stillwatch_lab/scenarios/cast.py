"""Casting: cohorts of strangers, groups and campaigns as shards, whatever the scenario.

Reads `cohorts`; every scenario is put together from these. The one idea: a shard is as much as a
worker has in memory, so small groups share one, and strangers fill as many as they need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.campaigns import Plan, draw_heads, expect_exchanges, scale_plan
from stillwatch_lab.cohorts.groups import GroupOrder, draw_group
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.cohorts.rows import unite
from stillwatch_lab.cohorts.strangers import Mixture, Parts, divide, draw_strangers
from stillwatch_lab.scene import Scene
from stillwatch_lab.shards import SHARD_EXCHANGES, Cohort, Shard


def draw_campaign(
    rng: np.random.Generator, scene: Scene, *, plan: Plan, count: int, exits: pl.Series
) -> Cohort:
    """Draw a campaign's heads."""
    return Cohort(draw_heads(rng, scene, plan, count=count, exits=exits), plan=plan)


def draw_crowd(rng: np.random.Generator, scene: Scene, *, parts: Parts, exits: pl.Series) -> Cohort:
    """Draw untied accounts."""
    return Cohort(draw_strangers(rng, scene, parts=parts, exits=exits))


def draw_groups(
    rng: np.random.Generator,
    scene: Scene,
    *,
    orders: tuple[GroupOrder, ...],
    volume: Volume,
    exits: pl.Series,
) -> Cohort:
    """Draw honest tied groups, as ordered."""
    drawn = [draw_group(rng, scene, order, volume=volume, exits=exits) for order in orders]
    grants = tuple(grant for _, own in drawn for grant in own)
    return Cohort(unite([people for people, _ in drawn]), grants=grants)


def cast_plans(
    scene: Scene, scale: float, *, plans: tuple[Plan, ...], exits: pl.Series
) -> Iterator[Shard]:
    """Give each campaign its shard."""
    for plan in plans:
        count = scale_plan(plan, scale)
        drawn = partial(draw_campaign, plan=plan, count=count, exits=exits)
        yield Shard(drawn, expect_exchanges(plan, count, days=scene.days))


def cast_strangers(
    mixture: Mixture, count: int, *, volume: Volume, exits: pl.Series
) -> Iterator[Shard]:
    """Give untied accounts their shards, as many as fill one each."""
    each = volume.mean * mixture.times()
    size = max(200, round(SHARD_EXCHANGES / each))
    for begin in range(0, count, size):
        own = min(size, count - begin)
        drawn = partial(draw_crowd, parts=divide(mixture, own, volume), exits=exits)
        yield Shard(drawn, own * each)


def cast_groups(
    orders: Iterable[GroupOrder], *, volume: Volume, exits: pl.Series
) -> Iterator[Shard]:
    """Give honest tied groups their shards; only a group too large for one comes in parts."""
    waiting: list[GroupOrder] = []
    expected = 0.0

    def shard() -> Shard:
        drawn = partial(draw_groups, orders=tuple(waiting), volume=volume, exits=exits)
        return Shard(drawn, expected)

    for order in orders:
        own = order.expect(volume)
        if waiting and expected + own > SHARD_EXCHANGES:
            yield shard()
            waiting, expected = [], 0.0
        waiting.append(order)
        expected += own
        if expected >= SHARD_EXCHANGES / 2:
            yield shard()
            waiting, expected = [], 0.0
    if waiting:
        yield shard()
