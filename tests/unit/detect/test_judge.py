"""From standardised witnesses to a judgement, a q-value and a probability."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from nulls_by_hand import KNOTS
from nulls_by_hand import judged as judged_by_hand
from scipy.stats import norm
from traffic_by_hand import Scene, group_rows, member_rows

from stillwatch.detect.honest_groups import NAMES, HonestNull
from stillwatch.detect.judge import (
    Judged,
    adjust_p_values,
    explain_innocently,
    find_q_values,
    judge_groups,
)
from stillwatch.detect.measure import Case, measure_usual
from stillwatch.detect.verdicts.listed import list_witnesses
from stillwatch.detect.witnesses import WITNESSES
from stillwatch.domain.settings import DetectSettings
from stillwatch.domain.tables import REGISTER

SETTINGS = DetectSettings()


def by_hand() -> HonestNull:
    """A null by hand, about what strangers show: p falls by e for each unit above one."""
    line = np.zeros((len(NAMES), 3))
    expected = {"interchangeability": -4.0, "volume_evenness": 2.0, "item_diversity": 9.0,
                "template_mass": 0.7, "tactics": 0.1, "taking": 0.5}  # fmt: skip
    scale = {"interchangeability": 1.0, "volume_evenness": 1.5, "item_diversity": 2.0,
             "template_mass": 0.2, "tactics": 0.1, "taking": 0.8}  # fmt: skip
    line[:, 0] = [expected.get(n, 0.0) for n in NAMES]
    return HonestNull(
        line, np.array([scale.get(n, 1.0) for n in NAMES]), np.eye(len(NAMES)),
        np.zeros(len(NAMES)), np.tile([1.0, 1 / 2.5, 1.0], (3, 1)), 400, np.full(len(NAMES), 3.0),
        np.array(KNOTS[0]), np.array(KNOTS[1]), 0.1,
    )  # fmt: skip


def benjamini_hochberg(p: np.ndarray, level: float) -> set[int]:
    """Reject the k smallest, for the largest k whose k-th p-value is at most k level / n."""
    order = np.argsort(p, kind="stable")
    for k in range(len(p), 0, -1):
        if p[order[k - 1]] <= k * level / len(p):
            return {i for i in range(len(p)) if p[i] <= p[order[k - 1]]}
    return set()


@pytest.mark.parametrize("seed", range(6))
def test_q_values_are_those_of_benjamini_and_hochberg(seed: int) -> None:
    """At any level they reject whom the definition rejects; in the order given."""
    rng = np.random.default_rng(seed)
    p = np.concatenate([rng.random(30), rng.random(8) ** 6, [1.0, 1.0]])
    q = adjust_p_values(p)
    for level in (0.01, 0.05, 0.2, 0.6):
        rejected = set(np.flatnonzero(q <= level * (1 + 1e-12)).tolist())
        assert rejected == benjamini_hochberg(p, level)
    assert np.all(q >= p)
    assert q.max() <= 1


def test_the_innocent_story_that_is_hardest_to_reject_is_told() -> None:
    """The least guilty witness, with the share of honest groups that look as guilty on it."""
    z = np.full(len(NAMES), 2.5)
    z[2] = 0.4
    story, p = explain_innocently(z)
    assert story == WITNESSES[2].innocent
    assert p == pytest.approx(norm.sf(0.4))
    assert explain_innocently(np.full(len(NAMES), np.nan))[1] == 1.0


def test_a_witness_that_clears_nobody_is_told_with_no_bits_for_innocence() -> None:
    """It is cut at 0, and 0 speaks for nobody; the others may, but for one that weighs nothing."""
    one = judged_by_hand("a", z=np.zeros(len(NAMES)), figures=np.zeros(len(NAMES)))
    bits = dict(list_witnesses(one, by_hand()).select("channel", "weight_bits").iter_rows())
    clears = {w.name: w.exculpates and w.weighs for w in WITNESSES}
    assert {name: value < 0 for name, value in bits.items()} == clears


def test_what_is_usual_weighs_accounts_alike() -> None:
    """A busy account doesn't set the usual; what nobody states is not a number."""
    scene = Scene()
    for _ in range(90):
        scene.send("busy", [], output_tokens=1_023, tactic_probability=None, turn=None)
    scene.send("quiet", [], output_tokens=3, tactic_probability=None, turn=None)
    usual = measure_usual(scene.traffic().population)
    assert usual.log_output == pytest.approx((10 + 2) / 2)
    assert np.isnan(usual.tactic)
    assert np.isnan(usual.later_turns)


@pytest.fixture(scope="module")
def judged() -> dict[str, Judged]:
    """A harvest, a team of strangers, and a harvest that nothing ties."""
    scene = Scene(seed=2)
    names = scene.add_strangers(200)
    groups = {
        "harvest": scene.add_heads("h", 20, harvest=30, unrelated=5),
        "team": names[:20],
        "loose": scene.add_heads("l", 10, harvest=30),
    }
    rows = group_rows(**groups).with_columns(
        link_q_value=pl.when(group_id="g-loose").then(0.5).otherwise("link_q_value")
    )
    case = Case(rows, member_rows(**groups), REGISTER.empty())
    found = judge_groups(scene.traffic(), case, null=by_hand(), settings=SETTINGS)
    assert [j.group_id for j in found] == rows["group_id"].to_list()
    return {j.group_id: j for j in found}


def test_a_harvest_is_judged_one_and_a_team_is_not(judged: dict[str, Judged]) -> None:
    """Against a null that stands where strangers do."""
    assert judged["g-harvest"].judgement == "harvest"
    assert judged["g-harvest"].q_value <= 0.01
    assert judged["g-team"].judgement == "innocent"
    assert judged["g-team"].q_value > SETTINGS.watch_q_max


def test_what_nothing_ties_is_not_judged(judged: dict[str, Judged]) -> None:
    """However it looks: undecided, p and q are one."""
    loose = judged["g-loose"]
    assert (loose.judgement, loose.p_value, loose.q_value) == ("undecided", 1.0, 1.0)


def test_the_core_is_the_harvest(judged: dict[str, Judged]) -> None:
    """Twenty heads of thirty: about 600 of 700 exchanges."""
    assert 560 <= judged["g-harvest"].core_exchanges <= 640
    assert len(judged["g-harvest"].membership) == 700


def test_a_permitted_resale_explains_a_shared_load() -> None:
    """Evenness, sameness, handing on and dealing out are silent where half of them are covered."""
    scene = Scene(seed=2)
    scene.add_strangers(100)
    keys = scene.add_heads("k", 20, harvest=30)
    explained = [w.resale_explains for w in WITNESSES]
    assert sum(explained) == 4
    for covered, silent in ((10, True), (9, False)):
        resold = frozenset(keys[:covered])
        case = Case(group_rows(k=keys), member_rows(k=keys), REGISTER.empty(), resold)
        (found,) = judge_groups(scene.traffic(), case, null=by_hand(), settings=SETTINGS)
        assert np.isnan(found.figures[explained]).tolist() == [silent, silent, True, True]


def test_a_permitted_harvest_makes_no_room_for_a_false_accusation() -> None:
    """Beside a partner's tiny p an honest group's q would be half of what it is without."""
    p = np.array([1e-6, 0.004, 0.5, 0.9, 1.0, 1e-9])
    tied = np.array([True, True, True, True, True, False])
    partner, nobody = np.arange(6) == 0, np.zeros(6, np.bool_)
    among_all = find_q_values(p, tied=tied, permitted=nobody)
    apart = find_q_values(p, tied=tied, permitted=partner)
    assert among_all[1] == pytest.approx(0.01)
    assert apart[1] == pytest.approx(0.016)
    assert apart[0] == pytest.approx(1e-6), "of those who may, one alone is asked"
    assert among_all[0] == pytest.approx(5e-6)
    assert apart[5] == among_all[5] == 1.0, "what nothing ties is no hypothesis"


def test_a_permission_takes_a_group_out_where_most_of_it_is_covered() -> None:
    """Half of the partner's accounts are most of them, one less are not."""
    scene = Scene(seed=2)
    scene.add_strangers(200)
    groups = {"h": scene.add_heads("h", 20, harvest=30), "p": scene.add_heads("p", 20, harvest=30)}
    traffic, q = scene.traffic(), []
    for covered in (9, 10):
        partners = frozenset(groups["p"][:covered])
        rows = group_rows(**groups), member_rows(**groups)
        case = Case(*rows, REGISTER.empty(), partners=partners)
        found = judge_groups(traffic, case, null=by_hand(), settings=SETTINGS)
        q.append({j.group_id: (j.p_value, j.q_value) for j in found})
    p_value, together = q[0]["g-h"]
    assert q[1]["g-h"] == (p_value, p_value), "it is asked alone"
    assert together == adjust_p_values(np.array([p_value, q[0]["g-p"][0]]))[0]


def test_no_groups_are_no_judgements() -> None:
    """An empty table gives an empty list."""
    scene = Scene()
    scene.add_strangers(5)
    case = Case(group_rows(), member_rows(), REGISTER.empty())
    assert judge_groups(scene.traffic(), case, null=by_hand(), settings=SETTINGS) == []


def test_a_group_without_a_stream_has_no_template_mass() -> None:
    """Heads with words of their own: what they share fills none of their traffic."""
    scene = Scene(seed=9)
    scene.add_strangers(60)
    heads = [f"q{k}" for k in range(8)]
    for head in heads:
        for _ in range(10):
            scene.send(head, [])
    case = Case(group_rows(q=heads), member_rows(q=heads), REGISTER.empty())
    (found,) = judge_groups(scene.traffic(), case, null=by_hand(), settings=SETTINGS)
    assert not np.any(found.membership >= 0.5)
    assert not found.figures[NAMES.index("template_mass")] > 0.5
