"""The scenario `innocent`: no campaign, every look-alike; and the honest half of every preset.

One of the catalogue. The one idea: how many exchanges an account sends on average is the
contract's, so strangers send what look-alikes leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.cohorts.casting import Casting
from stillwatch_lab.cohorts.groups import GroupOrder, order_all
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.cohorts.strangers import ORDINARY
from stillwatch_lab.scenarios.cast import cast_groups, cast_plans, cast_strangers
from stillwatch_lab.scene import Scene
from stillwatch_lab.shards import Shard

POPULATION: Final = 500_000
"""Honest accounts at scale 1 (CONTRACT.md, section 3)."""
EACH: Final = 40.0
"""Exchanges of an honest account over the run, on average (the same place)."""
_SPREAD: Final = 2.35
"""Spread of a group's volumes, on the logarithmic scale."""
_STRANGERS_SPREAD: Final = 2.4
"""The same of strangers: half of all traffic is then from accounts as busy as heads (667)."""
_SHARE_MAX: Final = 0.009
"""Share of the honest traffic that one account may have: a percent, and room for chance."""
_STRANGERS_LEAST: Final = 0.25
"""Share of the honest accounts, and of their traffic, that look-alikes leave to strangers."""


@dataclass(frozen=True, slots=True)
class Population:
    """The honest accounts of a scenario of the contract, before anybody is drawn."""

    strangers: int
    theirs: Volume
    """Law of the strangers' volumes."""
    orders: tuple[GroupOrder, ...]
    volume: Volume
    """Law of a common account's volumes: what orders multiply."""


def settle_population(rng: np.random.Generator, casting: Casting) -> Population:
    """Settle who is honest: all look-alikes, and as many strangers as make up the number.

    Units:   strangers send what look-alikes leave of EACH exchanges an account. What is asked for
             beyond three quarters of the accounts, or of the traffic, comes on top.
    """
    accounts = casting.count(POPULATION, least=400)
    volume = Volume(mean=EACH, sigma=_SPREAD, cap=_SHARE_MAX * EACH * accounts)
    orders = tuple(order_all(rng, casting))
    strangers = accounts - sum(order.size for order in orders)
    strangers = max(strangers, round(_STRANGERS_LEAST * accounts))
    left = EACH * accounts - sum(order.expect(volume) for order in orders)
    each = max(left, _STRANGERS_LEAST * EACH * accounts) / strangers / ORDINARY.times()
    theirs = Volume(each, sigma=_STRANGERS_SPREAD, cap=volume.cap)
    return Population(strangers, theirs, orders, volume)


def cast_population(
    rng: np.random.Generator, casting: Casting, *, exits: pl.Series
) -> Iterator[Shard]:
    """Give the honest accounts of a scenario of the contract their shards."""
    settled = settle_population(rng, casting)
    yield from cast_strangers(ORDINARY, settled.strangers, volume=settled.theirs, exits=exits)
    yield from cast_groups(settled.orders, volume=settled.volume, exits=exits)


def cast_innocent(rng: np.random.Generator, scene: Scene, casting: Casting) -> Iterator[Shard]:
    """Cast the honest population alone."""
    del scene
    yield from cast_population(rng, casting, exits=draw_vpn_exits(rng))


def cast_preset(
    rng: np.random.Generator, scene: Scene, casting: Casting, *, plans: tuple[Plan, ...]
) -> Iterator[Shard]:
    """Cast campaigns in the traffic of the honest population."""
    exits = draw_vpn_exits(rng)
    yield from cast_population(rng, casting, exits=exits)
    yield from cast_plans(scene, casting.scale, plans=plans, exits=exits)
