"""Knobs of what a campaign sends, recovered from its prompts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.cohorts.campaigns import Plan, draw_heads
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.scene import WEEK
from stillwatch_lab.text.templates import HARVESTS
from stillwatch_lab.traffic.harvest_prompts import number_items, write_harvest
from stillwatch_lab.traffic.harvests import draw_harvest

BASE = Plan(name="texts", heads=80, per_day=10.0, work="code")
HEADS = draw_heads(
    np.random.default_rng(5), WEEK, BASE, count=80, exits=draw_vpn_exits(np.random.default_rng(1))
)
SHARED = {0.0: (0.45, 0.9), 0.3: (0.15, 0.45), 0.6: (0.03, 0.2), 1.0: (0.0, 0.02)}
"""By strength: mean share of word 4-grams that two prompts share, over all kinds of work."""


def prompts_of(plan: Plan, count: int) -> pl.Series:
    """What the first places of a queue say, the heads in turn."""
    places = np.arange(count)
    queue = pl.DataFrame({"account": places % 80, "place": places, "kind": np.zeros(count, int)})
    return write_harvest(plan, HEADS, queue, total=count)


def shared_grams(prompts: list[str]) -> float:
    """Mean share of the shorter prompt's word 4-grams that the next prompt has too."""
    grams = []
    for prompt in prompts:
        words = prompt.split()
        grams.append({tuple(words[at : at + 4]) for at in range(len(words) - 3)})
    return float(np.mean([len(a & b) / min(len(a), len(b)) for a, b in pairwise(grams)]))


@pytest.mark.parametrize("strength", sorted(SHARED))
def test_a_stronger_paraphrase_leaves_fewer_words_in_a_row(strength: float) -> None:
    """Two thirds of the 4-grams at 0, a hundredth where each prompt is written afresh."""
    shares = [
        shared_grams(prompts_of(replace(BASE, work=work, paraphrase=strength), 400).to_list())
        for work in sorted(HARVESTS)
        if work != "replay"  # a line of template around an item that is its own
    ]
    least, most = SHARED[strength]
    assert least <= np.mean(shares) <= most


def test_between_the_steps_the_share_falls_all_the_way() -> None:
    """Nine strengths, each leaving less than the one before."""
    shares = [
        shared_grams(prompts_of(replace(BASE, paraphrase=strength), 600).to_list())
        for strength in (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
    ]
    assert all(after < before for before, after in pairwise(shares))


@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_a_head_that_paraphrases_for_itself_keeps_its_words(strength: float) -> None:
    """What stands before the item is one text a head, and of two heads never the same."""
    plan = replace(BASE, paraphrase=strength, paraphrase_by="head")
    prompts = prompts_of(plan, 800).to_list()
    by_head = [prompts[head::80] for head in range(80)]
    within = np.mean([shared_grams(own) for own in by_head])
    between = shared_grams([own[0] for own in by_head])
    assert within > 3 * between
    first = [" ".join(own[0].split()[:10]) for own in by_head]
    assert len(set(first)) >= 76
    assert all(len({" ".join(text.split()[:4]) for text in own}) == 1 for own in by_head)


@pytest.mark.parametrize("work", sorted(HARVESTS))
def test_a_harvest_never_repeats_an_item_and_always_carries_its_template(work: str) -> None:
    """Ten thousand prompts, all different, all in one of the wordings of the plan."""
    prompts = prompts_of(replace(BASE, work=work, wordings=(0, 1)), 10_000)
    begins = [prompts.str.starts_with(opening).sum() for opening, _ in HARVESTS[work]]
    assert prompts.n_unique() == 10_000
    assert sum(begins) == 10_000
    assert min(begins) > 4_000


@pytest.mark.parametrize("pool", [50, 400])
@pytest.mark.parametrize("has_replacement", [True, False])
def test_the_size_of_the_pool_is_recovered(pool: int, has_replacement: bool) -> None:  # noqa: FBT001  a knob's two values
    """Different prompts of four thousand: all of the pool, and with replacement uneven."""
    plan = replace(BASE, pool=pool, has_replacement=has_replacement)
    often = prompts_of(plan, 4_000).value_counts()["count"].to_numpy()
    assert len(often) == pytest.approx(pool, rel=0.01)
    dispersion = often.var() / often.mean()
    assert dispersion == pytest.approx(1.0 if has_replacement else 0.0, abs=0.5)


def test_campaigns_with_one_pool_name_send_the_same_items() -> None:
    """Two replays of a set, each in its own template."""
    named = [
        replace(BASE, name=name, pool=300, pool_name="public set", work="replay")
        for name in ("one", "two")
    ]
    texts = [set(prompts_of(plan, 300)) for plan in named]
    other = set(prompts_of(replace(named[0], pool_name="another"), 300))
    assert len(texts[0] & texts[1]) == 300
    assert not texts[0] & other


@pytest.mark.parametrize("shuffle", [0.0, 0.05, 0.3, 1.0])
def test_how_far_the_pool_is_shuffled_is_recovered(shuffle: float) -> None:
    """Mean shift of an item is a third of the window, within a tenth of it."""
    plan = replace(BASE, pool=6_000, shuffle=shuffle)
    places = np.arange(6_000)
    shift = np.abs(number_items(plan, places, total=6_000) - places)
    window = max(1, round(shuffle * 6_000))
    assert shift.mean() == pytest.approx(window / 3, rel=0.1, abs=0.4)
    assert shift.max() < window


@pytest.mark.parametrize("specialities", [1, 2, 4])
def test_specialities_divide_the_kinds_over_the_heads(specialities: int) -> None:
    """Each head does its share of the four kinds, and each kind is a quarter of the work."""
    plan = replace(BASE, also=("problem", "grading", "trace"), specialities=specialities)
    heads = draw_heads(
        np.random.default_rng(5),
        WEEK,
        plan,
        count=80,
        exits=draw_vpn_exits(np.random.default_rng(1)),
    )
    drawn = draw_harvest(np.random.default_rng(6), plan, heads, WEEK)
    kinds = drawn.group_by("account").agg(pl.col("kind").n_unique())["kind"]
    assert set(kinds) == {4 // specialities}
    shares = drawn["kind"].value_counts(normalize=True)["proportion"]
    assert len(shares) == 4
    assert all(share == pytest.approx(0.25, abs=0.03) for share in shares)
