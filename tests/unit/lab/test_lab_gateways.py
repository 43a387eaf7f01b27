"""A gateway with several keys hands refused requests to another of its keys; people don't."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.cohorts.groups import GroupOrder, draw_group
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.cohorts.lookalikes.registry import LOOK_ALIKES, UNOWNED
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.scene import FORTNIGHT
from stillwatch_lab.traffic.failures import add_failures

EXITS = draw_vpn_exits(np.random.default_rng(1))


def draw(kind: str, size: int, *, seed: int = 5) -> pl.DataFrame:
    """Draw one group of a kind."""
    order = GroupOrder(0, kind, size, LOOK_ALIKES[kind].times)
    rng = np.random.default_rng(seed)
    return draw_group(rng, FORTNIGHT, order, volume=Volume(40.0), exits=EXITS)[0]


def behind(gateway: pl.Series) -> pl.DataFrame:
    """Lay gateways behind accounts that take from no list."""
    nowhere = pl.lit(None, pl.Float64).alias("returned_s")
    return pl.DataFrame({"gateway": gateway}).with_columns(nowhere, worklist="gateway")


def resend(gateway: pl.Series, *, each: int = 2_000) -> tuple[np.ndarray, np.ndarray]:
    """Send as many requests an account; give who was refused, and who sent it again."""
    account = np.repeat(np.arange(len(gateway)), each)
    arrivals = pl.DataFrame({"account": account, "at_s": np.arange(len(account)) * 60.0})
    queue = add_failures(np.random.default_rng(2), arrivals, people=behind(gateway))
    again = queue[len(account) :]
    return account[again["text"].to_numpy()], again["account"].to_numpy()


def test_refused_requests_go_to_another_key_of_the_same_gateway_and_to_nobody_else() -> None:
    """Two gateways and five people: every key hands on to all others of its own in turn."""
    gateway = pl.Series([7, None, 7, 9, None, 9, 7, None, None, None, 9], dtype=pl.Int64)
    before, after = resend(gateway)
    own = gateway.fill_null(-1).to_numpy()
    people = own[before] < 0
    assert np.array_equal(before[people], after[people])
    assert np.array_equal(own[before], own[after])
    assert np.all(before[~people] != after[~people])
    assert set(after[before == 0]) == {2, 6}


def test_a_gateway_with_one_key_sends_it_again_there() -> None:
    """There is no other."""
    before, after = resend(pl.Series([3, None], dtype=pl.Int64))
    assert np.array_equal(before, after)


def test_handing_on_moves_no_other_draw() -> None:
    """Statuses and times are the same with and without gateways."""
    arrivals = pl.DataFrame({"account": np.arange(4).repeat(500), "at_s": np.arange(2_000.0)})
    plain, handed = (
        add_failures(
            np.random.default_rng(4), arrivals, people=behind(pl.Series(own, dtype=pl.Int64))
        )
        for own in ([None] * 4, [1] * 4)
    )
    assert plain.drop("account").equals(handed.drop("account"))


@pytest.mark.parametrize("kind", ["load-balanced", "open-keys", "resale", "relay", "partner"])
def test_some_programs_with_several_keys_fall_back_and_some_do_not(kind: str) -> None:
    """One gateway for all keys of a group, or none."""
    drawn = [draw(kind, 8, seed=seed)["gateway"] for seed in range(12)]
    assert all(own.n_unique() == 1 for own in drawn)
    assert {own.null_count() > 0 for own in drawn} == {True, False}


def test_a_pool_of_lent_keys_is_of_strangers_behind_one_gateway() -> None:
    """Own cards, mail and days of sign-up; one address list, one client, one gateway."""
    pool = draw("key-pool", 30)
    for own in ("email_hash", "created_s", "home"):
        assert pool[own].n_unique() == 30
    cards = pool["payment_fingerprint"].drop_nulls()
    assert cards.n_unique() == len(cards)
    assert pool["org_id"].null_count() == 30
    for common in ("agent", "fingerprint", "gateway", "addresses"):
        assert pool[common].n_unique() == 1
    assert pool["end_users"].min() > 0
    assert "key-pool" in UNOWNED
