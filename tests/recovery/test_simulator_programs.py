"""Simulated applications have the habits that were fitted on real API customers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from stillwatch_lab.cohorts.applications import draw_applications
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.fit import load_honest_traffic
from stillwatch_lab.fit.honest import LEVELS
from stillwatch_lab.fit.replay import window_gaps
from stillwatch_lab.scene import DAY_S, FORTNIGHT
from stillwatch_lab.traffic.answers import draw_answers
from stillwatch_lab.traffic.arrivals import draw_arrivals

COUNT, REQUESTS = 400, 4_000
SLACK = 0.1
"""Share of clients by which a quantile may be off: 400 of them, and what measuring adds."""


@pytest.fixture(scope="module")
def applications() -> pl.DataFrame:
    """Applications that were there before the run, as busy as each other."""
    drawn = draw_applications(
        np.random.default_rng(41), FORTNIGHT, count=COUNT, volume=Volume(40.0, sigma=2.35)
    )
    return drawn.with_columns(
        pl.lit(float(REQUESTS)).alias("volume"),
        pl.lit(-DAY_S).alias("created_s"),
        pl.lit(None, pl.Float64).alias("closed_s"),
    )


@pytest.fixture(scope="module")
def arrivals(applications: pl.DataFrame) -> pl.DataFrame:
    """What they send."""
    return draw_arrivals(np.random.default_rng(42), applications, FORTNIGHT)


def assert_in_band(measured: npt.NDArray[np.float64], habit: str, slack: float = SLACK) -> None:
    """Each decile of the measured lies between the fitted ones a little below and above."""
    fitted = load_honest_traffic().quantiles[habit]
    for share in np.arange(0.2, 0.9, 0.1):
        low, high = np.interp([share - slack, share + slack], LEVELS, fitted)
        found = float(np.quantile(measured, share))
        assert low - 1e-6 <= found <= high + 1e-6, (habit, share)


def test_active_days_are_the_fitted_ones(arrivals: pl.DataFrame) -> None:
    """Share of days with a request, over applications."""
    days = arrivals.group_by("account").agg((pl.col("at_s") // DAY_S).n_unique() / FORTNIGHT.days)
    assert_in_band(days["at_s"].to_numpy(), "active_days")


def test_the_variation_of_gaps_within_busy_windows_is_the_fitted_one(
    arrivals: pl.DataFrame,
) -> None:
    """Median of an application's busy windows, over applications that have three or more."""
    gaps = window_gaps(arrivals["account"].to_numpy(), arrivals["at_s"].to_numpy())
    windows = gaps.group_by("client", "window").agg(pl.col("cv").first().log())
    each = windows.group_by("client").agg(pl.col("cv").median(), pl.len()).filter(pl.col("len") > 2)
    assert each.height > COUNT // 2
    assert_in_band(each["cv"].to_numpy(), "cv_log", slack=0.2)


def test_answers_are_spread_as_the_fitted_ones(applications: pl.DataFrame) -> None:
    """Median and spread of the logarithm of output tokens, over applications."""
    account = np.repeat(np.arange(COUNT), 300)
    asked = pl.DataFrame({"account": account}).with_columns(
        prompt=pl.lit("x"), system=pl.lit("y"), max_tokens=pl.lit(None, pl.Int64), turn=pl.lit(1),
        status=pl.lit(200),
    )  # fmt: skip
    drawn = draw_answers(np.random.default_rng(43), applications, asked)
    logs = drawn["output_tokens"].log().to_numpy().reshape(COUNT, 300)
    low, middle, high = np.quantile(logs, (0.1, 0.5, 0.9), axis=1)
    assert_in_band(middle, "output_log")
    assert_in_band((high - low) / 2.5631, "output_sigma", slack=0.15)
