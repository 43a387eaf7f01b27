"""Applications on their users' own keys: one text around everybody's items, and nobody's hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.cohorts.groups import GroupOrder, draw_group
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.cohorts.lookalikes.applications.own_keys import PURPOSES
from stillwatch_lab.cohorts.lookalikes.registry import LOOK_ALIKES, TIED, USUAL
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.scene import DAY_S, FORTNIGHT
from stillwatch_lab.shards import Cohort, Shard
from stillwatch_lab.traffic.draw import draw_traffic

EXITS = draw_vpn_exits(np.random.default_rng(1))
GROUPS = 120


def draw(seed: int, *, size: int = 60) -> pl.DataFrame:
    """Draw one application's users."""
    order = GroupOrder(0, "own-keys", size, 1.0)
    rng = np.random.default_rng(seed)
    return draw_group(rng, FORTNIGHT, order, volume=Volume(40.0), exits=EXITS)[0]


@pytest.fixture(scope="module")
def applications() -> list[pl.DataFrame]:
    """A hundred and twenty applications of sixty users each."""
    return [draw(seed) for seed in range(GROUPS)]


def share(applications: list[pl.DataFrame], is_so: pl.Expr) -> float:
    """Give the share of applications of whose users all are so."""
    return float(np.mean([users.select(is_so.all()).item() for users in applications]))


def test_the_text_is_the_applications_and_all_else_the_users(
    applications: list[pl.DataFrame],
) -> None:
    """One opening and kind of work; own cards, mail and homes; no owner, no gateway."""
    for users in applications:
        for shared in ("prefix", "job", "tools", "path", "group"):
            assert users[shared].n_unique() == 1, shared
        assert 1 <= users["suffix"].n_unique() <= 3
        for own in ("email_hash", "home", "voice"):
            assert users[own].n_unique() == users.height, own
        assert users["payment_fingerprint"].drop_nulls().is_unique().all()
        for nobodys in ("org_id", "gateway", "campaign", "sends_as"):
            assert users[nobodys].null_count() == users.height, nobodys
    assert len({users["prefix"][0] for users in applications}) == GROUPS
    assert {users["job"][0] for users in applications} == {one.job for one in PURPOSES}
    assert "own-keys" not in {*USUAL, *TIED}
    assert LOOK_ALIKES["own-keys"].grant is None


def test_they_differ_in_what_joins_their_users(applications: list[pl.DataFrame]) -> None:
    """Lessons, banks of items, servers of the maker, a client: some have one, and some none."""
    assert sum(one.share for one in PURPOSES) == pytest.approx(1.0)
    lessons = share(applications, pl.col("peak").is_not_null())
    banks = share(applications, pl.col("pool_items") > 0)
    served = share(applications, pl.col("address_share") == 1.0)
    one_client = share(applications, pl.col("agent") == pl.col("agent").first())
    assert 0.12 < lessons < 0.4
    assert 0.1 < banks < 0.35
    assert 0.15 < served < 0.4
    assert 0.6 < one_client < 0.95
    spreads = [float(np.log(users["volume"].to_numpy()).std()) for users in applications]
    assert 0.25 < np.mean(np.array(spreads) < 0.9) < 0.65


def test_they_sign_up_when_each_will_or_in_the_weeks_of_a_term(
    applications: list[pl.DataFrame],
) -> None:
    """A quarter within a term's weeks; nobody of whom a link is known signed up years ago."""
    spans = np.array(
        [users["created_s"].max() - users["created_s"].min() for users in applications]
    )
    assert 0.12 < np.mean(spans < 31 * DAY_S) < 0.4
    assert 0.3 < np.mean(spans > 500 * DAY_S) < 0.7
    for users in applications:
        linked = users.filter(pl.col("referrer").str.starts_with("app-"))
        assert linked["referrer"].n_unique() <= 1
        assert (linked["created_s"] > -520 * DAY_S).all()


def test_pupils_of_lessons_come_in_the_same_hours_and_send_items_of_the_bank() -> None:
    """Most that they send falls in few hours of the day; a bank's items come from many pupils."""
    seed = next(
        seed for seed in range(400)
        if (users := draw(seed))["peak"].is_not_null().all() and users["pool_items"][0] > 0
    )  # fmt: skip
    users = draw(seed)
    cohort = Cohort(users, grants=())
    shard = Shard(lambda *_: cohort, 0.0)
    sent = draw_traffic(np.random.default_rng(3), cohort, FORTNIGHT, shard=shard)
    hours = (sent["at_s"] // 3_600 % 24).cast(pl.Int64).value_counts()["count"].sort()
    assert hours.tail(8).sum() > 0.55 * sent.height
    again = sent.group_by("prompt").agg(pl.col("account").n_unique())["account"]
    assert again.max() >= 3
    assert sent["prompt"].str.starts_with(users["prefix"][0]).all()
