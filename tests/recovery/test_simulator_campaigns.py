"""Knobs of a campaign's plan, recovered from the traffic that it makes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.cohorts.campaigns import Plan, draw_heads
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.scenarios.plans import DEMO_PLANS, TRIAL_PLANS
from stillwatch_lab.scene import DAY_S, HOUR_S, WEEK
from stillwatch_lab.traffic.failures import add_failures
from stillwatch_lab.traffic.harvests import draw_harvest

BASE = Plan(name="made", heads=80, per_day=10.0, work="code", schedule="round_robin")


def heads_of(plan: Plan, *, seed: int = 5) -> pl.DataFrame:
    """The heads of a plan, in a week."""
    rng = np.random.default_rng(seed)
    return draw_heads(rng, WEEK, plan, count=plan.heads, exits=draw_vpn_exits(rng))


def harvest_of(plan: Plan, heads: pl.DataFrame, *, seed: int = 6) -> pl.DataFrame:
    """Who sends when."""
    return draw_harvest(np.random.default_rng(seed), plan, heads, WEEK)


@pytest.mark.parametrize("schedule", ["round_robin", "queue", "human"])
def test_exchanges_per_head_and_day_are_recovered(schedule: str) -> None:
    """Ten a day, within 5 %, whoever hands out the work."""
    plan = replace(BASE, schedule=schedule)
    harvest = harvest_of(plan, heads_of(plan))
    assert harvest.height / (80 * 7) == pytest.approx(10.0, rel=0.05)


def test_taking_turns_is_more_even_than_chance_and_human_hours_are_not() -> None:
    """Dispersion of exchanges per head: far below 1 in rotation, about 1 where heads are people."""
    spread = {}
    for schedule in ("round_robin", "human"):
        plan = replace(BASE, schedule=schedule)
        counts = harvest_of(plan, heads_of(plan))["account"].value_counts()["count"].to_numpy()
        spread[schedule] = counts.var() / counts.mean()
    assert spread["round_robin"] < 0.05
    assert 0.4 < spread["human"] < 2.0


def test_rotation_keeps_its_order_and_a_queue_does_not() -> None:
    """In rotation the next head is always the same one."""
    followers = {}
    for schedule in ("round_robin", "queue"):
        plan = replace(BASE, schedule=schedule)
        order = harvest_of(plan, heads_of(plan))["account"].to_list()
        followers[schedule] = len(set(pairwise(order)))
    assert followers["round_robin"] == 80
    assert followers["queue"] > 1_500


def test_banned_heads_stop_and_their_successors_take_over() -> None:
    """No harvest of a closed account, none before a successor exists, and the work goes on."""
    plan = replace(BASE, banned=0.25, ban_day=3.0)
    heads = heads_of(plan)
    harvest = harvest_of(plan, heads)
    heirs = heads.with_row_index("row").filter(pl.col("replaces").is_not_null())
    assert heirs.height == 20
    joined = harvest.join(heads.with_row_index("account").cast({"account": pl.Int64}), on="account")
    assert joined.filter(pl.col("at_s") >= pl.col("closed_s")).height == 0
    assert joined.filter(pl.col("at_s") < pl.col("from_s")).height == 0
    late = harvest.filter(pl.col("at_s") > 4 * DAY_S)
    assert set(heirs["row"]) <= set(late["account"])


def test_regular_signups_are_more_even_than_chance() -> None:
    """Gaps between sign-ups vary by a tenth; in weeks drawn by chance by about their mean."""
    gaps = {}
    for signup in ("regular", "weeks"):
        created = np.sort(heads_of(replace(BASE, signup=signup))["created_s"].to_numpy())
        gap = np.diff(created)
        gaps[signup] = gap.std() / gap.mean()
    assert gaps["regular"] < 0.15
    assert gaps["weeks"] > 0.6


def counts_of(plan: Plan) -> np.ndarray:
    """Harvest exchanges of each head in a week."""
    heads = heads_of(plan)
    return np.bincount(harvest_of(plan, heads)["account"].to_numpy(), minlength=heads.height)


@pytest.mark.parametrize("sigma", [0.4, 1.0])
@pytest.mark.parametrize("schedule", ["round_robin", "queue", "human", "lockstep"])
def test_the_spread_of_volumes_is_recovered(schedule: str, sigma: float) -> None:
    """Standard deviation of the logarithms of 300 heads' volumes, within 15 %; the mean stays."""
    plan = replace(BASE, heads=300, per_day=40.0, sigma=sigma, schedule=schedule)
    counts = counts_of(plan)
    assert np.log(counts[counts > 0]).std() == pytest.approx(sigma, rel=0.15)
    assert counts.mean() == pytest.approx(280, rel=0.05)


@pytest.mark.parametrize("schedule", ["queue", "human"])
def test_the_days_of_work_are_recovered(schedule: str) -> None:
    """From the second day at noon for three days; nothing before, nothing after."""
    plan = replace(BASE, schedule=schedule, begins=1.5, lasts=3.0)
    at_s = harvest_of(plan, heads_of(plan))["at_s"]
    assert at_s.min() / DAY_S == pytest.approx(1.5, abs=0.05)
    assert at_s.max() / DAY_S == pytest.approx(4.5, abs=0.05)
    assert len(at_s) == pytest.approx(80 * 30, rel=0.06)


@pytest.mark.parametrize("schedule", ["queue", "human"])
def test_a_ramp_grows_evenly_and_keeps_the_total(schedule: str) -> None:
    """Over four of seven days: a tenth comes by the second day, two fifths by the fourth."""
    plan = replace(BASE, heads=200, schedule=schedule, ramp_days=4.0)
    at_s = harvest_of(plan, heads_of(plan))["at_s"].to_numpy()
    assert (at_s < 2 * DAY_S).mean() == pytest.approx(0.5 / 5.0, abs=0.05)
    assert (at_s < 4 * DAY_S).mean() == pytest.approx(2.0 / 5.0, abs=0.1)
    assert len(at_s) == pytest.approx(200 * 70, rel=0.06)


@pytest.mark.parametrize("schedule", ["queue", "human"])
def test_the_share_of_days_at_rest_is_recovered(schedule: str) -> None:
    """Two fifths of the days of 300 heads are empty, within four points; the total stays."""
    plan = replace(BASE, heads=300, schedule=schedule, rests=0.4)
    harvest = harvest_of(plan, heads_of(plan))
    days = harvest.select("account", (pl.col("at_s") // DAY_S).alias("day")).unique().height
    assert 1 - days / (300 * 7) == pytest.approx(0.4, abs=0.04)
    assert harvest.height == pytest.approx(300 * 70, rel=0.06)


def test_low_and_slow_is_a_few_exchanges_a_week() -> None:
    """A third of an exchange a day, on half of the days: two a head in a week."""
    plan = replace(BASE, heads=1_600, per_day=0.3, rests=0.5, schedule="human")
    assert counts_of(plan).mean() == pytest.approx(2.1, rel=0.1)


def test_in_lockstep_all_heads_send_within_the_same_minute() -> None:
    """Each round of 80 takes a minute, and holds every head once."""
    plan = replace(BASE, schedule="lockstep")
    rounds = harvest_of(plan, heads_of(plan)).group_by(pl.col("place") // 80).agg(
        pl.col("account").n_unique(), span=pl.col("at_s").max() - pl.col("at_s").min()
    )  # fmt: skip
    assert rounds.height == 70
    assert rounds["account"].min() == 80
    assert rounds["span"].max() <= 60.0


def test_stretches_are_worked_by_one_head_each_and_a_queue_by_all() -> None:
    """Neighbouring items come from one account, or from another one."""
    same = {}
    for hands_out in ("items", "stretches"):
        plan = replace(BASE, hands_out=hands_out)
        account = harvest_of(plan, heads_of(plan)).sort("place")["account"].to_numpy()
        same[hands_out] = (np.diff(account) == 0).mean()
    assert same["stretches"] > 0.97
    assert same["items"] < 0.05


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_the_share_that_pivots_is_recovered(share: float) -> None:
    """Heads that take up the release within six hours; organic ones take days."""
    heads = heads_of(replace(BASE, heads=400, pivot_share=share))
    since = heads["adopts_s"].to_numpy() - WEEK.release_s
    assert (since < 6.1 * HOUR_S).mean() == pytest.approx(share, abs=0.1)


@pytest.mark.parametrize(("network", "addresses"), [("proxy", 1), ("pool", 20), ("pool", 900)])
def test_networks_have_as_many_addresses_as_planned(network: str, addresses: int) -> None:
    """One, twenty, or nine hundred of which each head uses a few dozen."""
    heads = heads_of(replace(BASE, heads=300, network=network, addresses=addresses))
    assert heads["addresses"].explode().n_unique() == pytest.approx(addresses, rel=0.02)
    assert heads["address_share"].min() > 0.9


def test_own_networks_and_cards_are_own() -> None:
    """Homes and instruments: one account each."""
    heads = heads_of(replace(BASE, heads=300))
    assert heads["addresses"].null_count() == 300
    assert heads["home"].n_unique() > 295
    assert heads["payment_fingerprint"].n_unique() == 300


@pytest.mark.parametrize(("clients", "least", "most"), [(-1, 1, 1), (5, 3, 5), (0, 30, 200)])
def test_clients_are_shared_as_planned(clients: int, least: int, most: int) -> None:
    """A stack of their own, five common ones, or whatever people have."""
    heads = heads_of(replace(BASE, heads=300, clients=clients))
    assert least <= heads.select("agent", "fingerprint").unique().height <= most


def test_heads_are_spread_over_the_access_paths() -> None:
    """A third each, within eight points."""
    paths = ("api", "cloud-east", "cloud-west")
    heads = heads_of(replace(BASE, heads=600, paths=paths))
    shares = heads["path"].value_counts(normalize=True)
    assert set(shares["path"]) == set(paths)
    assert all(share == pytest.approx(1 / 3, abs=0.08) for share in shares["proportion"])


@pytest.mark.parametrize("replaced", [0.0, 0.5, 1.0])
def test_the_share_of_banned_heads_that_are_replaced_is_recovered(replaced: float) -> None:
    """Of 40 banned heads none, twenty or all have a successor; the queue never stops for it."""
    plan = replace(BASE, heads=160, banned=0.25, replaced=replaced)
    heads = heads_of(plan)
    assert heads["closed_s"].drop_nulls().len() == 40
    assert heads["replaces"].drop_nulls().len() == round(40 * replaced)
    assert harvest_of(plan, heads).height == pytest.approx(160 * 70, rel=0.01)


@pytest.mark.parametrize("mixing", [0.0, 0.5, 0.8, 0.95])
def test_the_share_of_unrelated_traffic_is_recovered(mixing: float) -> None:
    """Expected exchanges that are no harvest, over all; each up to nineteen times the harvest."""
    plan = replace(BASE, mixing=mixing, per_day=12.0)
    unrelated = float(heads_of(plan)["volume"].sum())
    assert unrelated / (unrelated + 80 * 84) == pytest.approx(mixing, abs=0.01)


@pytest.mark.parametrize(("unrelated", "users"), [("customers", 400), ("own_life", 0)])
def test_unrelated_traffic_is_of_many_or_of_one(unrelated: str, users: int) -> None:
    """Hundreds of end users without a common topic, or a person with topics."""
    heads = heads_of(replace(BASE, mixing=0.5, unrelated=unrelated))
    assert set(heads["end_users"]) == {users}
    assert (heads["topic_1"] >= 0).all() == (users == 0)


@pytest.mark.parametrize("signup", ["bursts", "weeks", "aged"])
def test_signups_fall_into_their_days(signup: str) -> None:
    """Within the plan's days before the run; aged ones a month earlier."""
    plan = replace(BASE, heads=300, signup=signup, signup_days=20.0, signup_before=3.0)
    age = -heads_of(plan)["created_s"].to_numpy() / DAY_S
    least = 3.0 + (30.0 if signup == "aged" else 0.0)
    assert least - 0.2 < age.min() < least + 4.0
    assert least + 14.0 < age.max() < least + 20.1


@pytest.mark.parametrize(("passes_on", "share"), [(True, 0.95), (False, 0.0)])
def test_refused_requests_go_where_the_plan_sends_them(passes_on: bool, share: float) -> None:  # noqa: FBT001  a knob's two values
    """To another head that does the same kind of work, or back to the same one."""
    plan = replace(BASE, heads=200, per_day=40.0, also=("trace",), specialities=2)
    heads = heads_of(plan)
    queue = add_failures(np.random.default_rng(3), harvest_of(plan, heads), passes_on=passes_on)
    first, again = queue[: queue["text"].max() + 1], queue[queue["text"].max() + 1 :]
    before = first["account"].gather(again["text"])
    assert (again["account"] != before).mean() >= share
    assert passes_on or (again["account"] == before).all()
    assert (heads["speciality"].gather(again["account"]) == again["kind"]).all()
    assert again.height / first.height == pytest.approx(0.0102, rel=0.1)


def test_campaigns_of_one_proxy_have_its_addresses_and_clients_and_no_other_has() -> None:
    """Two campaigns that name it, drawn apart; one that names another; one that names none."""
    behind = replace(BASE, network="pool", addresses=200, clients=4)
    names = (("harbour",), ("harbour",), ("quay",), ())
    drawn = [heads_of(replace(behind, proxies=p), seed=k) for k, p in enumerate(names)]
    pools = [set(heads["addresses"].explode()) for heads in drawn]
    stacks = [set(heads["agent"] + heads["fingerprint"]) for heads in drawn]
    assert pools[0] == pools[1]
    assert stacks[0] == stacks[1]
    assert all(not pools[0] & other for other in pools[2:])
    assert set(drawn[0]["payment_fingerprint"]).isdisjoint(drawn[1]["payment_fingerprint"])


def test_heads_over_two_proxies_use_one_each_in_turn() -> None:
    """Every other head, with the clients of its own proxy."""
    plan = replace(BASE, network="pool", addresses=200, clients=2, proxies=("harbour", "quay"))
    heads = heads_of(plan)
    for k, name in enumerate(plan.proxies):
        alone = heads_of(replace(plan, proxies=(name,)), seed=9)
        own = heads.gather_every(2, k)
        assert set(own["addresses"].explode()) == set(alone["addresses"].explode())
        assert set(own["agent"]) <= set(alone["agent"])


def test_every_trial_campaign_shares_two_families_and_none_shares_everything() -> None:
    """Content, identity, infrastructure, client, lifecycle: counted from the knobs."""
    for plan in TRIAL_PLANS:
        shared = [
            True,  # the template
            plan.payment != "own" or plan.program is not None,
            plan.network != "own",
            plan.clients != 0 or plan.has_one_setting,
            plan.signup in {"bursts", "regular", "weeks"},
        ]
        assert 2 <= sum(shared) < 5, plan.name


def test_the_demos_campaigns_are_of_different_making() -> None:
    """No knob of payment, network, schedule, work or sign-up has one value in all three."""
    for knob in ("payment", "network", "schedule", "work", "signup"):
        assert len({getattr(plan, knob) for plan in DEMO_PLANS}) == 3, knob
