"""Applications that a clock runs: even volumes, hours of each account's own, and nobody's hand."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.cohorts import wording
from stillwatch_lab.cohorts.groups import GroupOrder, draw_group
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.cohorts.lookalikes.applications.by_the_clock import PURPOSES
from stillwatch_lab.cohorts.lookalikes.registry import LOOK_ALIKES, TIED, USUAL
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.cohorts.rows import unite
from stillwatch_lab.rhythms.schedules import draw_schedule_times
from stillwatch_lab.scene import DAY_S, FORTNIGHT, MINUTE_S
from stillwatch_lab.shards import Cohort, Shard
from stillwatch_lab.text.paraphrases import Phrasebook, phrasebook
from stillwatch_lab.traffic.draw import draw_traffic

EXITS = draw_vpn_exits(np.random.default_rng(1))
GROUPS = 120
MEAN = 200.0
LANES = pl.col("lanes").fill_null(0)


def draw(seed: int, *, size: int = 40, mean: float = MEAN) -> pl.DataFrame:
    """Draw one application's customers."""
    order = GroupOrder(0, "by-the-clock", size, 1.0)
    rng = np.random.default_rng(seed)
    return draw_group(rng, FORTNIGHT, order, volume=Volume(mean), exits=EXITS)[0]


def send(users: pl.DataFrame, seed: int = 3) -> pl.DataFrame:
    """Draw what they send in a fortnight."""
    cohort = Cohort(users, grants=())
    shard = Shard(lambda *_: cohort, 0.0)
    return draw_traffic(np.random.default_rng(seed), cohort, FORTNIGHT, shard=shard)


@cache
def find(job: str, items: str) -> pl.DataFrame:
    """Find the first application of a purpose."""
    wanted = {"queue": LANES > 1, "course": LANES == 1, "own": pl.col("pool_items") == 0}
    is_so = (pl.col("job") == job) & wanted[items]
    return next(users for seed in range(400) if (users := draw(seed)).select(is_so.all()).item())


@pytest.fixture(scope="module")
def applications() -> list[pl.DataFrame]:
    """A hundred and twenty applications of forty customers each."""
    return [draw(seed) for seed in range(GROUPS)]


def share(applications: list[pl.DataFrame], is_so: pl.Expr) -> float:
    """Give the share of applications of whose customers all are so."""
    return float(np.mean([users.select(is_so.all()).item() for users in applications]))


def test_the_text_is_the_applications_and_the_customer_is_his_own(
    applications: list[pl.DataFrame],
) -> None:
    """One opening, a few endings; own cards, mail, homes, days of sign-up; nobody's owner."""
    for users in applications:
        for shared in ("prefix", "job", "tools", "fires", "jitter_s", "weekend", "rhythm"):
            assert users[shared].n_unique() == 1, shared
        assert 1 <= users["suffix"].n_unique() <= 3
        for own in ("email_hash", "home", "voice", "created_s"):
            assert users[own].n_unique() == users.height, own
        assert users["payment_fingerprint"].drop_nulls().is_unique().all()
        for nobodys in ("org_id", "gateway", "campaign", "sends_as", "clock"):
            assert users[nobodys].null_count() == users.height, nobodys
    assert len({users["prefix"][0] for users in applications}) == GROUPS
    assert "by-the-clock" not in {*USUAL, *TIED}
    assert LOOK_ALIKES["by-the-clock"].grant is None


def test_four_in_ten_ask_as_a_harvest_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many take their text from the book from which harvests take theirs."""
    asked: list[int] = []

    def open_book() -> Phrasebook:
        asked.append(1)
        return phrasebook()

    monkeypatch.setattr(wording, "phrasebook", open_book)
    for seed in range(GROUPS):
        draw(seed, size=5)
    assert 0.3 < len(asked) / GROUPS < 0.5


def test_purposes_vary_and_so_does_what_is_shared(applications: list[pl.DataFrame]) -> None:
    """Every purpose is there; items, servers, clients and how often they fire differ."""
    assert sum(one.share for one in PURPOSES) == pytest.approx(1.0)
    assert len({one.name for one in PURPOSES}) == 5
    assert {users["job"][0] for users in applications} == {one.job for one in PURPOSES}
    assert {users["fires"][0] for users in applications} >= {1, 2, 3, 6, 8, 12}
    assert 0.08 < share(applications, LANES > 1) < 0.25
    assert 0.08 < share(applications, LANES == 1) < 0.25
    assert 0.4 < share(applications, pl.col("pool_items") == 0) < 0.75
    assert 0.1 < share(applications, pl.col("address_share") == 1.0) < 0.4
    assert 0.65 < share(applications, pl.col("agent") == pl.col("agent").first()) < 0.95
    assert 0.07 < share(applications, pl.col("weekend") == 0.0) < 0.35


@pytest.mark.parametrize(("job", "items"), [("rewriting", "own"), ("problem", "queue")])
def test_each_clock_keeps_its_time_and_no_two_have_the_same(job: str, items: str) -> None:
    """Times folded by the clock's period hardly spread in an account, and do between accounts."""
    users = find(job, items)
    sent = send(users)
    angle = 2 * np.pi * sent["at_s"] / (DAY_S / users["fires"][0])
    turned = sent.select("account", east=angle.cos(), north=angle.sin())
    means = turned.group_by("account").mean()
    kept = (means["east"] ** 2 + means["north"] ** 2).sqrt()
    assert kept.min() > 0.99
    if items == "queue":
        assert np.hypot(means["east"].mean(), means["north"].mean()) < 0.4
    minute = (users["phase_s"] // MINUTE_S).n_unique()
    assert minute > 0.4 * users.height


def test_people_set_their_briefings_for_the_morning_where_they_live() -> None:
    """Whole five minutes, about seven by the customer's own clock."""
    users = find("rewriting", "own")
    local = (users["phase_s"] / 3_600 + users["zone"]).to_numpy() % 24
    assert (users["phase_s"] % 300 == 0).all()
    assert abs(np.median(local) - 6.8) < 1.0
    assert ((local > 3) & (local < 11)).mean() > 0.95


def test_volumes_are_even(applications: list[pl.DataFrame]) -> None:
    """Of those who are there through the run: logarithms of counts spread by 0.25 at most."""
    spreads = []
    for users in applications[:16]:
        there = (users["created_s"] < 0) & users["closed_s"].is_null()
        sent = send(users)["account"].value_counts().sort("account")
        count = np.zeros(users.height)
        count[sent["account"].to_numpy()] = sent["count"].to_numpy()
        spreads.append(np.log(count[there.to_numpy()]).std())
        assert count.mean() == pytest.approx(MEAN, rel=0.12)
    assert max(spreads) < 0.25
    assert np.median(spreads) < 0.15


def test_a_queue_gives_out_each_task_once_and_a_course_sends_all_the_same() -> None:
    """Of a queue's tasks next to none comes from two machines; a course's from nearly everybody."""
    for job, items in (("problem", "queue"), ("quiz", "course")):
        users = find(job, items)
        sent = send(users)
        sent = sent.with_columns(users["suffix"].gather(sent["account"]))
        sent = sent.select("account", body=pl.col("prompt").str.strip_suffix(pl.col("suffix")))
        met = sent.group_by("body").agg(pl.col("account").n_unique())["account"]
        if items == "queue":
            assert (met > 1).mean() < 0.02
        else:
            assert met.median() > 0.7 * users.height


def test_a_firing_is_some_requests_within_minutes_and_days_off_are_kept() -> None:
    """What a clock starts is over soon; clocks that rest at weekends send nothing then."""
    users = find("rewriting", "own").with_columns(pl.lit(0.0).alias("weekend"), zone=pl.lit(0.0))
    users = users.with_columns(created_s=pl.lit(-DAY_S), closed_s=pl.lit(None, pl.Float64))
    account, at_s, begins = draw_schedule_times(np.random.default_rng(2), users, FORTNIGHT)
    assert set((at_s // DAY_S % 7).astype(int).tolist()) == set(range(5))
    firing = np.cumsum(begins)
    took = pl.DataFrame({"firing": firing, "at": at_s}).group_by("firing").agg(
        pl.col("at").max() - pl.col("at").min(), pl.col("at").len().alias("n")
    )  # fmt: skip
    assert took["n"].mean() > 2
    assert took["at"].max() < 10 * MINUTE_S
    assert (np.bincount(account) > 0).all()


def test_nobody_sends_before_the_sign_up_or_after_the_end() -> None:
    """A clock starts when its account does; what another shard sends isn't sent twice."""
    users = find("problem", "queue").with_columns(
        created_s=pl.lit(5 * DAY_S), closed_s=pl.lit(9 * DAY_S),
        volume=pl.when(pl.int_range(pl.len()) % 2 == 0).then("volume").otherwise(0.0),
    )  # fmt: skip
    account, at_s, begins = draw_schedule_times(np.random.default_rng(2), users, FORTNIGHT)
    assert (at_s > 5 * DAY_S).all()
    assert (at_s < 9 * DAY_S).all()
    assert (account % 2 == 0).all()
    assert begins[np.flatnonzero(np.diff(account, prepend=-1))].all()


def test_a_seed_gives_the_same_customers_and_traffic() -> None:
    """Drawn again: equal, frame for frame; another seed: not."""
    users = draw(11)
    assert users.equals(draw(11))
    assert send(users).equals(send(users))
    assert not users.equals(draw(12))


def test_clocks_stand_beside_others_without_moving_them() -> None:
    """In one cohort with another kind, each kind sends in its own way."""
    order = GroupOrder(1, "own-keys", 20, 1.0)
    others, _ = draw_group(
        np.random.default_rng(4), FORTNIGHT, order, volume=Volume(40.0), exits=EXITS
    )
    both = unite([others, draw(7)])
    sent = send(both)
    clocks = sent.filter(pl.col("account") >= 20)
    assert clocks["account"].n_unique() == 40
    assert set(sent["account"]) >= set(range(20))


def test_small_volumes_fire_on_some_days_alone() -> None:
    """Less than a request a day: one firing a day at most, and some days without any."""
    users = draw(5, mean=7.0)
    assert (users["fires"] == 1).all()
    sent = send(users)
    assert sent.height / users.height == pytest.approx(7.0, rel=0.2)
