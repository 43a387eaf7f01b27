"""The scenario `demo`: a week, eight thousand honest accounts and three small campaigns.

One of the catalogue. For a first look: one of each of the commonest look-alikes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts import institutions, teams
from stillwatch_lab.cohorts.casting import Casting
from stillwatch_lab.cohorts.groups import GroupOrder, order_asked
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.cohorts.rows import unite
from stillwatch_lab.cohorts.strangers import draw_strangers
from stillwatch_lab.scenarios.cast import cast_groups, cast_plans
from stillwatch_lab.scenarios.plans import DEMO_PLANS
from stillwatch_lab.scene import Scene
from stillwatch_lab.shards import Cohort, Shard

_VOLUME: Final = Volume(mean=16.0)


def draw_demo_people(
    rng: np.random.Generator, scene: Scene, *, casting: Casting, exits: pl.Series
) -> Cohort:
    """Draw the demo's honest accounts, its partner apart."""
    volume, sized = _VOLUME, casting.count
    crowd = (
        ("individuals", sized(3_560), volume),
        ("framework", sized(3_000), volume.times(0.8)),
        ("applications", sized(860), volume.times(2.2)),
        ("vpn", sized(250), volume),
    )
    teamed = (
        ("office", "office", teams.draw_office, sized(40), 1.0),
        ("firm", "firm-1", teams.draw_firm, None, 1.0),
        ("firm", "firm-2", teams.draw_firm, None, 1.0),
        ("class", "class", institutions.draw_class, sized(90), 1.0),
        ("evaluation", "evaluation", institutions.draw_evaluation, 3, 1.0),
        ("accelerator", "accelerator", institutions.draw_startups, sized(35), 1.0),
        ("load-balanced", "load-balanced", teams.draw_load_balanced, sized(8), 14.0),
    )
    parts = tuple(part for part in crowd if part[0] not in casting.asked)
    people = [draw_strangers(rng, scene, parts=parts, exits=exits)]
    for kind, group, draw, size, factor in teamed:
        if kind not in casting.asked:
            count = size or int(rng.integers(6, 13))
            drawn = draw(rng, scene, count=count, volume=volume.times(factor))
            people.append(drawn.with_columns(pl.lit(group).alias("group")))
    return Cohort(unite(people))


def cast_demo(rng: np.random.Generator, scene: Scene, casting: Casting) -> Iterator[Shard]:
    """Cast the demo: people, partner, what was asked for, campaigns."""
    exits = institutions.draw_vpn_exits(rng)
    people = partial(draw_demo_people, casting=casting, exits=exits)
    yield Shard(people, 150_000 * casting.scale)
    if "partner" not in casting.asked:
        partner = GroupOrder(0, "partner", casting.count(25), 6.0)
        yield from cast_groups([partner], volume=_VOLUME, exits=exits)
    yield from cast_groups(order_asked(rng, casting), volume=_VOLUME, exits=exits)
    yield from cast_plans(scene, casting.scale, plans=DEMO_PLANS, exits=exits)
