"""Honest tied groups of every kind and size: what the null of judging is made of.

Reads `teams` and `institutions`. The one idea: kinds in turn, sizes log-uniform, so that small and
large groups of each kind are there; another seed gives other groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts import institutions, teams
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.scene import DAY_S, Scene, instant

Draw = Callable[..., pl.DataFrame]

SIZE_MIN: Final = 5
SIZE_MAX: Final = 400
_BUDGET_SLACK: Final = 2.0
"""A permitted partner's budget over what it is expected to send: it is not exceeded."""
_BUSY: Final = frozenset({"load-balanced", "open-keys", "resale", "partner"})
_PRODUCT_KEYS: Final = 100.0
"""Ordinary accounts' traffic that one product adds, over all of its keys (a guess)."""
KINDS: Final[dict[str, Draw]] = {
    "office": teams.draw_office,
    "firm": teams.draw_firm,
    "class": institutions.draw_class,
    "evaluation": institutions.draw_evaluation,
    "accelerator": institutions.draw_startups,
    "load-balanced": teams.draw_load_balanced,
    "partner": teams.draw_partner,
    "open-keys": teams.draw_open_keys,
    "resale": teams.draw_resale_pool,
}


def grant_distillation(partner: pl.DataFrame) -> dict[str, object]:
    """Write the permission of a partner: by organisation, with a budget that it keeps."""
    return {
        "account_id": None,
        "org_id": partner["org_id"][0],
        "scope": "distillation",
        "granted_by": "partnerships",
        "valid_from": instant(-58 * DAY_S),
        "valid_to": None,
        "budget_exchanges": round(_BUDGET_SLACK * float(partner["volume"].to_numpy().sum())) + 100,
    }


@dataclass(frozen=True, slots=True)
class GroupOrder:
    """One group to be drawn."""

    number: int
    kind: str
    size: int
    factor: float
    """How many times the common volume its accounts send."""


def order_groups(rng: np.random.Generator, *, accounts: int, groups: int) -> Iterator[GroupOrder]:
    """Order up to `groups` groups until `accounts` are used up.

    Order:   kinds take turns; sizes are log-uniform between SIZE_MIN and SIZE_MAX.
    """
    left = accounts
    kinds = list(KINDS)
    for number in range(groups):
        if left < SIZE_MIN:
            return
        drawn = round(float(np.exp(rng.uniform(np.log(SIZE_MIN), np.log(SIZE_MAX)))))
        size = min(drawn, left)
        left -= size
        kind = kinds[number % len(kinds)]
        factor = float(rng.lognormal(0.0, 0.6)) * _busyness(kind, size)
        yield GroupOrder(number, kind, size, factor)


def draw_group(
    rng: np.random.Generator, scene: Scene, order: GroupOrder, *, volume: Volume
) -> tuple[pl.DataFrame, tuple[dict[str, object], ...]]:
    """Draw one group: its people, and its permissions."""
    people = KINDS[order.kind](rng, scene, count=order.size, volume=volume.times(order.factor))
    grants = (grant_distillation(people),) if order.kind == "partner" else ()
    named = people.with_columns(pl.lit(f"{order.kind}-{order.number}").alias("group"))
    return named, grants


def _busyness(kind: str, size: int) -> float:
    """Give how much more than others a group's accounts send: few keys carry a whole product."""
    return 1.0 + _PRODUCT_KEYS / size if kind in _BUSY else 1.0
