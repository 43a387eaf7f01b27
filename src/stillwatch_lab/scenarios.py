"""The scenarios by name: who is in each, as shards that are drawn apart from one another.

Reads `cohorts`; `simulate` turns each shard into traffic. Sizes are those of scale 1. `demo` is
for a first look, `innocent` holds no campaign, `honest-groups` gives the null of judging, `trial`
is a harder incident; the presets of CONTRACT.md, section 3, are in `presets`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts import applications, institutions, teams
from stillwatch_lab.cohorts.campaigns import Plan, draw_heads, expect_exchanges, scale_plan
from stillwatch_lab.cohorts.groups import GroupOrder, draw_group, grant_distillation, order_groups
from stillwatch_lab.cohorts.people import Volume, draw_people, unite
from stillwatch_lab.plans import DEMO_PLANS, TRIAL_PLANS
from stillwatch_lab.scene import FORTNIGHT, WEEK, Scene
from stillwatch_lab.shards import SHARD_EXCHANGES, Cohort, Shard

_STRANGERS: Final = (
    ("individuals", 0.44, 1.0),
    ("framework", 0.36, 1.0),
    ("applications", 0.16, 1.6),
    ("vpn", 0.04, 1.0),
)
"""Kind, share of the untied accounts, and how many times the common volume they send (guesses)."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario: its stretch of time, and who is in it at a scale."""

    name: str
    scene: Scene
    cast: Callable[[np.random.Generator, Scene, float], Iterator[Shard]]


def count_at_scale(number: int, scale: float, *, least: int = 5) -> int:
    """Give a number of accounts at a scale."""
    return max(least, round(number * scale))


def draw_demo_people(
    rng: np.random.Generator, scene: Scene, *, scale: float, exits: pl.Series
) -> Cohort:
    """Draw the demo's honest accounts, its partner apart."""
    volume = Volume(mean=16.0)

    def sized(number: int) -> int:
        return count_at_scale(number, scale)

    people = [
        draw_people(rng, scene, count=sized(3_560), role="benign-individual", volume=volume),
        applications.draw_framework_users(rng, scene, count=sized(3_000), volume=volume.times(0.8)),
        applications.draw_applications(rng, scene, count=sized(860), volume=volume.times(2.2)),
        institutions.draw_vpn_users(rng, scene, count=sized(250), volume=volume, exits=exits),
        _name(teams.draw_office(rng, scene, count=sized(40), volume=volume), "office"),
        *(
            _name(
                teams.draw_firm(rng, scene, count=int(rng.integers(6, 13)), volume=volume),
                f"firm-{number}",
            )
            for number in (1, 2)
        ),
        _name(institutions.draw_class(rng, scene, count=sized(90), volume=volume), "class"),
        _name(institutions.draw_evaluation(rng, scene, count=3, volume=volume), "evaluation"),
        _name(
            institutions.draw_startups(rng, scene, count=sized(35), volume=volume), "accelerator"
        ),
        _name(
            teams.draw_load_balanced(rng, scene, count=sized(8), volume=volume.times(14.0)),
            "load-balanced",
        ),
    ]
    return Cohort(unite(people))


def draw_demo_partner(rng: np.random.Generator, scene: Scene, *, scale: float) -> Cohort:
    """Draw the demo's permitted distillation partner."""
    volume = Volume(mean=16.0).times(6.0)
    partner = teams.draw_partner(rng, scene, count=count_at_scale(25, scale), volume=volume)
    return Cohort(_name(partner, "partner"), grants=(grant_distillation(partner),))


def draw_campaign(
    rng: np.random.Generator, scene: Scene, *, plan: Plan, count: int, exits: pl.Series
) -> Cohort:
    """Draw a campaign's heads."""
    return Cohort(draw_heads(rng, scene, plan, count=count, exits=exits), plan=plan)


def draw_strangers(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume, exits: pl.Series
) -> Cohort:
    """Draw individuals, framework users, applications and VPN users."""
    shares = [share for _, share, _ in _STRANGERS]
    counts = [round(count * share) for share in shares[:-1]]
    counts.append(max(count - sum(counts), 5))
    volumes = [volume.times(factor) for _, _, factor in _STRANGERS]
    individuals, framework, application, vpn = zip(counts, volumes, strict=True)
    people = [
        draw_people(
            rng, scene, count=individuals[0], role="benign-individual", volume=individuals[1]
        ),
        applications.draw_framework_users(rng, scene, count=framework[0], volume=framework[1]),
        applications.draw_applications(rng, scene, count=application[0], volume=application[1]),
        institutions.draw_vpn_users(rng, scene, count=vpn[0], volume=vpn[1], exits=exits),
    ]
    return Cohort(unite(people))


def draw_few_strangers(
    rng: np.random.Generator, scene: Scene, *, strangers: int, users: int, exits: pl.Series
) -> Cohort:
    """Draw the population that honest groups stand in."""
    volume = Volume(mean=16.0)
    people = [
        draw_people(rng, scene, count=strangers, role="benign-individual", volume=volume),
        institutions.draw_vpn_users(rng, scene, count=users, volume=volume, exits=exits),
        applications.draw_framework_users(rng, scene, count=users, volume=volume),
        applications.draw_applications(rng, scene, count=users, volume=volume),
    ]
    return Cohort(unite(people))


def draw_groups(
    rng: np.random.Generator, scene: Scene, *, orders: tuple[GroupOrder, ...], volume: Volume
) -> Cohort:
    """Draw honest tied groups, as ordered."""
    drawn = [draw_group(rng, scene, order, volume=volume) for order in orders]
    grants = tuple(grant for _, own in drawn for grant in own)
    return Cohort(unite([people for people, _ in drawn]), grants=grants)


def _name(people: pl.DataFrame, group: str) -> pl.DataFrame:
    return people.with_columns(pl.lit(group).alias("group"))


def cast_plans(
    scene: Scene, scale: float, *, plans: tuple[Plan, ...], exits: pl.Series
) -> Iterator[Shard]:
    """Give each campaign its shard."""
    for plan in plans:
        count = scale_plan(plan, scale)
        drawn = partial(draw_campaign, plan=plan, count=count, exits=exits)
        yield Shard(drawn, expect_exchanges(plan, count, days=scene.days))


def cast_strangers(count: int, *, volume: Volume, exits: pl.Series) -> Iterator[Shard]:
    """Give untied accounts their shards, as many as fill one each."""
    common = sum(share * factor for _, share, factor in _STRANGERS)
    size = max(200, round(SHARD_EXCHANGES / (volume.mean * common)))
    for begin in range(0, count, size):
        own = min(size, count - begin)
        drawn = partial(draw_strangers, count=own, volume=volume, exits=exits)
        yield Shard(drawn, own * volume.mean * common)


def cast_groups(
    rng: np.random.Generator, volume: Volume, *, accounts: int, groups: int
) -> Iterator[Shard]:
    """Give honest tied groups their shards, as many as fill one each."""
    waiting: list[GroupOrder] = []
    expected = 0.0
    for order in order_groups(rng, accounts=accounts, groups=groups):
        waiting.append(order)
        expected += order.size * order.factor * volume.mean
        if expected >= SHARD_EXCHANGES / 2:
            yield Shard(partial(draw_groups, orders=tuple(waiting), volume=volume), expected)
            waiting, expected = [], 0.0
    if waiting:
        yield Shard(partial(draw_groups, orders=tuple(waiting), volume=volume), expected)


def _cast_demo(rng: np.random.Generator, scene: Scene, scale: float) -> Iterator[Shard]:
    exits = institutions.draw_vpn_exits(rng)
    yield Shard(partial(draw_demo_people, scale=scale, exits=exits), 150_000 * scale)
    yield Shard(partial(draw_demo_partner, scale=scale), 2_400 * scale)
    yield from cast_plans(scene, scale, plans=DEMO_PLANS, exits=exits)


def _cast_innocent(rng: np.random.Generator, scene: Scene, scale: float) -> Iterator[Shard]:
    del scene
    accounts = count_at_scale(500_000, scale, least=400)
    volume = Volume(mean=40.0, sigma=2.35, cap=0.009 * 40.0 * accounts)
    tied = round(accounts * 0.07)
    exits = institutions.draw_vpn_exits(rng)
    yield from cast_strangers(accounts - tied, volume=volume, exits=exits)
    yield from cast_groups(rng, volume, accounts=tied, groups=accounts)


def _cast_honest_groups(rng: np.random.Generator, scene: Scene, scale: float) -> Iterator[Shard]:
    del scene
    exits = institutions.draw_vpn_exits(rng)
    strangers = count_at_scale(3_000, scale, least=200)
    users = count_at_scale(300, scale)
    around = partial(draw_few_strangers, strangers=strangers, users=users, exits=exits)
    yield Shard(around, 16.0 * (strangers + 3 * users))
    groups = max(6, round(60 * scale))
    yield from cast_groups(rng, Volume(mean=16.0), accounts=10**9, groups=groups)


def _cast_trial(rng: np.random.Generator, scene: Scene, scale: float) -> Iterator[Shard]:
    volume = Volume(mean=24.0, sigma=1.7, cap=2_500.0)
    exits = institutions.draw_vpn_exits(rng)
    strangers = count_at_scale(8_600, scale, least=400)
    yield from cast_strangers(strangers, volume=volume, exits=exits)
    tied = count_at_scale(700, scale, least=60)
    yield from cast_groups(rng, volume, accounts=tied, groups=max(4, round(14 * scale)))
    yield from cast_plans(scene, scale, plans=TRIAL_PLANS, exits=exits)


SCENARIOS: Final = {
    scenario.name: scenario
    for scenario in (
        Scenario("demo", WEEK, _cast_demo),
        Scenario("innocent", FORTNIGHT, _cast_innocent),
        Scenario("honest-groups", WEEK, _cast_honest_groups),
        Scenario("trial", FORTNIGHT, _cast_trial),
    )
}
