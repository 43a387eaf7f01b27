"""Draws of honest traffic: what a caller of the lab's fit may rely on."""

from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.fit import (
    draw_arrival_times,
    draw_clients,
    draw_lengths,
    load_honest_traffic,
    scale_rates,
)
from stillwatch_lab.fit.honest import HABITS, LEVELS, HonestTraffic
from stillwatch_lab.fit.rhythm import KINDS

DAY_S = 86_400


@pytest.fixture(scope="module")
def clients() -> pl.DataFrame:
    """4,000 clients with 40 requests each in a fortnight."""
    drawn = draw_clients(np.random.default_rng(4), 4_000)
    return scale_rates(drawn, mean_per_run=40.0, days=14, share_max=0.01)


def test_the_shipped_figures_are_figures_of_all_habits() -> None:
    """A few hundred numbers: quantiles at every level, a correlation matrix, no trace."""
    traffic = load_honest_traffic()
    assert set(traffic.quantiles) == set(HABITS[1:])
    assert all(len(values) == len(LEVELS) for values in traffic.quantiles.values())
    matrix = np.array(traffic.correlation)
    assert matrix.shape == (len(HABITS), len(HABITS))
    assert np.linalg.eigvalsh(matrix).min() > 0
    assert len(traffic.to_json()) < 10_000


def test_figures_survive_being_written() -> None:
    """Reading what was written gives the same figures."""
    traffic = load_honest_traffic()
    assert HonestTraffic.from_json(traffic.to_json()) == traffic


def test_a_seed_gives_the_same_traffic() -> None:
    """Clients, instants and tokens are equal, bit for bit; another seed gives others."""

    def draw(seed: int) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        some = scale_rates(draw_clients(rng, 300), mean_per_run=50.0, days=7, share_max=0.1)
        client, at_s = draw_arrival_times(rng, some, days=7, start_weekday=2, utc_offset_h=-5.0)
        return some, at_s, np.stack(draw_lengths(rng, client, some))

    one, same, other = draw(1), draw(1), draw(2)
    assert one[0].equals(same[0])
    assert np.array_equal(one[1], same[1])
    assert np.array_equal(one[2], same[2])
    assert not one[0].equals(other[0])


def test_instants_lie_in_the_run_and_in_order(clients: pl.DataFrame) -> None:
    """By client, then time, from 0 to the end; the mean is the one that was asked for."""
    offsets = np.random.default_rng(1).integers(-11, 13, clients.height).astype(np.float64)
    client, at_s = draw_arrival_times(
        np.random.default_rng(5), clients, days=14, start_weekday=0, utc_offset_h=offsets
    )
    assert at_s.min() >= 0.0
    assert at_s.max() < 14 * DAY_S
    assert np.all(np.diff(client) >= 0)
    assert np.all(np.diff(at_s)[np.diff(client) == 0] >= 0.0)
    assert len(client) / clients.height == pytest.approx(40.0, rel=0.02)


def test_local_clocks_turn_the_day(clients: pl.DataFrame) -> None:
    """Eight hours east, everything happens eight hours earlier in UTC."""
    peaked = clients.with_columns(profile=pl.lit(KINDS - 1))

    def mean_hour(offset: float) -> float:
        client, at_s = draw_arrival_times(
            np.random.default_rng(6), peaked, days=14, start_weekday=0, utc_offset_h=offset
        )
        weight = 1.0 / np.bincount(client, minlength=clients.height)[client]
        turn = (weight * np.exp(2j * np.pi * at_s / DAY_S)).sum()
        return float(np.angle(turn) * 24 / (2 * np.pi))

    assert (mean_hour(0.0) - mean_hour(8.0)) % 24 == pytest.approx(8.0, abs=0.5)
    assert (mean_hour(0.0) - mean_hour(-6.5)) % 24 == pytest.approx(17.5, abs=0.5)


def test_no_run_begins_or_ends_with_a_rush(clients: pl.DataFrame) -> None:
    """Each client counting alike, the first and the last day hold what others do, within 15 %."""
    even = clients.with_columns(weekend_log=pl.lit(0.0))
    client, at_s = draw_arrival_times(np.random.default_rng(3), even, days=14, start_weekday=0)
    weight = 1.0 / np.bincount(client, minlength=clients.height)[client]
    days = np.bincount((at_s // DAY_S).astype(np.int64), weight)
    assert days[[0, -1]] / days.mean() == pytest.approx([1.0, 1.0], abs=0.15)


def test_weekends_follow_the_first_weekday(clients: pl.DataFrame) -> None:
    """With a strong habit of working days, two days of each week are quiet, where they belong."""
    working = clients.with_columns(
        weekend_log=pl.lit(-4.0), active_days=pl.lit(1.0), day_sigma=pl.lit(0.1)
    )
    _, at_s = draw_arrival_times(np.random.default_rng(7), working, days=7, start_weekday=3)
    counts = np.bincount((at_s // DAY_S).astype(np.int64), minlength=7)
    assert sorted(np.argsort(counts)[:2].tolist()) == [2, 3]


def test_nobody_is_over_the_share_and_the_mean_is_met(clients: pl.DataFrame) -> None:
    """Rates keep their order and their tail; the busiest tenth has most of the requests."""
    rates = np.sort(clients["rate_per_day"].to_numpy())
    assert rates.mean() * 14 == pytest.approx(40.0)
    assert rates[-1] <= 0.01 * rates.sum() * (1 + 1e-9)
    assert np.median(rates) < 0.2 * rates.mean()
    assert rates[-400:].sum() > 0.5 * rates.sum()


def test_a_share_that_nobody_can_stay_under_is_refused(clients: pl.DataFrame) -> None:
    """Fifty accounts can't each have less than a hundredth."""
    with pytest.raises(ValueError, match="can't each stay under"):
        scale_rates(clients.head(50), mean_per_run=40.0, days=14, share_max=0.01)


def test_lengths_are_a_matter_of_the_client(clients: pl.DataFrame) -> None:
    """Each client's median is its own; tokens are whole, at least one, within what was seen."""
    client = np.repeat(np.arange(200), 500)
    tokens = draw_lengths(np.random.default_rng(8), client, clients)
    for side, drawn, longest in zip(
        ("input", "output"), tokens, load_honest_traffic().token_max, strict=True
    ):
        assert drawn.min() >= 1
        assert drawn.max() <= longest
        middle = np.log(np.median(drawn.reshape(200, 500), axis=1))
        wanted = clients[f"{side}_log"].to_numpy()[:200]
        spread = clients[f"{side}_sigma"].to_numpy()[:200]
        assert np.abs(middle - wanted).max() < 0.5 * spread.max() + 0.7
        assert np.corrcoef(middle, wanted)[0, 1] > 0.98


def test_a_client_that_sends_nothing_has_no_rows(clients: pl.DataFrame) -> None:
    """Row numbers stay those of the table that was given."""
    silent = clients.head(10).with_columns(
        rate_per_day=pl.Series([0.0] * 9 + [100.0]),
    )
    client, _ = draw_arrival_times(np.random.default_rng(9), silent, days=2, start_weekday=0)
    assert set(client.tolist()) == {9}


def test_a_million_arrivals_take_seconds_at_most(clients: pl.DataFrame) -> None:
    """Vectorised over clients: two million a second on a free core, a tenth of it is asked here."""
    many = scale_rates(clients, mean_per_run=100.0, days=14, share_max=0.01)
    draw_arrival_times(np.random.default_rng(1), many.head(1_000), days=14, start_weekday=0)
    began = time.process_time()
    client, _ = draw_arrival_times(np.random.default_rng(2), many, days=14, start_weekday=0)
    assert len(client) / (time.process_time() - began) > 200_000
