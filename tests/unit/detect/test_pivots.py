"""A release pivot is tested against organic adoption that is overdispersed."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from nulls_by_hand import judged
from scipy.stats import betabinom, binom
from traffic_by_hand import DAY, Scene

from stillwatch.detect.verdicts.pivots import test_pivots as measure_pivots
from stillwatch.domain.tables import LAUNCH

RELEASED = DAY + dt.timedelta(days=3)
LAUNCHES = LAUNCH.conform(pl.DataFrame({"model": ["new"], "released_at": [RELEASED]}))


def scene_of(*, heads: int, adopting: int, strangers: int = 400, organic: float = 0.05) -> Scene:
    """Everybody is active before and within a day of the release; some turn to the new model."""
    scene = Scene(seed=1)
    rng = np.random.default_rng(2)
    names = [(f"h{k:03d}", k < adopting) for k in range(heads)]
    names += [(f"s{k:03d}", bool(rng.random() < organic)) for k in range(strangers)]
    for name, adopts in names:
        scene.send(name, [], time=DAY, model="old")
        hour = RELEASED + dt.timedelta(hours=3)
        scene.send(name, [], time=hour, model="new" if adopts else "old")
    scene.send("last", [], time=DAY + dt.timedelta(days=6), model="new")
    return scene


def measure(scene: Scene, heads: int, launches: pl.DataFrame = LAUNCHES) -> dict[str, float]:
    """Test one group, the heads."""
    traffic = scene.traffic()
    members = traffic.codes_of([f"h{k:03d}" for k in range(heads)])
    observed = scene.exchanges().lazy()
    group = judged("h", members=members)
    return measure_pivots([group], traffic.population, observed=observed, launches=launches)


def test_half_of_a_group_within_a_day_is_a_pivot() -> None:
    """150 of 300 heads against a twentieth: small, and nowhere near a binomial's."""
    q = measure(scene_of(heads=300, adopting=150), 300)["g-h"]
    assert 1e-12 < q < 1e-4
    assert binom.sf(149, 300, 0.05) < 1e-100


def test_the_figure_is_the_beta_binomial_tail() -> None:
    """Thirty of a hundred, with the strangers' share of those who were active."""
    scene = scene_of(heads=100, adopting=30)
    q = measure(scene, 100)["g-h"]
    adopted = {r["account_id"] for r in scene.rows if r["model"] == "new"} - {"last"}
    organic = sum(a.startswith("s") for a in adopted)
    share = (organic + 1) / (400 + 2)
    assert q == pytest.approx(betabinom.sf(29, 100, share * 19, (1 - share) * 19))


def test_adoption_as_everybody_s_is_no_pivot() -> None:
    """A twentieth of the heads: nothing."""
    assert measure(scene_of(heads=100, adopting=5), 100)["g-h"] > 0.2


def test_who_was_away_that_day_neither_adopts_nor_declines() -> None:
    """Four active heads are too few to say anything of forty."""
    scene = scene_of(heads=4, adopting=4)
    for k in range(4, 40):
        scene.send(f"h{k:03d}", [], time=DAY)
    assert measure(scene, 40) == {}


def test_a_release_outside_the_traffic_says_nothing() -> None:
    """Before, after, or none at all: no entry, not a zero."""
    scene = scene_of(heads=50, adopting=40)
    for days in (-5, 60):
        launches = LAUNCHES.with_columns(released_at=pl.lit(DAY + dt.timedelta(days=days)))
        assert measure(scene, 50, LAUNCH.conform(launches)) == {}
    assert measure(scene, 50, LAUNCH.empty()) == {}
