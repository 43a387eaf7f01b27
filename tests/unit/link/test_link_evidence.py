"""E-values keep their promise under the nulls that they name, and cost what they should."""

from __future__ import annotations

import numpy as np
import pytest
from populations import Population
from workbench import Workbench

from stillwatch.domain.channels.families import CHANNELS, FAMILIES
from stillwatch.domain.settings import LinkSettings
from stillwatch.link.e_values import (
    combine_families,
)
from stillwatch.link.evidence import Null
from stillwatch.link.evidence import test_family as measure_family
from stillwatch.link.search import Search
from stillwatch.link.table import CHANNEL_NAMES, FAMILY_OF_CHANNEL
from stillwatch.link.witness import Witness, choose_families, weigh_seed

CLIENT = [channel.name for channel in CHANNELS].index("client")


def linked_null(strangers: int, *, seed: int, rho: float = 0.02) -> tuple[Null, Workbench]:
    """A population without ties, and a null over it."""
    bench = Workbench(Population(strangers, seed=seed).traits())
    search = Search(bench.bench, bench.nobody_taken)
    return Null(bench.table, search, np.full(len(CHANNELS), rho), LinkSettings()), bench


def test_random_groups_have_a_mean_e_of_at_most_one_in_every_family() -> None:
    """1,200 random groups of 8, 30 and 120 of 600 strangers, at the least overdispersion.

    Means stay under one by more than three standard errors of the simulation.
    """
    null, bench = linked_null(600, seed=5)
    rng = np.random.default_rng(1)
    for size in (8, 30, 120):
        draws = [
            np.sort(rng.choice(bench.table.actors, size, replace=False)).astype(np.int32)
            for _ in range(400)
        ]
        for family in FAMILIES:
            e = np.exp2([measure_family(null, group, family=family) for group in draws])
            error = e.std() / np.sqrt(len(e))
            assert e.mean() + 3 * error <= 1, (size, family, e.mean(), error)


def test_a_family_in_which_a_group_shares_speaks_and_one_without_data_is_silent() -> None:
    """Forty heads on one card: bits; devices, which nobody has: e = 0."""
    crowd = Population(400, seed=2)
    heads = crowd.add_group("h", 40, payment=1)
    bench = Workbench(crowd.traits().filter(~(crowd.traits()["channel"] == "active_hour")))
    null = Null(
        bench.table,
        Search(bench.bench, bench.nobody_taken),
        np.full(len(CHANNELS), 0.05),
        LinkSettings(),
    )
    group = bench.rows(heads)
    assert measure_family(null, group, family="identity") > 20
    assert measure_family(null, group, family="client") < 0
    assert measure_family(null, group, family="timing") == -np.inf


def test_a_pool_of_addresses_speaks_though_no_address_is_widely_held() -> None:
    """Fifty heads over a hundred addresses of their own, three each: each has at most a few."""
    crowd = Population(800, seed=3)
    heads = crowd.add_group("h", 50, address=100)
    bench = Workbench(crowd.traits())
    null = Null(
        bench.table,
        Search(bench.bench, bench.nobody_taken),
        np.full(len(CHANNELS), 0.05),
        LinkSettings(),
    )
    assert measure_family(null, bench.rows(heads), family="infrastructure") > 15


def test_several_batches_speak_together_where_none_speaks_for_itself() -> None:
    """A hundred heads over five stacks that innocents use too: no stack stands out, five do."""
    crowd = Population(2_000, seed=4)
    heads = crowd.add_group("h", 100, client=5)
    bench = Workbench(crowd.traits())
    search = Search(bench.bench, bench.nobody_taken)
    group = bench.rows(heads)
    for rho, least in ((0.02, 60.0), (0.05, 20.0)):
        null = Null(bench.table, search, np.full(len(CHANNELS), rho), LinkSettings())
        assert measure_family(null, group, family="client") > least


def test_hidden_searches_are_spared_where_even_the_forming_families_fail() -> None:
    """Tied in content and client alone: the seed's family is out, one is dropped: none run."""
    null, bench = linked_null(300, seed=6)
    seed = bench.value("client", int(bench.table.value_id[bench.table.value_channel == CLIENT][0]))
    own = {"client": 60.0, "identity": -4.0, "infrastructure": -4.0, "lifecycle": -2.0}
    assert choose_families(null, seed, direct={**own, "content": 80.0}, bar=8.0) == ()
    third = {**own, "content": 80.0, "timing": 30.0}
    assert choose_families(null, seed, direct=third, bar=8.0) == ("content", "timing")
    assert choose_families(null, seed, direct=third, bar=40.0) == ()


def test_sparing_searches_takes_no_evidence_from_a_group_that_is_tied() -> None:
    """Families that are silent even on the group that they helped to form add nothing hidden."""
    crowd = Population(900, seed=7)
    heads = crowd.add_group("h", 40, template=1, client=1, payment=4, subnet=3)
    bench = Workbench(crowd.traits())
    null = Null(
        bench.table,
        Search(bench.bench, bench.nobody_taken),
        np.full(len(CHANNELS), 0.05),
        LinkSettings(),
    )
    group = np.sort(bench.rows(heads))
    held = bench.table.row_value[
        bench.table.row_start[group[0]] : bench.table.row_start[group[0] + 1]
    ]
    seed = int(next(v for v in held if bench.table.value_channel[v] == CLIENT))
    direct = {family: measure_family(null, group, family=family) for family in FAMILIES}
    chosen = choose_families(null, seed, direct=direct, bar=10.0)
    spared = combine_families(weigh_seed(Witness(null, seed), group, families=chosen))
    whole = combine_families(weigh_seed(Witness(null, seed), group))
    assert len(chosen) < len(FAMILIES) - 1
    assert spared == pytest.approx(whole, abs=0.5)
    assert spared > 20


def test_the_holders_of_a_value_have_a_mean_e_of_at_most_one_in_other_families() -> None:
    """Every value of 600 strangers that five hold or more, untied: nobody chose them but it."""
    null, bench = linked_null(600, seed=8)
    table = bench.table
    seeds = np.flatnonzero(np.diff(table.column_start) >= 5)
    by_family: dict[str, list[float]] = {family: [] for family in FAMILIES}
    for seed in seeds.tolist():
        holders = table.column_actor[table.column_start[seed] : table.column_start[seed + 1]]
        own = FAMILIES[int(FAMILY_OF_CHANNEL[table.value_channel[seed]])]
        for family in FAMILIES:
            if family != own:
                by_family[family].append(measure_family(null, holders, family=family))
    for family, bits in by_family.items():
        e = np.exp2(bits)
        assert len(e) > 100
        assert e.mean() <= 1, (family, e.mean())


def test_a_value_that_heads_alone_hold_testifies_though_they_come_in_cohorts() -> None:
    """Own cards, homes and hours; one template, four stacks, five weeks of sign-up.

    With clients hidden, growth from the template's best quarter may end in one week's heads; its
    holders as they are speak through clients and through weeks. Of another group they say nothing.
    """
    crowd = Population(3_000, seed=9)
    heads = crowd.add_group("h", 60, template=1, client=4)
    for k, name in enumerate(heads):
        crowd.sign_up(name, 24 * 7 * (10 + k % 5) + int(crowd.rng.integers(24 * 7)))
    bench = Workbench(crowd.traits())
    null = Null(
        bench.table,
        Search(bench.bench, bench.nobody_taken),
        np.full(len(CHANNELS), 0.01),
        LinkSettings(),
    )
    group = np.sort(bench.rows(heads))
    held = bench.table.row_value[
        bench.table.row_start[group[0]] : bench.table.row_start[group[0] + 1]
    ]
    template = CHANNEL_NAMES.index("template")
    count = np.diff(bench.table.column_start)
    seed = int(
        next(v for v in held if bench.table.value_channel[v] == template and count[v] == len(heads))
    )
    found = weigh_seed(Witness(null, seed), group)
    assert found["client"] > 10
    assert found["lifecycle"] > 10
    assert combine_families(found) > 10
    crowded = np.sort(np.concatenate([group[:10], np.arange(100, 200)])).astype(np.int32)
    assert max(weigh_seed(Witness(null, seed), crowded).values()) == -np.inf
