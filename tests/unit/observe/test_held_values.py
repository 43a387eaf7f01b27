"""Counting by account, a column at a time, gives what group-bys give."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from exchanges_by_hand import collected, lazy, observed
from polars.testing import assert_frame_equal

from stillwatch.observe.day_counts import count_exchanges
from stillwatch.observe.held_values import Grouped, number_accounts
from stillwatch.observe.profiles import measure_profiles
from stillwatch.observe.traits import EXCHANGE_CHANNELS, count_first_use, count_values


@pytest.fixture(scope="module")
def traffic() -> pl.DataFrame:
    """A few accounts, one of them with most of the traffic, over three days; much is unknown."""
    rng = np.random.default_rng(3)

    def some(values: int) -> int | None:
        return int(rng.integers(-values, values)) if rng.random() < 0.8 else None

    return observed(
        *[
            {
                "account_id": f"a{min(k % 7, k % 3)}",
                "at": int(rng.integers(72)),
                "prompt_hash": some(2**62),
                "client_hash": some(3),
                "access_path": rng.choice(["api", "console"]) if k % 5 else None,
                "model": rng.choice(["m", "n"]) if k % 4 else None,
                "status": some(500),
                "turn": some(4),
                "output_tokens": some(900),
                "tactic_probability": rng.random(),
            }
            for k in range(900)
        ]
    )


def test_values_first_hours_and_days_are_what_group_bys_give(traffic: pl.DataFrame) -> None:
    """Every channel exactly, and sums of probabilities to the last digits."""
    counts = count_exchanges(lazy(traffic))
    for channel, column in EXCHANGE_CHANNELS.items():
        expected = collected(count_values(lazy(traffic), column=column))
        assert_frame_equal(
            counts.values[channel], expected, check_row_order=False, check_dtypes=False
        )
    first = collected(count_first_use(lazy(traffic)))
    assert_frame_equal(counts.first_use, first, check_row_order=False)
    days = collected(measure_profiles(lazy(traffic))).sort("account_id", "day")
    days = days.with_columns(pl.col("day").cast(pl.Int32).cast(pl.Date))
    days = days.with_columns(pl.col("^.*_tokens$").fill_null(0))
    assert_frame_equal(counts.profiles.select(days.columns), days, check_dtypes=False)


def test_counts_come_by_account_and_value(traffic: pl.DataFrame) -> None:
    """Linking need not sort them."""
    grouped = Grouped.of(number_accounts(traffic["account_id"]))
    counted = grouped.count(traffic["prompt_hash"])
    assert counted.equals(counted.sort("account_id", "value"))


def test_a_column_without_a_value_gives_no_row(traffic: pl.DataFrame) -> None:
    """Whatever its type; and no exchanges give none either."""
    grouped = Grouped.of(number_accounts(traffic["account_id"]))
    for kind in (pl.Int64, pl.String):
        assert len(grouped.count(pl.Series([None] * len(traffic), dtype=kind))) == 0
    nothing = Grouped.of(number_accounts(pl.Series([], dtype=pl.String)))
    assert len(nothing.count(pl.Series([], dtype=pl.Int64))) == 0
