"""Strangers share addresses where a carrier translates them, as many as is stated here."""

from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.places import lay_carriers
from stillwatch_lab.cohorts.strangers import draw_individuals
from stillwatch_lab.scene import FORTNIGHT
from stillwatch_lab.shards import Cohort, Shard
from stillwatch_lab.traffic.draw import draw_traffic

COUNT = 20_000
"""Individuals of an incident at scale 0.06."""


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    """Individuals of the contract's scenarios."""
    law = Volume(30.0, sigma=2.4, cap=2_000.0)
    return draw_individuals(np.random.default_rng(61), FORTNIGHT, count=COUNT, volume=law)


@pytest.fixture(scope="module")
def holders(people: pl.DataFrame) -> pl.DataFrame:
    """Each account and address that was seen in the fortnight, with how many accounts hold it."""
    cohort = Cohort(people)
    shard = Shard(lambda *_: cohort, 0.0)
    sent = draw_traffic(np.random.default_rng(62), cohort, FORTNIGHT, shard=shard)
    pairs = sent.drop_nulls("ip").select("account", "ip").unique()
    return pairs.with_columns(held=pl.len().over("ip"))


def test_three_in_ten_individuals_are_behind_a_carrier(people: pl.DataFrame) -> None:
    """Each at two to twelve addresses, at some of its exchanges or all."""
    carried = people.filter(pl.col("addresses").is_not_null())
    assert carried.height / COUNT == pytest.approx(0.3, abs=0.015)
    met = carried["addresses"].list.len()
    assert (met.min(), met.max()) == (2, 12)
    assert carried["address_share"].mean() == pytest.approx(2 / 3, abs=0.02)
    assert people.filter(pl.col("addresses").is_null())["address_share"].max() == 0.0


def test_an_address_shared_by_three_or_more_is_frequent_among_strangers(
    holders: pl.DataFrame,
) -> None:
    """From a fifth to a third of the accounts were seen at one, many of them at several."""
    shared = holders.filter(pl.col("held") >= 3)
    accounts = shared["account"].value_counts()
    assert 0.2 < accounts.height / COUNT < 0.33
    assert (accounts["count"] >= 2).mean() > 0.3


def test_dozens_are_behind_the_busiest_addresses(holders: pl.DataFrame) -> None:
    """At a twentieth of the contract's scale; at all of it they are hundreds and thousands."""
    sizes = holders.unique("ip")["held"]
    shared = sizes.filter(sizes >= 3)
    assert shared.median() > 5
    assert 50 < sizes.max() < 300


def test_who_shares_an_address_lives_in_one_country_and_shares_nothing_else(
    people: pl.DataFrame, holders: pl.DataFrame
) -> None:
    """Cards and mail are each account's own."""
    busiest = holders.sort("held", "ip", descending=True)["ip"][0]
    behind = people[holders.filter(pl.col("ip") == busiest)["account"].to_numpy()]
    assert behind["phone_country"].n_unique() == 1
    cards = behind["payment_fingerprint"].drop_nulls()
    assert cards.n_unique() == len(cards)
    assert behind["email_hash"].is_unique().all()


def test_every_cohort_meets_the_same_carriers() -> None:
    """Addresses are the carriers', not the draw's: strangers of other shards share them too."""
    first, second = (
        set(
            draw_individuals(
                np.random.default_rng(seed), FORTNIGHT, count=4_000, volume=Volume(9.0)
            )["addresses"]
            .drop_nulls()
            .explode()
        )
        for seed in (1, 2)
    )
    assert len(first & second) > 0.7 * len(first)


def test_carriers_cost_a_line_in_the_number_of_accounts() -> None:
    """Eight times the accounts take less than sixteen times as long: of the processor, at best."""
    took = []
    for count in (20_000, 160_000):
        rng = np.random.default_rng(3)
        few = draw_people(rng, FORTNIGHT, count=2_000, role="benign-individual", volume=Volume(9.0))
        many = pl.concat([few] * (count // 2_000))
        tries = []
        for _ in range(3):
            began = time.process_time()
            lay_carriers(rng, many)
            tries.append(time.process_time() - began)
        took.append(min(tries))
    assert took[1] < 16 * max(took[0], 0.02)
