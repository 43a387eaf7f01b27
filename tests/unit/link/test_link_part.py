"""Parting: what would not be joined does not stay together, and what is one stays one."""

from __future__ import annotations

import numpy as np
import pytest
from populations import Population

from stillwatch.domain import limits
from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import REGISTER
from stillwatch.link.search import Search, set_bars
from stillwatch.link.search.part import find_parts, part_groups
from stillwatch.link.table import I32, TraitTable, tabulate_traits
from stillwatch.link.workbench import set_bench, take_columns

TIES = {"payment": 1, "client": 1, "template": 2, "parameters": 1}


def set_search(crowd: Population) -> tuple[TraitTable, Search]:
    """A search that has found nothing yet."""
    table = tabulate_traits(crowd.traits(), register=REGISTER.empty())
    bench = set_bench(take_columns(table), set_bars(LinkSettings()))
    return table, Search(bench, np.zeros(table.actors, np.bool_))


def rows_of(table: TraitTable, names: list[str]) -> I32:
    """Rows of accounts, sorted."""
    return np.flatnonzero(np.isin(table.actor_ids, names)).astype(np.int32)


def names_of(table: TraitTable, rows: I32) -> set[str]:
    """Names of rows."""
    return {table.actor_ids[i] for i in rows}


@pytest.mark.parametrize(
    ("campaign", "robots"), [(25, 25), (23, 25), (150, 12), (900, 40), (940, 14), (1_400, 6)]
)
def test_a_firm_that_shares_a_network_with_a_campaign_is_parted_from_it(
    campaign: int, robots: int
) -> None:
    """Both are tight; all that joins them is one network of the population's.

    Of fourteen in a thousand an even sample of the members has four.
    """
    crowd = Population(1_500, seed=campaign)
    heads = crowd.add_group("head", campaign, **TIES)
    keys = crowd.add_group("key", robots, **TIES)
    crowd.give(heads + keys, "network", 1)
    table, search = set_search(crowd)
    parts = find_parts(search.bench, rows_of(table, heads + keys))
    assert parts is not None
    assert {frozenset(names_of(table, part)) for part in (parts.holders, parts.others)} == {
        frozenset(heads),
        frozenset(keys),
    }


@pytest.mark.parametrize("heads", [12, 40, 400])
def test_batches_of_one_campaign_stay_one(heads: int) -> None:
    """Each batch has its own card and week of sign-ups; templates and client are the campaign's."""
    crowd = Population(1_500, seed=heads)
    members = crowd.add_group("head", heads, client=1, template=2, network=2)
    for k in range(3):
        batch = members[k::3]
        crowd.give(batch, "payment", 5 * 10**8 + k)
        crowd.give(batch, "signup_week", 6 * 10**8 + k)
    table, search = set_search(crowd)
    assert find_parts(search.bench, rows_of(table, members)) is None


def test_less_than_two_groups_of_five_is_not_parted() -> None:
    """A part would be no group."""
    crowd = Population(300, seed=5)
    both = crowd.add_group("a", 4, **TIES) + crowd.add_group("b", 4, **TIES)
    table, search = set_search(crowd)
    assert find_parts(search.bench, rows_of(table, both)) is None
    few = crowd.add_group("c", limits.ACTORS_MIN - 1, **TIES)
    table, search = set_search(crowd)
    assert find_parts(search.bench, rows_of(table, both + few)) is None


def test_parts_take_the_place_of_the_group_and_hold_everybody_once() -> None:
    """Three tight sets that have come as one come apart, whatever is between them."""
    crowd = Population(800, seed=6)
    sets = [crowd.add_group(name, 30, **TIES) for name in ("a", "b", "c")]
    crowd.give([name for names in sets for name in names], "network", 1)
    table, search = set_search(crowd)
    whole = rows_of(table, [name for names in sets for name in names])
    payment = int(table.row_value[table.row_start[whole[0]]])
    search.groups, search.seeds = [whole], [payment]
    search.taken[whole] = True
    part_groups(search)
    found = [names_of(table, group) for group in search.groups]
    assert sorted(found, key=min) == [set(names) for names in sets]
    assert len(search.seeds) == len(search.groups)
    assert np.flatnonzero(search.taken).tolist() == sorted(np.concatenate(search.groups).tolist())


def test_who_stands_in_no_part_alone_is_free() -> None:
    """Strangers that only the mixture held up are let go."""
    crowd = Population(800, seed=7)
    heads = crowd.add_group("head", 40, **TIES)
    strangers = [f"s{k:06d}" for k in range(20)]
    crowd.give(strangers, "network", 7 * 10**8)
    table, search = set_search(crowd)
    whole = rows_of(table, heads + strangers)
    search.groups, search.seeds = [whole], [int(table.row_value[table.row_start[whole[-1]]])]
    search.taken[whole] = True
    part_groups(search)
    assert [names_of(table, group) for group in search.groups] == [set(heads)]
    assert np.flatnonzero(search.taken).tolist() == rows_of(table, heads).tolist()


def test_growth_never_lets_go_of_half_a_mixture() -> None:
    """Why parting is needed: two firms in one rented network, which all members fit for ever."""
    crowd = Population(4_000, seed=8)
    made = [crowd.add_group(f"g{k}", 24, **TIES, signup=200) for k in range(2)]
    crowd.give(made[0] + made[1], "network", 9 * 10**8)
    table, search = set_search(crowd)
    both = rows_of(table, made[0] + made[1])
    network = int(np.flatnonzero(table.value_id == 9 * 10**8)[0])
    assert search.grow(both, network).tolist() == both.tolist()
    search.groups, search.seeds = [both], [network]
    search.taken[both] = True
    part_groups(search)
    assert sorted((names_of(table, g) for g in search.groups), key=min) == list(map(set, made))
