"""The scenarios by name: who is in each, as cohorts that are drawn one after another.

Reads `cohorts`; `simulate` turns each cohort into traffic. Sizes are those of scale 1. `demo` is
for a first look, `innocent` holds no campaign, `honest-groups` gives the null of judging, `trial`
is a harder incident. The presets named after disclosed campaigns come with the full lab.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts import applications, institutions, teams
from stillwatch_lab.cohorts.campaigns import Plan, draw_heads, scale_plan
from stillwatch_lab.cohorts.groups import draw_groups, grant_distillation
from stillwatch_lab.cohorts.people import Volume, draw_people, unite
from stillwatch_lab.plans import DEMO_PLANS, TRIAL_PLANS
from stillwatch_lab.scene import FORTNIGHT, WEEK, Scene

COHORT_ACCOUNTS_MAX: Final = 12_000
"""Accounts drawn at once: about half a gigabyte of traffic at 40 exchanges each."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Accounts that are drawn together; of a campaign, or honest."""

    people: pl.DataFrame
    plan: Plan | None = None
    grants: tuple[dict[str, object], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario: its stretch of time, and who is in it at a scale."""

    name: str
    scene: Scene
    cast: Callable[[np.random.Generator, Scene, float], Iterator[Cohort]]


def _count(number: int, scale: float, *, least: int = 5) -> int:
    return max(least, round(number * scale))


def _cast_demo(rng: np.random.Generator, scene: Scene, scale: float) -> Iterator[Cohort]:
    volume = Volume(mean=16.0)
    exits = institutions.draw_vpn_exits(rng)
    people = [
        draw_people(
            rng, scene, count=_count(3_560, scale), role="benign-individual", volume=volume
        ),
        applications.draw_framework_users(
            rng, scene, count=_count(3_000, scale), volume=volume.times(0.8)
        ),
        applications.draw_applications(
            rng, scene, count=_count(860, scale), volume=volume.times(2.2)
        ),
        institutions.draw_vpn_users(
            rng, scene, count=_count(250, scale), volume=volume, exits=exits
        ),
        _name(teams.draw_office(rng, scene, count=_count(40, scale), volume=volume), "office"),
        *(
            _name(
                teams.draw_firm(rng, scene, count=int(rng.integers(6, 13)), volume=volume),
                f"firm-{number}",
            )
            for number in (1, 2)
        ),
        _name(institutions.draw_class(rng, scene, count=_count(90, scale), volume=volume), "class"),
        _name(institutions.draw_evaluation(rng, scene, count=3, volume=volume), "evaluation"),
        _name(
            institutions.draw_startups(rng, scene, count=_count(35, scale), volume=volume),
            "accelerator",
        ),
        _name(
            teams.draw_load_balanced(rng, scene, count=_count(8, scale), volume=volume.times(14.0)),
            "load-balanced",
        ),
    ]
    yield Cohort(unite(people))
    partner = teams.draw_partner(rng, scene, count=_count(25, scale), volume=volume.times(6.0))
    yield Cohort(_name(partner, "partner"), grants=(grant_distillation(partner),))
    yield from _cast_plans(rng, scene, scale, plans=DEMO_PLANS, exits=exits)


def _name(people: pl.DataFrame, group: str) -> pl.DataFrame:
    return people.with_columns(pl.lit(group).alias("group"))


def _cast_plans(
    rng: np.random.Generator,
    scene: Scene,
    scale: float,
    *,
    plans: tuple[Plan, ...],
    exits: pl.Series,
) -> Iterator[Cohort]:
    for plan in plans:
        count = scale_plan(plan, scale)
        yield Cohort(draw_heads(rng, scene, plan, count=count, exits=exits), plan=plan)


def _cast_strangers(
    rng: np.random.Generator, scene: Scene, count: int, *, volume: Volume
) -> Iterator[Cohort]:
    """Individuals, framework users, applications and VPN users, in cohorts of bounded size."""
    exits = institutions.draw_vpn_exits(rng)
    for begin in range(0, count, COHORT_ACCOUNTS_MAX):
        size = min(COHORT_ACCOUNTS_MAX, count - begin)
        individuals, framework, application = (round(size * part) for part in (0.44, 0.36, 0.16))
        vpn = size - individuals - framework - application
        people = [
            draw_people(rng, scene, count=individuals, role="benign-individual", volume=volume),
            applications.draw_framework_users(rng, scene, count=framework, volume=volume),
            applications.draw_applications(rng, scene, count=application, volume=volume.times(1.6)),
            institutions.draw_vpn_users(rng, scene, count=max(vpn, 5), volume=volume, exits=exits),
        ]
        yield Cohort(unite(people))


def _cast_groups(
    rng: np.random.Generator, scene: Scene, volume: Volume, *, accounts: int, groups: int
) -> Iterator[Cohort]:
    for members, grants in draw_groups(rng, scene, volume=volume, accounts=accounts, groups=groups):
        yield Cohort(members, grants=grants)


def _cast_innocent(rng: np.random.Generator, scene: Scene, scale: float) -> Iterator[Cohort]:
    accounts = _count(500_000, scale, least=400)
    volume = Volume(mean=40.0, sigma=2.35, cap=0.009 * 40.0 * accounts)
    tied = round(accounts * 0.07)
    yield from _cast_strangers(rng, scene, accounts - tied, volume=volume)
    yield from _cast_groups(rng, scene, volume, accounts=tied, groups=accounts)


def _cast_honest_groups(rng: np.random.Generator, scene: Scene, scale: float) -> Iterator[Cohort]:
    volume = Volume(mean=16.0)
    exits = institutions.draw_vpn_exits(rng)
    strangers = _count(3_000, scale, least=200)
    yield Cohort(draw_people(rng, scene, count=strangers, role="benign-individual", volume=volume))
    users = _count(300, scale)
    yield Cohort(
        unite(
            [
                institutions.draw_vpn_users(rng, scene, count=users, volume=volume, exits=exits),
                applications.draw_framework_users(rng, scene, count=users, volume=volume),
                applications.draw_applications(rng, scene, count=users, volume=volume),
            ]
        )
    )
    groups = max(6, round(60 * scale))
    yield from _cast_groups(rng, scene, volume, accounts=10**9, groups=groups)


def _cast_trial(rng: np.random.Generator, scene: Scene, scale: float) -> Iterator[Cohort]:
    volume = Volume(mean=24.0, sigma=1.7, cap=2_500.0)
    exits = institutions.draw_vpn_exits(rng)
    yield from _cast_strangers(rng, scene, _count(8_600, scale, least=400), volume=volume)
    yield from _cast_groups(
        rng, scene, volume, accounts=_count(700, scale, least=60), groups=max(4, round(14 * scale))
    )
    yield from _cast_plans(rng, scene, scale, plans=TRIAL_PLANS, exits=exits)


SCENARIOS: Final = {
    scenario.name: scenario
    for scenario in (
        Scenario("demo", WEEK, _cast_demo),
        Scenario("innocent", FORTNIGHT, _cast_innocent),
        Scenario("honest-groups", WEEK, _cast_honest_groups),
        Scenario("trial", FORTNIGHT, _cast_trial),
    )
}
