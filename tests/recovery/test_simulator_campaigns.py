"""Knobs of a campaign's plan, recovered from the traffic that it makes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.cohorts.campaigns import Plan, draw_heads
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.plans import DEMO_PLANS, TRIAL_PLANS
from stillwatch_lab.scene import DAY_S, WEEK
from stillwatch_lab.text.templates import HARVESTS
from stillwatch_lab.traffic.harvests import draw_harvest, write_harvest

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


@pytest.mark.parametrize("work", sorted(HARVESTS))
def test_a_harvest_never_repeats_an_item_and_always_carries_its_template(work: str) -> None:
    """Ten thousand prompts, all different, all in one of the wordings of the plan."""
    plan = replace(BASE, work=work, wordings=(0, 1))
    prompts = write_harvest(np.random.default_rng(3), plan, np.arange(10_000))
    openings = [opening for opening, _ in HARVESTS[work]]
    begins = [prompts.str.starts_with(opening).sum() for opening in openings]
    assert prompts.n_unique() == 10_000
    assert sum(begins) == 10_000
    assert min(begins) > 4_000


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
