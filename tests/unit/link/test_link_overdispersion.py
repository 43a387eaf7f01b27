"""The width of the linking null is that of natural cohorts, and never less than its bound."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
from populations import START, Population

from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import REGISTER, TRAIT
from stillwatch.link.overdispersion import measure_overdispersion
from stillwatch.link.table import CHANNEL_NAMES, F64, tabulate_traits

NETWORK = CHANNEL_NAMES.index("network")
WEEK = CHANNEL_NAMES.index("signup_week")


def cohorts(rho: float, *, weeks: int, size: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Accounts by sign-up week, of whom a share that varies by week holds network 1."""
    rng = np.random.default_rng(seed)
    scale = (1 - rho) / rho if rho else 0.0
    rows, register = [], []
    for week in range(weeks):
        share = rng.beta(0.3 * scale, 0.7 * scale) if rho else 0.3
        for k in range(size):
            name = f"w{week:03d}a{k:03d}"
            rows.append((name, "network", int(rng.random() < share), 1.0))
            rows.append((name, "signup_week", week % 3, 1.0))
            register.append((name, START - dt.timedelta(weeks=week)))
    traits = TRAIT.conform(pl.DataFrame(rows, schema=TRAIT.schema, orient="row"))
    names = pl.DataFrame(register, schema=["account_id", "created_at"], orient="row")
    return traits, REGISTER.conform(names)


def measure(traits: pl.DataFrame, register: pl.DataFrame, grouped: set[str] = frozenset()) -> F64:  # type: ignore[assignment]
    """Overdispersion by channel."""
    table = tabulate_traits(traits, register=register)
    taken = np.array([name in grouped for name in table.actor_ids])
    return measure_overdispersion(
        table, register=register, grouped=taken, settings=LinkSettings(), seed=1
    )


def test_without_a_register_every_channel_has_the_stated_default() -> None:
    """No cohorts: 0.05."""
    traits, _ = cohorts(0.1, weeks=5, size=30, seed=1)
    assert np.all(measure(traits, REGISTER.empty()) == 0.05)


def test_cohorts_that_are_alike_give_the_least_overdispersion_or_little_more() -> None:
    """Shares equal in every week: the upper limit stays near the bound of 0.02."""
    found = measure(*cohorts(0.0, weeks=60, size=60, seed=2))[NETWORK]
    assert 0.02 <= found <= 0.03


def test_small_cohorts_are_left_out() -> None:
    """Weeks of fewer than 20 accounts say little of a share: the default stands."""
    assert measure(*cohorts(0.2, weeks=60, size=19, seed=3))[NETWORK] == 0.05


def test_sign_up_channels_are_not_measured_on_cohorts_of_sign_ups() -> None:
    """A week is one week by definition: its cohorts leave the week out, and here one is left."""
    assert measure(*cohorts(0.1, weeks=40, size=30, seed=4))[WEEK] == 0.05


def test_accounts_in_groups_stay_out_of_the_cohorts() -> None:
    """A campaign that signed up in one week would otherwise widen its own null."""
    traits, register = cohorts(0.0, weeks=30, size=40, seed=5)
    heads = {f"w000a{k:03d}" for k in range(40)}
    moved = traits.with_columns(
        value=pl.when(pl.col("account_id").is_in(sorted(heads)) & (pl.col("channel") == "network"))
        .then(pl.lit(1))
        .otherwise("value")
    )
    assert measure(moved, register)[NETWORK] > 0.03
    assert measure(moved, register, heads)[NETWORK] < 0.03


def test_a_channel_that_is_cohort_by_another_name_is_cut_at_one_half() -> None:
    """Each week its own network: correlation one, stated as 0.5."""
    traits, register = cohorts(0.0, weeks=20, size=30, seed=6)
    weekly = traits.with_columns(
        value=pl.when(pl.col("channel") == "network")
        .then(pl.col("account_id").str.slice(1, 3).cast(pl.Int64))
        .otherwise("value")
    )
    assert measure(weekly, register)[NETWORK] == 0.5


def test_a_seed_gives_the_same_figures_again() -> None:
    """The bootstrap draws with the run's seed."""
    crowd = Population(500, seed=1)
    one, two = (measure(crowd.traits(), crowd.register()) for _ in range(2))
    assert np.array_equal(one, two)
