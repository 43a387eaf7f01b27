"""Presets are of the contract's sizes, and a campaign in parts is the campaign."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.cohorts.campaigns import HEADS_MIN, Plan, draw_heads, scale_plan
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.presets import PRESET_PLANS, PRESETS, SIZES, scene_of
from stillwatch_lab.scenarios import SCENARIOS
from stillwatch_lab.scene import FORTNIGHT, WEEK
from stillwatch_lab.shards import Cohort, Shard
from stillwatch_lab.simulate import Output, simulate
from stillwatch_lab.text.items import ITEMS
from stillwatch_lab.text.scatter import permute
from stillwatch_lab.text.templates import FRESH_CLAUSES, HARVESTS
from stillwatch_lab.traffic.draw import draw_traffic
from stillwatch_lab.traffic.harvest_prompts import number_items, write_harvest
from stillwatch_lab.traffic.harvests import Stretch, draw_harvest

BASE = Plan(name="parts", heads=70, per_day=9.0, work="code", also=("trace",))
WAYS: dict[str, dict[str, object]] = {
    "rotation": {"schedule": "round_robin"},
    "queue": {"schedule": "queue", "banned": 0.2},
    "human": {"schedule": "human"},
    "human stretches": {"schedule": "human", "hands_out": "stretches", "rests": 0.4},
    "lockstep": {"schedule": "lockstep"},
    "stretches": {"hands_out": "stretches"},
    "uneven": {"sigma": 0.9, "specialities": 2},
    "uneven in rotation": {"sigma": 0.9, "schedule": "round_robin"},
    "short and growing": {"begins": 1.5, "lasts": 3.0, "ramp_days": 2.0},
    "resting": {"rests": 0.5},
}
PARTS = 7


def heads_of(plan: Plan, *, seed: int = 5) -> pl.DataFrame:
    """The heads of a plan, in a week."""
    rng = np.random.default_rng(seed)
    return draw_heads(rng, WEEK, plan, count=plan.heads, exits=draw_vpn_exits(rng))


def harvest_in_parts(plan: Plan, parts: int) -> list[pl.DataFrame]:
    """Who sends which place when, part by part."""
    heads = heads_of(plan)
    return [
        draw_harvest(np.random.default_rng(at), plan, heads, WEEK, stretch=Stretch(at, parts))
        for at in range(parts)
    ]


@pytest.mark.parametrize("way", sorted(WAYS))
def test_places_are_handed_out_once_over_all_parts(way: str) -> None:
    """Every schedule and knob: no place twice, as many in parts as in one, within a twentieth."""
    plan = replace(BASE, **WAYS[way])
    united = pl.concat(harvest_in_parts(plan, PARTS))
    (whole,) = harvest_in_parts(plan, 1)
    assert united["place"].n_unique() == united.height
    assert united.height == pytest.approx(whole.height, rel=0.05)
    assert united.height == pytest.approx(70 * plan.harvest_per_head(7), rel=0.06)


@pytest.mark.parametrize("way", ["rotation", "queue", "lockstep", "uneven", "short and growing"])
def test_one_queue_is_in_order_over_all_parts(way: str) -> None:
    """One part follows the other, and within each the places rise with time."""
    plan = replace(BASE, banned=0.0, **{k: v for k, v in WAYS[way].items() if k != "banned"})
    united = pl.concat(harvest_in_parts(plan, PARTS)).sort("at_s")
    rising = (np.diff(united["place"].to_numpy()) > 0).mean()
    assert rising > 0.98


def test_an_item_is_the_same_text_in_any_part() -> None:
    """Twice the same place of the queue, drawn beside others: word for word the same."""
    plan = replace(BASE, wordings=(0, 1), pool=500, paraphrase=0.4)
    heads = heads_of(plan)
    queue = pl.concat(harvest_in_parts(plan, 2))
    total = queue.height
    alone = write_harvest(plan, heads, queue[100:140], total=total)
    assert alone.to_list() == write_harvest(plan, heads, queue, total=total)[100:140].to_list()


@pytest.mark.parametrize("work", sorted(HARVESTS))
def test_there_are_a_hundred_thousand_items_of_every_kind(work: str) -> None:
    """Places far into a queue still bring items that nobody has seen."""
    plan = replace(BASE, work=work, also=())
    places = np.arange(100_000)
    queue = pl.DataFrame({"account": places % 70, "place": places, "kind": places * 0})
    prompts = write_harvest(plan, heads_of(plan), queue, total=len(places))
    assert prompts.n_unique() == len(places)


def test_every_kind_of_work_has_items_wordings_and_fresh_clauses() -> None:
    """Ten tactics and the quiz; a plan may choose any of them with any paraphrase."""
    assert len(HARVESTS) >= 10
    assert ITEMS.keys() == HARVESTS.keys()
    assert HARVESTS.keys() <= FRESH_CLAUSES.keys()
    assert all(len(wordings) >= 2 for wordings in HARVESTS.values())


@pytest.mark.parametrize("size", [1, 2, 3, 10, 997, 4_096])
def test_a_permutation_is_one(size: int) -> None:
    """Every place once, and for another salt in another order."""
    places = np.arange(size)
    orders = [permute(places, np.full(size, size), salt=np.full(size, salt)) for salt in (1, 2)]
    assert all(np.array_equal(np.sort(order), places) for order in orders)
    assert size < 10 or not np.array_equal(orders[0], orders[1])


def test_a_pool_without_replacement_comes_whole_before_it_comes_again() -> None:
    """However far it is shuffled; with replacement a third is missing after one lap."""
    for shuffle in (0.0, 0.1, 0.37, 1.0):
        plan = replace(BASE, pool=1_003, shuffle=shuffle)
        items = number_items(plan, np.arange(2_006), total=10**6)
        for lap in (items[:1_003], items[1_003:]):
            assert np.array_equal(np.sort(lap), np.arange(1_003))
    drawn = number_items(
        replace(BASE, pool=1_003, has_replacement=True), np.arange(1_003), total=10**6
    )
    assert len(np.unique(drawn)) / 1_003 == pytest.approx(1 - np.exp(-1), abs=0.05)


def test_stretches_of_uneven_heads_are_refused_where_nobody_knows_their_length() -> None:
    """A plan that means nothing is no plan."""
    with pytest.raises(ValueError, match="stretches"):
        replace(BASE, hands_out="stretches", sigma=0.5)


@pytest.mark.parametrize("preset", sorted(SIZES))
def test_presets_have_the_heads_and_exchanges_of_the_contract(preset: str) -> None:
    """At scale 1 to the head, successors among them; at 0.01 each sends what the table says."""
    size, plan, scene = SIZES[preset], PRESET_PLANS[preset], scene_of(preset)
    successors = round(plan.heads * plan.banned)
    assert plan.heads + successors == pytest.approx(size.heads, abs=1)
    count = scale_plan(plan, 0.01)
    assert count == max(HEADS_MIN, round(0.01 * plan.heads))
    rng = np.random.default_rng(7)
    heads = draw_heads(rng, scene, plan, count=count, exits=draw_vpn_exits(rng))
    parts = max(1, count * size.exchanges // 60_000)  # one of them, to be quick
    shard = Shard(lambda *_: Cohort(heads), 0.0, parts=parts)
    frame = draw_traffic(rng, Cohort(heads, plan=plan), scene, shard=shard)
    sent = frame.height * parts / heads.height
    harvest = frame["campaign"].drop_nulls().len() * parts / heads.height
    assert sent == pytest.approx(size.exchanges, rel=0.05)
    assert harvest == pytest.approx(size.harvest, rel=0.05)


def test_the_contracts_presets_are_there_with_their_days() -> None:
    """Names and days of the table; february is the first three together."""
    named = "reasoning-150k agentic-3m coding-13m swarm-28m proxy-20k ghost phantom february-24k"
    assert set(PRESETS) == set(named.split())
    days = {name: SCENARIOS[name].scene.days for name in PRESETS}
    assert days.pop("swarm-28m") == 45
    assert set(days.values()) == {FORTNIGHT.days}
    names = [plan.name for plan in PRESETS["february-24k"]]
    assert names == ["reasoning-150k", "agentic-3m", "coding-13m"]
    assert sum(SIZES[name].heads for name in names) == 24_000


def test_a_preset_writes_the_same_bytes_with_two_workers_and_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A phantom in several parts, among four hundred honest accounts; its truth says no pivot."""
    monkeypatch.setattr("stillwatch_lab.shards.SHARD_EXCHANGES", 9_000)
    for name, workers in (("alone", 1), ("together", 2)):
        simulate("phantom", out=tmp_path / name, scale=1e-4, seed=3, output=Output(workers=workers))
    files = sorted(p.relative_to(tmp_path / "alone") for p in tmp_path.glob("alone/**/*.*"))
    assert len(files) >= 7
    for file in files:
        assert (tmp_path / "alone" / file).read_bytes() == (
            tmp_path / "together" / file
        ).read_bytes()
    with (tmp_path / "alone" / "truth" / "campaigns.csv").open() as lines:
        assert list(csv.DictReader(lines)) == [
            {"campaign": "phantom", "pivots": "false", "released_model": ""}
        ]


def test_the_truth_says_which_campaigns_pivot(demo: object) -> None:
    """In the demo one of three does, to the release of the week."""
    with (demo.out / "truth" / "campaigns.csv").open() as lines:  # type: ignore[attr-defined]
        rows = {row["campaign"]: row for row in csv.DictReader(lines)}
    assert {name for name, row in rows.items() if row["pivots"] == "true"} == {"agentic"}
    assert rows["agentic"]["released_model"] == "tern-3"
    assert set(rows) == {"reasoning", "grading", "agentic"}
