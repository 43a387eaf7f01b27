"""People of a marketplace for work: strangers, one list, and what failed is taken by another."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.cohorts.groups import GroupOrder, draw_group
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.cohorts.lookalikes.applications.crowd_work import TASKS
from stillwatch_lab.cohorts.lookalikes.registry import LOOK_ALIKES, TIED, USUAL
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.scene import FORTNIGHT, HOUR_S
from stillwatch_lab.shards import Cohort, Shard
from stillwatch_lab.traffic.draw import draw_traffic
from stillwatch_lab.traffic.failures import add_failures

EXITS = draw_vpn_exits(np.random.default_rng(1))
GROUPS = 120
AGAIN_AT_ONCE_S = 200.0
"""Beyond it nobody tries again himself, but for one in a thousand million."""


def draw(seed: int, *, size: int = 40, mean: float = 120.0) -> pl.DataFrame:
    """Draw the people of one list."""
    order = GroupOrder(0, "crowd-work", size, 1.0)
    rng = np.random.default_rng(seed)
    return draw_group(rng, FORTNIGHT, order, volume=Volume(mean), exits=EXITS)[0]


def send(people: pl.DataFrame) -> pl.DataFrame:
    """Draw what they send in a fortnight."""
    cohort = Cohort(people, grants=())
    shard = Shard(lambda *_: cohort, 0.0)
    return draw_traffic(np.random.default_rng(3), cohort, FORTNIGHT, shard=shard)


@pytest.fixture(scope="module")
def lists() -> list[pl.DataFrame]:
    """A hundred and twenty lists of forty people each."""
    return [draw(seed) for seed in range(GROUPS)]


def test_one_list_and_each_of_its_people_a_stranger(lists: list[pl.DataFrame]) -> None:
    """One guideline and one list; own cards, mail, homes, days of sign-up; nobody's owner."""
    for people in lists:
        for shared in ("prefix", "job", "pool", "pool_items", "worklist", "lanes"):
            assert people[shared].n_unique() == 1, shared
        assert people["returned_s"].n_unique() == 1
        for own in ("email_hash", "home", "created_s", "peak"):
            assert people[own].n_unique() == people.height, own
        assert people["payment_fingerprint"].drop_nulls().is_unique().all()
        for nobodys in ("org_id", "gateway", "campaign", "sends_as", "clock", "fires"):
            assert people[nobodys].null_count() == people.height, nobodys
    assert len({people["worklist"][0] for people in lists}) == GROUPS
    assert "crowd-work" not in {*USUAL, *TIED}
    assert LOOK_ALIKES["crowd-work"].grant is None


def test_lists_differ(lists: list[pl.DataFrame]) -> None:
    """Every kind of task; seven in ten take back what failed, from seconds to hours."""
    assert sum(one.share for one in TASKS) == pytest.approx(1.0)
    assert {people["job"][0] for people in lists} == {one.job for one in TASKS}
    back = np.array([people["returned_s"][0] for people in lists], np.float64)
    assert 0.55 < np.mean(~np.isnan(back)) < 0.85
    known = back[~np.isnan(back)]
    assert known.min() < 60.0
    assert known.max() > HOUR_S
    assert {people["lanes"][0] for people in lists} == {40, 20, 13}
    one_zone = np.mean([people["zone"].n_unique() == 1 for people in lists])
    assert 0.25 < one_zone < 0.55


def test_no_task_comes_oftener_than_answers_are_compared(lists: list[pl.DataFrame]) -> None:
    """Counted by whom it comes from, requests that failed aside."""
    for compared in (1, 2, 3):
        people = next(
            one
            for one in lists
            if one["lanes"][0] == 40 // compared and one["returned_s"][0] is None
        )
        sent = send(people).group_by("prompt").agg(pl.col("account").n_unique().alias("senders"))
        assert sent["senders"].quantile(0.99) <= compared + 1
        if compared == 1:
            assert (sent["senders"] > 1).mean() < 0.03


def test_what_failed_is_taken_by_another_or_tried_again_by_oneself(
    lists: list[pl.DataFrame],
) -> None:
    """Where lists take it back nearly all is moved, to people at work, about when it is there."""
    slow = next(one for one in lists if (one["returned_s"][0] or 0.0) > HOUR_S)
    kept = next(one for one in lists if one["returned_s"][0] is None)
    for people, moves in ((slow, True), (kept, False)):
        account = np.arange(people.height).repeat(2_000)
        at_s = np.random.default_rng(4).uniform(0.0, FORTNIGHT.end_s, len(account))
        arrivals = pl.DataFrame({"account": account, "at_s": at_s})
        queue = add_failures(np.random.default_rng(2), arrivals, people=people)
        again = queue[len(account) :]
        before = again["text"].to_numpy()
        moved = account[before] != again["account"].to_numpy()
        wait = again["at_s"].to_numpy() - at_s[before]
        assert (wait > 0).all()
        assert (moved.mean() > 0.98) if moves else not moved.any()
        if moves:
            assert np.mean(wait[moved]) == pytest.approx(slow["returned_s"][0], rel=0.15)
        else:
            assert wait.max() < AGAIN_AT_ONCE_S
            assert np.array_equal(account[before], again["account"].to_numpy())


def test_who_is_alone_with_a_list_tries_again_himself() -> None:
    """Nobody is there to take it, and nobody else's list is taken from."""
    people = pl.DataFrame(
        {"gateway": [None] * 3, "worklist": [1, 2, None], "returned_s": [60.0, 60.0, None]},
        schema={"gateway": pl.Int64, "worklist": pl.Int64, "returned_s": pl.Float64},
    )
    account = np.arange(3).repeat(3_000)
    at_s = np.random.default_rng(4).uniform(0.0, FORTNIGHT.end_s, len(account))
    arrivals = pl.DataFrame({"account": account, "at_s": at_s})
    again = add_failures(np.random.default_rng(2), arrivals, people=people)[len(account) :]
    assert np.array_equal(account[again["text"].to_numpy()], again["account"].to_numpy())
    assert again.height > 50


def test_a_gateway_beside_a_list_keeps_its_own_and_the_list_too() -> None:
    """Small groups are drawn together: keys hand on among keys, and people among people."""
    people = pl.DataFrame(
        {
            "gateway": [7, 7, None, None, None],
            "worklist": [None, None, 1, 1, None],
            "returned_s": [None, None, 60.0, 60.0, None],
        },
        schema={"gateway": pl.Int64, "worklist": pl.Int64, "returned_s": pl.Float64},
    )
    account = np.arange(5).repeat(3_000)
    at_s = np.random.default_rng(4).uniform(0.0, FORTNIGHT.end_s, len(account))
    arrivals = pl.DataFrame({"account": account, "at_s": at_s})
    again = add_failures(np.random.default_rng(2), arrivals, people=people)[len(account) :]
    before, after = account[again["text"].to_numpy()], again["account"].to_numpy()
    other = np.array([1, 0, 3, 2, 4])
    assert np.mean(after == other[before]) > 0.99
    assert set(after[before == 2]) <= {2, 3}
    assert np.array_equal(after[before == 4], before[before == 4])


def test_people_are_uneven_by_day_and_by_account(lists: list[pl.DataFrame]) -> None:
    """Each has his days: counts of a day vary three times as much as those of lots would."""
    for people in lists[:6]:
        there = people.with_row_index("account").filter(
            pl.col("created_s") < 0, pl.col("closed_s").is_null()
        )
        sent = send(people).filter(pl.col("account").is_in(there["account"].cast(pl.Int64)))
        day = (sent["at_s"].to_numpy() // 86_400.0).astype(np.int64)
        counts = np.zeros((people.height, FORTNIGHT.days + 1))
        np.add.at(counts, (sent["account"].to_numpy(), day), 1)
        counts = counts[:, : FORTNIGHT.days]
        means = counts.mean(axis=1)
        busy = means > 1.0
        ratio = counts[busy].var(axis=1, ddof=1) / means[busy]
        assert np.median(ratio) > 3.0
