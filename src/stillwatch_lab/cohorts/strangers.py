"""Untied honest accounts in the proportions of a scenario: the crowd that groups stand in.

Reads `people`, `applications` and `institutions`. The one idea: a mixture of kinds is a value, so a
scenario says what its strangers are and what each sends on average.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts import applications, institutions
from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.places import lay_carriers
from stillwatch_lab.cohorts.rows import unite
from stillwatch_lab.scene import Scene

Parts = tuple[tuple[str, int, Volume], ...]
"""Kind, accounts, and the law of their volumes."""
_LEAST: Final = 5
"""Accounts of the last kind of a mixture."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """Kinds of strangers: name, share of the accounts, times the common volume they send."""

    kinds: tuple[tuple[str, float, float], ...]

    def times(self) -> float:
        """Give how many times the common volume a stranger sends on average."""
        return sum(share * factor for _, share, factor in self.kinds)

    def without(self, names: Container[str]) -> Mixture:
        """Give the mixture of the other kinds, in their proportions."""
        left = [kind for kind in self.kinds if kind[0] not in names]
        if len(left) == len(self.kinds):
            return self
        whole = sum(share for _, share, _ in left)
        return Mixture(tuple((kind, share / whole, factor) for kind, share, factor in left))


ORDINARY: Final = Mixture((("individuals", 0.74, 1.0), ("applications", 0.26, 1.6)))
"""People and applications alone (shares and factors are guesses)."""
CROWDED: Final = Mixture(
    (
        ("individuals", 0.44, 1.0),
        ("framework", 0.36, 1.0),
        ("applications", 0.16, 1.6),
        ("vpn", 0.04, 1.0),
    )
)
"""The same with users of public frameworks and of a VPN among them (guesses)."""


def divide(mixture: Mixture, count: int, volume: Volume) -> Parts:
    """Divide accounts among the kinds of a mixture, and give each kind its volume."""
    counts = [round(count * share) for _, share, _ in mixture.kinds[:-1]]
    counts.append(max(count - sum(counts), _LEAST))
    kinds = zip(mixture.kinds, counts, strict=True)
    return tuple((kind, number, volume.times(factor)) for (kind, _, factor), number in kinds)


def draw_individuals(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw people of their own, some of them behind the addresses of their country's carriers."""
    people = draw_people(rng, scene, count=count, role="benign-individual", volume=volume)
    return lay_carriers(rng, people)


def draw_strangers(
    rng: np.random.Generator, scene: Scene, *, parts: Parts, exits: pl.Series
) -> pl.DataFrame:
    """Draw so many strangers of each kind.

    Grain:   one row per account. Order: kind by kind, as `parts` has them.
    """
    draws: dict[str, Callable[..., pl.DataFrame]] = {
        "individuals": draw_individuals,
        "framework": applications.draw_framework_users,
        "applications": applications.draw_applications,
        "vpn": partial(institutions.draw_vpn_users, exits=exits),
    }
    return unite(
        [draws[kind](rng, scene, count=count, volume=volume) for kind, count, volume in parts]
    )
