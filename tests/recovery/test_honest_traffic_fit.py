"""What is known is recovered: parameters of drawn traffic, measured as the real traces are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.fit import draw_arrival_times, draw_clients, load_honest_traffic
from stillwatch_lab.fit.bursts import draw_gaps
from stillwatch_lab.fit.clients import fit_traffic
from stillwatch_lab.fit.compare import between_share, compare_measure, ks_distance
from stillwatch_lab.fit.honest import HABITS, HonestTraffic
from stillwatch_lab.fit.replay import replay_traces, window_gaps
from stillwatch_lab.fit.rhythm import find_first_weekday
from stillwatch_lab.fit.traces import KEY, Traces, read_traces, split_traces


@pytest.fixture(scope="module")
def known() -> HonestTraffic:
    """The shipped figures, with volumes that are large enough to be seen window by window."""
    return replace(load_honest_traffic(), volume=(10.5, 1.6))


@pytest.fixture(scope="module")
def replayed(known: HonestTraffic) -> Traces:
    """300 clients of them, recorded as the real ones are, on a Wednesday."""
    return replay_traces(np.random.default_rng(31), known, 300, first_weekday=2)


@pytest.fixture(scope="module")
def refitted(replayed: Traces) -> HonestTraffic:
    """What the fit makes of the record."""
    return fit_traffic(replayed)


def test_volumes_are_recovered(refitted: HonestTraffic) -> None:
    """Median within a quarter on the logarithmic scale, spread within 20 %."""
    assert refitted.volume[0] == pytest.approx(10.5, abs=0.25)
    assert refitted.volume[1] == pytest.approx(1.6, rel=0.2)


@pytest.mark.parametrize(
    ("habit", "within"),
    [
        ("active_days", 0.15),
        ("cv_log", 0.15),
        ("rate_sigma", 0.25),
        ("input_log", 0.3),
        ("input_sigma", 0.1),
        ("output_log", 0.4),
        ("output_sigma", 0.15),
    ],
)
def test_the_median_of_a_habit_is_recovered(
    known: HonestTraffic, refitted: HonestTraffic, habit: str, within: float
) -> None:
    """Of 300 clients, in the habit's own unit, by as much as is stated."""
    at = len(known.quantiles[habit]) // 2
    assert refitted.quantiles[habit][at] == pytest.approx(known.quantiles[habit][at], abs=within)


def test_what_goes_together_is_recovered(known: HonestTraffic, refitted: HonestTraffic) -> None:
    """Large correlations of volume with other habits keep their sign and most of their size."""
    wanted, found = np.array(known.correlation)[0], np.array(refitted.correlation)[0]
    for habit in ("active_days", "day_share"):
        at = HABITS.index(habit)
        assert found[at] == pytest.approx(wanted[at], abs=0.25)


def test_the_mean_day_is_recovered(known: HonestTraffic, refitted: HonestTraffic) -> None:
    """Hour by hour the shapes of the two days go together: correlation over 0.85."""
    assert np.corrcoef(known.mean_day, refitted.mean_day)[0, 1] > 0.85


def test_the_weekday_of_the_first_day_is_recovered(known: HonestTraffic) -> None:
    """Nothing in the record names it; two quiet days a week do."""
    quiet = tuple(value - 0.7 for value in known.quantiles["weekend_log"])
    figures = replace(known, quantiles={**known.quantiles, "weekend_log": quiet})
    for weekday in (0, 4):
        traces = replay_traces(np.random.default_rng(3), figures, 120, first_weekday=weekday)
        assert find_first_weekday(traces.windows) == weekday


@pytest.mark.parametrize("law", ["gamma", "weibull"])
@pytest.mark.parametrize("cv", [0.5, 1.0, 2.5])
def test_gaps_have_the_variation_that_was_asked_for(law: str, cv: float) -> None:
    """Mean 1 within 2 %, coefficient of variation within 5 %, for 400,000 gaps."""
    gaps = draw_gaps(np.random.default_rng(2), np.full(400_000, cv), law)
    assert gaps.mean() == pytest.approx(1.0, rel=0.02)
    assert gaps.std() == pytest.approx(cv, rel=0.05)


def test_the_variation_of_gaps_survives_the_clock() -> None:
    """Within busy windows of arrivals the median variation is the one given, within 15 %."""
    clients = draw_clients(np.random.default_rng(6), 40).with_columns(
        rate_per_day=pl.lit(2_000.0), cv_log=pl.lit(np.log(1.5)), cv_sigma=pl.lit(0.0)
    )
    client, at_s = draw_arrival_times(np.random.default_rng(7), clients, days=7, start_weekday=0)
    windows = window_gaps(client, at_s).group_by("client", "window").agg(pl.col("cv").first())
    assert float(np.median(windows["cv"].to_numpy())) == pytest.approx(1.5, rel=0.15)


def test_a_share_of_variance_is_recovered() -> None:
    """Of known between and within variances, 2 and 3, the share is 0.4 within 0.03."""
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(2_000), 10)
    values = rng.normal(0, np.sqrt(2), 2_000)[group] + rng.normal(0, np.sqrt(3), 20_000)
    assert between_share(values[:, None], group) == pytest.approx(0.4, abs=0.03)


def test_the_yardstick_passes_equals_and_notices_a_shift() -> None:
    """Three samples of one law are within the bound; the drawn one moved by a spread isn't."""
    rng = np.random.default_rng(12)
    halves = (rng.normal(size=(100, 1)), rng.normal(size=(100, 1)))
    assert compare_measure(rng, "equal", rng.normal(size=(900, 1)), halves).fits
    assert not compare_measure(rng, "moved", rng.normal(1.0, 1.0, size=(900, 1)), halves).fits


def test_the_distance_is_that_of_the_books() -> None:
    """Disjoint samples are at 1, equal ones at 0, a half-overlap at a half."""
    one = np.arange(10.0)
    assert ks_distance(one, one) == 0.0
    assert ks_distance(one, one + 100) == 1.0
    assert ks_distance(one, one + 5) == pytest.approx(0.5)


@pytest.mark.shared
def test_halves_share_no_client_and_lose_none(shared: Path) -> None:
    """Each of the 205 clients is in one half; the same seed gives the same halves."""
    traces = read_traces(shared / "data")
    fitted, held = split_traces(traces, seed=9)
    clients = [half.windows.select(KEY).unique() for half in (fitted, held)]
    assert clients[0].join(clients[1], on=KEY).is_empty()
    assert clients[0].height + clients[1].height == 205
    assert split_traces(traces, seed=9)[0].windows.equals(fitted.windows)
    rows = [half.services["chat service"].height for half in (fitted, held)]
    assert sum(rows) == traces.services["chat service"].height
    assert min(rows) > 0


@pytest.mark.shared
def test_the_shipped_figures_are_those_of_the_real_traces(shared: Path) -> None:
    """Fitting the half that is named in the tool gives the shipped file, figure by figure."""
    shipped = load_honest_traffic()
    half, _ = split_traces(read_traces(shared / "data"), seed=20_261_123)
    again = HonestTraffic.from_json(fit_traffic(half, gap_law=shipped.gap_law).to_json())
    for habit, values in shipped.quantiles.items():
        assert again.quantiles[habit] == pytest.approx(values, rel=1e-3, abs=1e-4), habit
    assert np.allclose(again.correlation, shipped.correlation, atol=1e-3)
