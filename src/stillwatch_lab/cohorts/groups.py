"""Which honest groups there are: ordered by number and size, then drawn from the registry.

Reads `lookalikes.registry`; `scenarios` casts what is ordered. The one idea: an order is small and
says everything, so a scenario knows its honest traffic before anybody is drawn. Sizes are
log-uniform: small and large groups of each kind are there, and another seed gives other groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.casting import Casting
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.cohorts.lookalikes.look_alike import LookAlike, draw_between
from stillwatch_lab.cohorts.lookalikes.registry import LOOK_ALIKES, USUAL
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.scene import Scene

SIZE_MIN: Final = 5
SIZE_MAX: Final = 400
"""Accounts of the groups that take turns; what is larger is as busy as the average."""
_PRODUCT_KEYS: Final = 100.0
"""Ordinary accounts' traffic that one product adds, over all of its keys (a guess)."""
_UNDER_CAP: Final = 0.8
"""Mean of a group's volumes over their cap, at most: there is room for a spread."""
_SPREAD: Final = 0.6
"""Spread of the groups' mean volumes, on the logarithmic scale (a guess)."""


@dataclass(frozen=True, slots=True)
class GroupOrder:
    """One group to be drawn."""

    number: int
    kind: str
    size: int
    factor: float
    """How many times the common volume its accounts send."""

    def expect(self, volume: Volume) -> float:
        """Give the exchanges that it is expected to send."""
        return self.size * self.volume(volume).mean

    def volume(self, common: Volume) -> Volume:
        """Give the law of its accounts' volumes."""
        mean = min(common.mean * self.factor, _UNDER_CAP * common.cap)
        return Volume(mean, common.sigma, common.cap)


def order_turns(
    rng: np.random.Generator, kinds: Sequence[str], *, accounts: int, groups: int
) -> Iterator[GroupOrder]:
    """Order up to `groups` groups until `accounts` are used up.

    Order:   kinds take turns; sizes are between SIZE_MIN and SIZE_MAX, but for bounded kinds.
    """
    left = accounts
    for number in range(groups if kinds else 0):
        if left < SIZE_MIN:
            return
        like = LOOK_ALIKES[kinds[number % len(kinds)]]
        bounds = like.size if like.is_bounded else (SIZE_MIN, SIZE_MAX)
        size = min(_draw_size(rng, *bounds), left)
        left -= size
        yield GroupOrder(number, like.name, size, _draw_factor(rng, like, size))


def order_asked(rng: np.random.Generator, casting: Casting) -> Iterator[GroupOrder]:
    """Order the groups that somebody asked for by name."""
    for name, groups in casting.asked.items():
        yield from _order_kind(rng, LOOK_ALIKES[name], groups=groups, scale=casting.scale)


def order_all(rng: np.random.Generator, casting: Casting) -> Iterator[GroupOrder]:
    """Order every usual look-alike as its scale gives, one at least; then what is asked for."""
    for name in casting.keep(USUAL):
        like = LOOK_ALIKES[name]
        groups = _count(like, casting.scale)
        yield from _order_kind(rng, like, groups=groups, scale=casting.scale)
    yield from order_asked(rng, casting)


def _order_kind(
    rng: np.random.Generator, like: LookAlike, *, groups: int, scale: float
) -> Iterator[GroupOrder]:
    """Order groups of one kind; where the scale leaves less than one, it is a smaller one."""
    share = min(1.0, like.groups * scale / _count(like, scale))
    for number in range(groups):
        size = max(like.least, round(_draw_size(rng, *like.size) * share))
        yield GroupOrder(number, like.name, size, _draw_factor(rng, like, size))


def _count(like: LookAlike, scale: float) -> int:
    return max(1, round(like.groups * scale))


def _draw_size(rng: np.random.Generator, low: int, high: int) -> int:
    return round(draw_between(rng, low, high))


def _draw_factor(rng: np.random.Generator, like: LookAlike, size: int) -> float:
    """Draw how busy a group is; few accounts of a product carry all of it."""
    luck = float(rng.lognormal(0.0, _SPREAD)) if size <= SIZE_MAX else 1.0
    return luck * like.times * (1.0 + _PRODUCT_KEYS / size if like.is_product else 1.0)


def draw_group(
    rng: np.random.Generator, scene: Scene, order: GroupOrder, *, volume: Volume, exits: pl.Series
) -> tuple[pl.DataFrame, tuple[dict[str, object], ...]]:
    """Draw one group: its people, and its permissions. The first VPN is the one of `exits`."""
    like = LOOK_ALIKES[order.kind]
    law = order.volume(volume)
    if like.name == "vpn":
        met = exits if order.number == 0 else draw_vpn_exits(rng)
        people = like.draw(rng, scene, count=order.size, volume=law, exits=met)
    else:
        people = like.draw(rng, scene, count=order.size, volume=law)
    grants = (like.grant(people),) if like.grant else ()
    return people.with_columns(pl.lit(f"{order.kind}-{order.number}").alias("group")), grants
