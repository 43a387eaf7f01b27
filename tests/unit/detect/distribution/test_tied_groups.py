"""How far a tied group's text lies from the run's, and how it ranks among tied groups."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import kstest
from traffic_by_hand import Scene

from stillwatch.detect.distribution.reference import BANDWIDTHS
from stillwatch.detect.distribution.tied_groups import (
    DISTANCE,
    RANK,
    compare_texts,
    measure_distance,
    rank_distances,
    take_background,
)
from stillwatch.detect.traffic import F64, I32, Traffic, arrange_traffic
from stillwatch.domain import limits
from stillwatch.domain.results import EVIDENCE
from stillwatch.domain.schema import check_frame

Groups = dict[str, tuple[I32, F64]]


def scene_of(*, strangers: int = 150, teams: int = 0, seed: int = 0) -> Scene:
    """Accounts of ten exchanges with a subject each; teams of some accounts with one in common."""
    scene = Scene(seed=seed)
    for k in range(strangers):
        live(scene, f"s{k:04d}", scene.rng.normal(size=limits.EMBEDDING_DIMENSIONS) * 0.5)
    for team in range(teams):
        subject = scene.rng.normal(size=limits.EMBEDDING_DIMENSIONS) * 0.5
        for k in range(4 + 4 * (team % 3)):
            live(scene, f"t{team:02d}-{k:02d}", subject)
    return scene


def live(scene: Scene, account: str, centre: np.ndarray) -> None:
    """Send ten exchanges about one subject."""
    for _ in range(10):
        scene.send(account, [], centre=centre)


def whole(traffic: Traffic, **groups: list[str]) -> Groups:
    """Groups whose core is all that their accounts send."""
    coded = {name: traffic.codes_of(sorted(members)) for name, members in groups.items()}
    return {n: (codes, np.ones(len(traffic.rows_of(codes)))) for n, codes in coded.items()}


def teams_of(scene: Scene) -> dict[str, list[str]]:
    """Teams by the beginning of their accounts' names."""
    found: dict[str, list[str]] = {}
    for name in sorted(n for n in scene.names() if n.startswith("t")):
        found.setdefault(name[:3], []).append(name)
    return found


def test_the_distance_is_that_of_all_pairs_under_the_exact_kernel() -> None:
    """Pair by pair, the group's own accounts left out of the run; features give it to a percent."""
    scene = scene_of(strangers=60)
    for k in range(5):
        live(scene, f"g{k}", np.full(limits.EMBEDDING_DIMENSIONS, 0.7))
    traffic = scene.traffic()
    codes = traffic.codes_of([f"g{k}" for k in range(5)])
    background = take_background(traffic)
    assert background is not None
    found, _ = measure_distance(traffic, codes, traffic.rows_of(codes), background)
    vectors = traffic.embeddings / np.linalg.norm(traffic.embeddings, axis=1, keepdims=True)
    starts, sent = traffic.account_start[:-1], np.diff(traffic.account_start)
    run = vectors[starts + sent // 3]
    inner = cdist(run, run, "sqeuclidean")
    median = np.median(np.sqrt(inner[np.triu_indices(len(run), 1)]))
    own, others = vectors[traffic.rows_of(codes)], np.delete(run, codes, axis=0)

    def kernel(a: F64, b: F64) -> F64:
        apart = cdist(a, b, "sqeuclidean")
        each = [np.exp(-apart / (2 * (median * width) ** 2)) for width in BANDWIDTHS]
        return np.asarray(np.mean(each, axis=0))

    def pairs(a: F64) -> float:
        return float((kernel(a, a).sum() - len(a)) / (len(a) * (len(a) - 1)))

    exact = pairs(own) + pairs(others) - 2 * kernel(own, others).mean()
    assert found == pytest.approx(exact, rel=0.1)
    assert found > 0.05


def test_strangers_lie_as_far_out_as_is_expected_of_them_and_a_team_further() -> None:
    """Forty draws of eight accounts: in the mean what their narrowness, one by one, explains."""
    scene = scene_of(strangers=400, teams=3)
    traffic = scene.traffic()
    background = take_background(traffic)
    assert background is not None
    strangers = traffic.codes_of(sorted(n for n in scene.names() if n.startswith("s")))
    draws = [scene.rng.choice(strangers, 8, replace=False) for _ in range(40)]
    told = np.array([measure_distance(traffic, d, traffic.rows_of(d), background) for d in draws])
    error = told[:, 0].std() / np.sqrt(len(told))
    assert abs(told[:, 0].mean() - told[:, 1].mean()) < 3 * error
    team = traffic.codes_of(teams_of(scene)["t01"])
    found, expected = measure_distance(traffic, team, traffic.rows_of(team), background)
    assert found > 3 * expected


def test_a_group_that_is_narrower_than_its_like_has_a_small_rank_and_so_has_a_broad_one() -> None:
    """Thirty teams of a subject each; one that repeats itself, one that speaks of everything."""
    scene = scene_of(teams=30)
    for k in range(8):
        live(scene, f"n{k}", np.full(limits.EMBEDDING_DIMENSIONS, 3.0))
        for _ in range(10):
            scene.send(f"b{k}", [])
    traffic, teams = scene.traffic(), teams_of(scene)
    odd = {"narrow": [f"n{k}" for k in range(8)], "broad": [f"b{k}" for k in range(8)]}
    rows = compare_texts(whole(traffic, **teams, **odd), traffic)
    check_frame(rows, EVIDENCE)
    assert rows["weight_bits"].unique().to_list() == [0.0]
    rank = dict(rows.filter(channel=RANK).select("subject_id", "observed").iter_rows())
    assert len(rank) == 32
    assert rank["narrow"] == rank["broad"] == pytest.approx(2 / 32)
    apart = dict(rows.filter(channel=DISTANCE).select("subject_id", "observed").iter_rows())
    assert apart["narrow"] > apart["t01"] > apart["broad"]


@pytest.mark.parametrize("large", [True, False])
def test_ranks_of_honest_groups_are_uniform_whatever_their_size(*, large: bool) -> None:
    """Twelve runs of thirty teams: those of twelve accounts alone, and those of four alone."""
    found: list[float] = []
    for seed in range(12):
        scene = scene_of(strangers=60, teams=30, seed=seed)
        traffic, teams = scene.traffic(), teams_of(scene)
        rows = compare_texts(whole(traffic, **teams), traffic).filter(channel=RANK)
        size = {name: len(members) for name, members in teams.items()}
        wanted = 12 if large else 4
        found += [p for name, p in rows.select("subject_id", "observed").iter_rows()
                  if size[name] == wanted]  # fmt: skip
    spread = np.array(found) - np.random.default_rng(0).random(len(found)) * 2 / 30
    assert kstest(spread, "uniform").pvalue > 0.01
    below = np.mean(np.array(found) <= 0.2)
    assert abs(below - 0.2) < 3 * np.sqrt(0.2 * 0.8 / len(found))


def test_a_rank_is_as_rare_as_it_says() -> None:
    """One group of each of 2,000 runs, on a line in its size: P(p ≤ t) is t, as far as ranks go."""
    rng = np.random.default_rng(3)
    found = []
    for _ in range(2_000):
        accounts, each = np.round(5 * rng.pareto(1.2, 40) + 5), np.round(20 * rng.pareto(2, 40) + 5)
        noise = rng.normal(size=40) * 0.5
        distance = 2 ** (-2 - 0.2 * np.log2(accounts) + 0.1 * np.log2(each) + noise)
        found.append(rank_distances(distance, accounts=accounts, exchanges=accounts * each)[0])
    for level in (0.05, 0.1, 0.2, 0.5):
        share = np.mean(np.array(found) <= level + 1e-9)
        assert abs(share - level) < 3 * np.sqrt(level * (1 - level) / 2_000)


def test_the_order_of_exchanges_and_groups_is_irrelevant() -> None:
    """Shuffled rows and groups the other way round: the same figures."""
    scene = scene_of(teams=22)
    traffic, teams = scene.traffic(), teams_of(scene)
    mixed = scene.exchanges().sample(fraction=1.0, shuffle=True, seed=4)
    again = arrange_traffic(mixed.lazy(), passages=scene.carried(), tied=scene.names())
    backwards = dict(reversed(whole(again, **teams).items()))
    keys = ["subject_id", "channel"]
    one, other = (
        compare_texts(groups, held).sort(keys)
        for groups, held in ((whole(traffic, **teams), traffic), (backwards, again))
    )
    assert one.select(keys).equals(other.select(keys))
    assert one["observed"].to_list() == pytest.approx(other["observed"].to_list())


def test_thin_groups_are_silent_and_few_groups_have_no_rank() -> None:
    """Nineteen exchanges, one account, no prompts: no row. Nineteen groups: distances alone."""
    scene = scene_of(teams=21)
    for k in range(3):
        for _ in range(20):
            scene.send(f"q{k}", [], embedding=None)
    traffic, teams = scene.traffic(), teams_of(scene)
    thin = {"one": ["s0000"], "two": ["s0001"], "silent": [f"q{k}" for k in range(3)]}
    first = dict(list(teams.items())[:19])
    few = compare_texts(whole(traffic, **first, **thin), traffic)
    assert set(few["subject_id"]) == set(first)
    assert set(few["channel"]) == {DISTANCE}
    assert RANK in set(compare_texts(whole(traffic, **teams), traffic)["channel"])
    assert compare_texts({}, traffic).is_empty()


def test_blind_spot_a_harvest_as_wide_as_an_honest_trade_has_no_small_rank() -> None:
    """Heads that draw on one subject, as each team does: nothing tells them from a team."""
    scene = scene_of(teams=30)
    subject = scene.rng.normal(size=limits.EMBEDDING_DIMENSIONS) * 0.5
    for k in range(8):
        live(scene, f"h{k}", subject)
    traffic = scene.traffic()
    groups = whole(traffic, **teams_of(scene), heads=[f"h{k}" for k in range(8)])
    rows = compare_texts(groups, traffic).filter(channel=RANK)
    assert rows.filter(pl.col("subject_id") == "heads")["observed"].item() > 0.1
