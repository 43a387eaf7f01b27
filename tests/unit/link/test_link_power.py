"""How small a campaign these data could show: a bound that moves as it should."""

from __future__ import annotations

import polars as pl
import pytest
from populations import Population

from stillwatch.domain.settings import LinkSettings
from stillwatch.link import link_accounts, smallest_groups

Q_MAX = 0.01


def smallest(actors: int, seeds: int, *, families: int = 6, q_max: float = Q_MAX) -> dict[int, int]:
    """Least heads by families shared; where none would show, more than any."""
    found = smallest_groups(
        actors, seeds_tested=seeds, families=families, settings=LinkSettings(), q_max=q_max
    )
    return {entry.shares: entry.heads or 10**9 for entry in found}


def test_there_is_an_entry_for_each_number_of_families_from_two() -> None:
    """Families without data can't be shared."""
    assert list(smallest(10_000, 3_000, families=4)) == [2, 3, 4]
    assert smallest(10_000, 3_000, families=1) == {}


@pytest.mark.parametrize("seeds", [400, 40_000])
def test_sharing_more_shows_a_smaller_campaign(seeds: int) -> None:
    """Heads fall with the number of families, and never below five."""
    heads = list(smallest(100_000, seeds).values())
    assert heads == sorted(heads, reverse=True)
    assert min(heads) >= 5


def test_more_seeds_and_a_stricter_level_ask_for_more_heads() -> None:
    """What was looked at has to be paid for."""
    few, many = smallest(100_000, 1_000), smallest(100_000, 1_000_000)
    strict = smallest(100_000, 1_000, q_max=1e-6)
    assert all(few[s] <= many[s] and few[s] <= strict[s] for s in few)
    assert few[3] < many[3]
    assert few[3] < strict[3]


def test_two_families_alone_never_show() -> None:
    """The seed's family is out and the strongest held-out one is dropped: nothing is left."""
    assert smallest(100_000, 1_000)[2] == 10**9


@pytest.mark.parametrize(("shares", "factor"), [(3, 3.0), (4, 2.0)])
def test_an_actual_search_shows_campaigns_from_near_the_bound(shares: int, factor: float) -> None:
    """Below the bound nothing is tied; from `factor` times the bound all of it is.

    The bound is one of exclusive values and a population without noise: near it, not at it.
    """
    ties = dict(list({"template": 1, "client": 1, "payment": 1, "address": 1}.items())[:shares])

    def found(heads: int) -> float:
        crowd = Population(1_000, seed=7)
        crowd.add_group("t", heads, **ties)
        linked = link_accounts(crowd.traits(), register=crowd.register(), settings=LinkSettings())
        tied = linked.groups.filter(pl.col("link_q_value") <= Q_MAX)
        inside = linked.members.join(tied, on="group_id")["account_id"].str.starts_with("t")
        return int(inside.sum()) / heads

    bound = smallest(1_000, 450)[shares]
    assert found(int(bound * factor)) == 1.0
    assert found(4) == 0.0
