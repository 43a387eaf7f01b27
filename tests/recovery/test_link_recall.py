"""Campaigns whose ties are known are recovered: recall and purity, over seeds.

Ties are those of DESIGN.md's incidents: a proxy pool, payment batches, and `ghost`, which shares
nothing but a template, a client stack and its sign-up weeks.
"""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from stillwatch.domain.settings import LinkSettings
from stillwatch.link import Linked, link_accounts

Population: Any = runpy.run_path(
    str(Path(__file__).parents[1] / "unit" / "link" / "populations.py")
)["Population"]
SEEDS = (11, 12, 13, 14)
STRANGERS = 2_500
TIES: dict[str, dict[str, int]] = {
    "pool": {"address": 20, "payment": 4, "client": 1, "template": 2},
    "batch": {"payment": 3, "template": 2, "client": 1},
    "ghost": {"template": 3, "client": 1, "signup": 72},
}
HEADS = 60


def link(crowd: Any, traits: pl.DataFrame | None = None) -> Linked:  # noqa: ANN401  loaded by path
    """Link a population."""
    given = crowd.traits() if traits is None else traits
    return link_accounts(given, register=crowd.register(), settings=LinkSettings())


def tied(linked: Linked) -> Iterator[tuple[float, set[str]]]:
    """Every tied group: q-value and accounts."""
    for group, q in linked.groups.select("group_id", "link_q_value").iter_rows():
        if q <= 0.05:
            yield q, set(linked.members.filter(group_id=group)["account_id"])


@pytest.fixture(scope="module")
def crowds() -> list[Any]:
    """The same campaigns among other strangers, four times."""
    made = []
    for seed in SEEDS:
        crowd = Population(STRANGERS, seed=seed)
        for name, ties in TIES.items():
            crowd.add_group(name, HEADS, **ties)
        made.append(crowd)
    return made


@pytest.fixture(scope="module")
def linked(crowds: list[Any]) -> list[Linked]:
    """What linking finds in each."""
    return [link(crowd) for crowd in crowds]


@pytest.mark.parametrize("campaign", TIES)
def test_known_ties_are_recovered(campaign: str, linked: list[Linked]) -> None:
    """Over four seeds at least 95 % of the heads stand in tied groups."""
    recall = [
        sum(name.startswith(campaign) for _, group in tied(found) for name in group) / HEADS
        for found in linked
    ]
    assert sum(recall) / len(recall) >= 0.95
    assert min(recall) >= 0.85


def test_tied_groups_are_pure(linked: list[Linked]) -> None:
    """Of all accounts in tied groups at most one in a hundred is a stranger; none mixes two."""
    members = [name for found in linked for _, group in tied(found) for name in group]
    assert sum(name.startswith("s") for name in members) <= 0.01 * len(members)
    for found in linked:
        for _, group in tied(found):
            campaigns = {name.rstrip("0123456789") for name in group} - {"s"}
            assert len(campaigns) == 1


def test_the_finding_vanishes_when_each_family_is_dealt_out_anew(
    crowds: list[Any], linked: list[Linked]
) -> None:
    """Values of every family permuted, each on its own, over the accounts: no tied group is left.

    Margins are what they were: what was found was the coincidence of families, and nothing else.
    """
    assert all(len(list(tied(found))) >= len(TIES) for found in linked)
    for seed, crowd in enumerate(crowds):
        dealt = link(crowd, crowd.shuffled_traits(seed=seed))
        assert list(tied(dealt)) == []
        assert dealt.seeds_tested > 100
