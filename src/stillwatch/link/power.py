"""How small a campaign these data could have shown: what "nothing found" means.

Used by the rim for `check`, `run.json` and the report. A group shows when its members clear the
membership bar and its best seed passes e-BH. Both follow from the number of actors and seeds and
from what the heads share, so that the answer needs no simulation: it is the least number of heads,
exclusive in so many families, that passes both. It says nothing of judging: a campaign that is
tied may still look honest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.settings import LinkSettings
from stillwatch.link.e_values import average_e, log2_bayes_factor

_RHO = 0.05
"""Overdispersion assumed: the default of a channel on which it can't be measured."""
_HEADS_MAX = 4096
"""Heads beyond which the search for the least number stops."""
_VALUES_PER_ACTOR = 1.0
"""Values of a channel per actor, which the evidence for one of them has to pay for."""
_UNSHARED = -2.0
"""Bits of a held-out family in which the heads share nothing (measured on strangers)."""


@dataclass(frozen=True, slots=True)
class Smallest:
    """The least number of heads that shows, by how many families tie them."""

    shares: int
    """Families in which the heads share a value that nobody else has, for all of their traffic."""
    heads: int | None
    """None: no number up to the bound would show."""


def smallest_groups(
    actors: int, *, seeds_tested: int, families: int, settings: LinkSettings, q_max: float
) -> list[Smallest]:
    """Give the least number of heads that would have been tied, by families shared.

    Grain:   one entry for 2, 3 … `families` shared families.
    Cost:    a few thousand evaluations of a closed form.
    """
    return [
        Smallest(
            shares,
            next(
                (
                    heads
                    for heads in _sizes()
                    if _shows(heads, shares, actors, seeds_tested, families, settings, q_max)
                ),
                None,
            ),
        )
        for shares in range(2, families + 1)
    ]


def _sizes() -> Iterator[int]:
    heads = limits.ACTORS_MIN
    while heads <= _HEADS_MAX:
        yield heads
        heads += max(1, heads // 20)


def _shows(  # noqa: PLR0913, PLR0917  the facts of one data set
    heads: int,
    shares: int,
    actors: int,
    seeds: int,
    families: int,
    settings: LinkSettings,
    q: float,
) -> bool:
    if heads >= actors:
        return False
    lift = np.log2(((heads - 1) / (heads - 1 + settings.shrink_members)) / (heads / actors))
    bits = min(lift, settings.family_cap_bits)
    among_holders = (shares - 1) * bits >= settings.member_bar_bits
    among_all = shares * bits + np.log2(heads / actors) >= settings.member_bar_bits
    one = float(
        log2_bayes_factor(
            np.array([float(heads)]), heads, mean=np.array([heads / actors]), rho=_RHO
        )[0]
    )
    held_out = [one - np.log2(2 * _VALUES_PER_ACTOR)] * (shares - 1)
    held_out += [_UNSHARED] * (families - shares)
    tied = average_e(sorted(held_out)[:-1]) >= np.log2(max(seeds, 1) / q)
    return bool((among_holders or among_all) and tied)
