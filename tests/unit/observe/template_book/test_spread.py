"""The spread test: each null keeps its level, and each alternative is seen."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from stillwatch.domain.observations import COVARIATES, TEMPLATE_SPREAD
from stillwatch.observe.template_book.spread import (
    FACTOR,
    MARGIN,
    RHO,
    combine_covariates,
    measure_spread,
    tail_bound,
)
from stillwatch.observe.template_book.spread import (
    test_evenness as check_evenness,
)

N = 4_000
KEY = ["place", "template_id"]


def population(rng: np.random.Generator) -> pl.DataFrame:
    """Four thousand accounts, half of them old: 100 weeks, 300 networks, cards, countries."""
    week = np.floor(100 * np.sqrt(rng.random(N))).astype(int)
    return pl.DataFrame(
        {
            "account_id": [f"a{k:04d}" for k in range(N)],
            "actor": [f"a{k:04d}" for k in range(N)],
            "signup_age": (week <= np.median(week)).astype(int),
            "signup_week": week,
            "network": rng.zipf(1.7, N) % 300,
            "payment": np.arange(N),
            "country": (rng.zipf(1.6, N) - 1) % 12,
            "batch": rng.integers(0, 2_000, N),
        }
    )


def hold(*cohorts: np.ndarray) -> pl.DataFrame:
    """Templates by the numbers of the accounts that send them."""
    return pl.concat(
        pl.DataFrame({"actor": [f"a{k:04d}" for k in own]}).with_columns(
            place=pl.lit("prompt"), template_id=pl.lit(f"t{t:04d}")
        )
        for t, own in enumerate(cohorts)
    )


def read(*cohorts: np.ndarray, of: pl.DataFrame) -> pl.DataFrame:
    """What the covariates say of each together."""
    spread = TEMPLATE_SPREAD.conform(measure_spread(hold(*cohorts), population=of))
    return combine_covariates(spread).sort(*KEY)


@pytest.mark.parametrize("share", [1e-4, 0.02, 0.3, 0.9])
@pytest.mark.parametrize("n", [5, 40, 3_000])
def test_the_bound_of_a_tail_is_never_below_the_tail(share: float, n: int) -> None:
    """Against SciPy's beta-binomial; and where the tail is small, no more than ten times it."""
    scale = (1 - RHO) / RHO
    exact = stats.betabinom(n, share * scale, (1 - share) * scale)
    counts = np.unique(np.linspace(1, n, 30).astype(int))
    bound = tail_bound(counts, np.full(len(counts), n), np.full(len(counts), share))
    chances = exact.pmf(np.arange(n + 1))
    true = np.array([chances[k:].sum() for k in counts])  # SciPy's own tail loses small ones
    assert (bound >= true * (1 - 1e-9)).all()
    small = true < 1e-3
    assert (bound[small] <= 10 * true[small]).all()
    assert tail_bound(np.zeros(1), np.array([n]), np.array([share])).tolist() == [1.0]


def test_random_cohorts_are_no_cohorts() -> None:
    """Of 600 random sets of 6 to 300 accounts at most 1 % have p <= 0.01."""
    rng = np.random.default_rng(1)
    everybody = population(rng)
    sizes = np.exp(rng.uniform(np.log(6), np.log(300), 600)).astype(int)
    told = read(*(rng.choice(N, s, replace=False) for s in sizes), of=everybody)
    assert (told["cohort_p_value"] <= 0.01).mean() <= 0.01
    large = told.filter(pl.Series(sizes >= 100))
    assert (large["reading"] == "public").mean() >= 0.9


@pytest.mark.parametrize("covariate", ["signup_week", "network", "batch"])
def test_one_cohort_is_told_whatever_it_shares(covariate: str) -> None:
    """Thirty accounts of one week, network or batch of cards among ten of anywhere."""
    rng = np.random.default_rng(2)
    everybody = population(rng)
    if covariate == "batch":
        everybody = everybody.with_columns(
            pl.when(pl.int_range(N) < 40).then(1).otherwise("batch").alias("batch")
        )
    values = everybody[covariate].value_counts().filter(pl.col("count").is_between(35, 80))
    value = values.sort(covariate)[covariate][0]
    inside = np.flatnonzero((everybody[covariate] == value).to_numpy())[:30]
    told = read(np.union1d(inside, rng.choice(N, 10)), of=everybody)
    assert told["reading"].to_list() == ["cohort"]
    assert told["public_p_value"][0] > 0.5


@pytest.mark.parametrize("batches", [1, 3, 10])
@pytest.mark.parametrize("n", [30, 200, 2_000])
def test_what_shares_values_by_the_margin_is_seldom_called_public(batches: int, n: int) -> None:
    """Actors who share by chance and in 1 to 10 batches, just at the bound: p <= 0.01 in 1 %."""
    rng = np.random.default_rng(batches * n)
    values, draws = 200, 2_000
    chance = 1 / values
    bound = max(chance + MARGIN, FACTOR * chance)
    share = np.sqrt((bound - chance) / (1 / batches - chance))  # in batches of equal size
    p = np.full(values + batches, (1 - share) / values)
    p[values:] = share / batches
    p /= p.sum()
    counts = rng.multinomial(n, p, draws)
    seen = (counts * (counts - 1)).sum(axis=1) / (n * (n - 1))
    p_values = check_evenness(seen, np.full(draws, n), chance=chance, bound=np.full(draws, bound))
    assert (p_values <= 0.01).mean() <= 0.01 + 3 * np.sqrt(0.01 / draws)


def test_the_old_must_send_it_too() -> None:
    """As spread over networks, cards and weeks as can be, but all of the younger half."""
    rng = np.random.default_rng(4)
    everybody = population(rng)
    young = np.flatnonzero((everybody["signup_age"] == 0).to_numpy())
    told = read(
        rng.choice(young, 300, replace=False), rng.choice(N, 300, replace=False), of=everybody
    )
    assert told["reading"].to_list() == ["cohort", "public"]
    assert told["public_p_value"][0] == 1.0


def test_sixty_batches_of_aged_accounts_pass_for_public() -> None:
    """The blind spot: equal batches over all ages, own cards, as many networks as they like."""
    rng = np.random.default_rng(8)
    everybody = population(rng)
    weeks = rng.choice(everybody["signup_week"].unique().to_numpy(), 60, replace=False)
    inside = [
        rng.permutation(np.flatnonzero((everybody["signup_week"] == week).to_numpy()))[:8]
        for week in weeks
    ]
    told = read(np.concatenate(inside), of=everybody)
    assert told["reading"].to_list() == ["public"]


def test_a_few_accounts_leave_it_open() -> None:
    """Six random accounts could be anything."""
    rng = np.random.default_rng(5)
    told = read(rng.choice(N, 6, replace=False), of=population(rng))
    assert told["reading"].to_list() == ["open"]


def test_effective_numbers_are_those_of_as_many_random_actors() -> None:
    """On average over random sets, within 2 %; the bound is below what was seen."""
    rng = np.random.default_rng(6)
    everybody = population(rng)
    spread = measure_spread(
        hold(*(rng.choice(N, 80, replace=False) for _ in range(300))), population=everybody
    )
    assert spread["covariate"].unique().sort().to_list() == sorted(COVARIATES)
    means = spread.group_by("covariate").agg(
        (1 / (1 / pl.col("effective")).mean()).alias("seen"),
        pl.col("effective_random").mean(),
    )
    assert means.filter((pl.col("seen") / pl.col("effective_random") - 1).abs() > 0.02).is_empty()
    assert (spread["effective_low"] <= spread["effective"] + 1e-9).mean() > 0.95


def test_without_a_register_nothing_is_called_public() -> None:
    """Networks alone: the public test stands aside, the cohort test goes on."""
    rng = np.random.default_rng(7)
    hidden = ("signup_age", "signup_week", "payment", "country", "batch")
    bare = population(rng).with_columns(pl.lit(None, pl.Int64).alias(name) for name in hidden)
    told = read(rng.choice(N, 300, replace=False), of=bare)
    assert told["public_p_value"].to_list() == [None]
    assert told["reading"].to_list() == ["open"]
