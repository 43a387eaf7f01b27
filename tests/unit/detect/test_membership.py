"""Unmixing tells the stream of a group from the lives of its accounts."""

from __future__ import annotations

import numpy as np
import pytest
from traffic_by_hand import Scene, gather

from stillwatch.detect.traffic import Traffic, arrange_traffic
from stillwatch.detect.unmix.membership import (
    hands_on_anything,
    membership_frame,
    weigh_exchanges,
)
from stillwatch.domain.settings import DetectSettings

MOST = DetectSettings().unrelated_share_max


def weigh(traffic: Traffic, members: list[str]) -> dict[str, float]:
    """Membership by exchange id."""
    codes = traffic.codes_of(members)
    found = weigh_exchanges(traffic, codes, known=np.zeros(0, np.int64), seed=0, unrelated_max=MOST)
    frame = membership_frame(traffic, codes, found.membership)
    return dict(frame.select("exchange_id", "membership").iter_rows())


def area_under_curve(positive: list[float], negative: list[float]) -> float:
    """Chance that a positive scores above a negative, ties counted half."""
    p, n = np.array(positive)[:, None], np.array(negative)[None, :]
    return float(np.mean((p > n) + 0.5 * (p == n)))


@pytest.mark.parametrize("unrelated", [10, 40, 120])
def test_a_stream_is_told_from_the_unrelated_traffic_of_its_own_accounts(unrelated: int) -> None:
    """AUC of at least 0.97 at 75, 43 and 20 % harvest; at one half few errors on either side."""
    scene = Scene(seed=unrelated)
    scene.add_strangers(300)
    heads = scene.add_heads("h", 20, harvest=30, unrelated=unrelated)
    found = weigh(scene.traffic(), heads)
    harvest = [m for x, m in found.items() if x in scene.harvest]
    lives = [m for x, m in found.items() if x not in scene.harvest]
    assert area_under_curve(harvest, lives) >= 0.97
    assert np.mean(np.array(harvest) >= 0.5) >= 0.95
    assert np.mean(np.array(lives) >= 0.5) <= 0.05


def test_a_group_without_a_stream_has_hardly_any_membership() -> None:
    """Twenty strangers, put together by hand, six times: few of their exchanges at one half."""
    shares = []
    for seed in range(6):
        scene = Scene(seed=seed)
        names = scene.add_strangers(300)
        found = np.array(list(weigh(scene.traffic(), names[40:60]).values()))
        shares.append(np.mean(found >= 0.5))
    assert np.mean(shares) < 0.05
    assert max(shares) < 0.2


def test_a_harvest_in_each_head_s_own_words_gets_no_membership() -> None:
    """The blind spot that the module names: no passage in common."""
    scene = Scene(seed=5)
    scene.add_strangers(200)
    heads = [f"q{k:02d}" for k in range(15)]
    for head in heads:
        for _ in range(30):
            scene.send(head, [], tactic_probability=0.95)
    assert max(weigh(scene.traffic(), heads).values()) < 0.5


def test_membership_is_a_probability_of_every_exchange_and_repeats_itself() -> None:
    """One row per exchange of a member; the same again with the same seed."""
    scene = Scene(seed=6)
    scene.add_strangers(100)
    heads = scene.add_heads("h", 8, harvest=15, unrelated=15)
    traffic = scene.traffic()
    found = weigh(traffic, heads)
    assert len(found) == 8 * 30
    assert all(0 <= m <= 1 for m in found.values())
    assert found == weigh(traffic, heads)


def test_where_everybody_is_a_member_there_is_no_background() -> None:
    """Nothing to compare with: all of it is what the group has in common."""
    scene = Scene(seed=7)
    heads = scene.add_heads("h", 8, harvest=10)
    assert set(weigh(scene.traffic(), heads).values()) == {1.0}


def test_the_order_of_exchanges_and_passages_is_irrelevant() -> None:
    """Rows shuffled: the same membership of each exchange."""
    scene = Scene(seed=8)
    scene.add_strangers(80)
    heads = scene.add_heads("h", 8, harvest=10, unrelated=10)
    mixed = arrange_traffic(
        scene.exchanges().sample(fraction=1.0, shuffle=True, seed=1).lazy(),
        passages=gather(scene.passage_rows().sample(fraction=1.0, shuffle=True, seed=2)),
        tied=scene.names(),
    )
    assert weigh(mixed, heads) == pytest.approx(weigh(scene.traffic(), heads))


def test_who_hands_on_whatever_is_sent_teaches_nothing_by_it() -> None:
    """A quarter is marked of all that a proxy sends, and of what it hands on: that is no queue."""
    marked = np.tile([1.0, 0.0, 0.0, 0.0], 250)
    assert hands_on_anything(marked, np.arange(1_000) < 200)
    assert not hands_on_anything(marked, (np.arange(1_000) < 200) & (marked > 0))


@pytest.mark.parametrize(("share", "of_known"), [(0.0, 0.0), (0.04, 0.01)])
def test_where_passages_mark_next_to_nothing_they_cannot_tell(
    share: float, of_known: float
) -> None:
    """Heads that write each in words of their own: all that was handed on is the queue's."""
    known = np.arange(1_000) < 100
    membership = np.zeros(1_000)
    membership[: round(100 * of_known)] = 1.0
    membership[100 : 100 + round(900 * share)] = 1.0
    assert not hands_on_anything(membership, known)


def test_nothing_handed_on_is_no_proxy() -> None:
    """No known exchange: nothing to be mistaken in."""
    assert not hands_on_anything(np.ones(100), np.zeros(100, np.bool_))
    assert not hands_on_anything(np.zeros(0), np.zeros(0, np.bool_))
