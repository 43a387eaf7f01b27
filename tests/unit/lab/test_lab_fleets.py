"""One customer's workers at several sites: one queue, a home each site, and somebody who stands."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.cohorts.groups import GroupOrder, draw_group
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.cohorts.lookalikes.registry import LOOK_ALIKES, UNOWNED
from stillwatch_lab.cohorts.people import FREE_MAIL, Volume
from stillwatch_lab.scene import FORTNIGHT

EXITS = draw_vpn_exits(np.random.default_rng(1))
GROUPS = 60


@pytest.fixture(scope="module", params=["fleet", "card-fleet"])
def fleets(request: pytest.FixtureRequest) -> list[pl.DataFrame]:
    """Sixty fleets of one kind, of 4 to 40 keys."""
    sizes = np.random.default_rng(4).integers(4, 41, GROUPS)
    return [
        draw_group(
            np.random.default_rng(seed),
            FORTNIGHT,
            GroupOrder(0, request.param, int(size), LOOK_ALIKES[request.param].times),
            volume=Volume(40.0),
            exits=EXITS,
        )[0]
        for seed, size in enumerate(sizes)
    ]


def subnets(keys: pl.DataFrame) -> pl.Series:
    """The /24 of each key's first address."""
    return keys["addresses"].list.first().str.extract(r"^(.*)\.\d+$")


def test_one_queue_runs_through_all_keys_of_a_fleet_and_no_others(
    fleets: list[pl.DataFrame],
) -> None:
    """Each fleet has one queue and one clock, its own."""
    queues = [keys["gateway"].unique().to_list() for keys in fleets]
    assert all(len(own) == 1 and own[0] is not None for own in queues)
    assert len({own[0] for own in queues}) == GROUPS
    assert all(keys["clock"].n_unique() == 1 for keys in fleets)


def test_every_site_is_a_subnet_with_keys(fleets: list[pl.DataFrame]) -> None:
    """Two to five, spread evenly; an address is of one site."""
    for keys in fleets:
        sizes = subnets(keys).value_counts()["count"]
        assert 2 <= len(sizes) <= 5
        assert sizes.max() - sizes.min() <= 1
    assert {subnets(keys).n_unique() for keys in fleets} == {2, 3, 4, 5}


def test_half_of_the_fleets_have_an_image_a_site(fleets: list[pl.DataFrame]) -> None:
    """A site never has two clients; a fleet has one, or as many as sites but for chance."""
    own = []
    for keys in fleets:
        seen = keys.select("agent", site=subnets(keys)).unique()
        assert len(seen) == seen["site"].n_unique()
        own.append(seen["agent"].n_unique() > 1)
    assert 0.3 < np.mean(own) < 0.7


def test_somebody_stands_for_every_fleet() -> None:
    """An organisation for all keys, or one card and mail at public providers."""
    for name, declared in (("fleet", True), ("card-fleet", False)):
        order = GroupOrder(0, name, 20, 2.0)
        rng = np.random.default_rng(7)
        keys = draw_group(rng, FORTNIGHT, order, volume=Volume(40.0), exits=EXITS)[0]
        assert keys["payment_fingerprint"].n_unique() == 1
        assert (keys["org_id"].null_count() == 0) is declared
        assert (set(keys["email_domain"]) <= set(FREE_MAIL)) is not declared
        assert set(keys["role"]) == {LOOK_ALIKES[name].role}
    assert "card-fleet" in UNOWNED
    assert "fleet" not in UNOWNED
