"""The sketch of accounts: sums that add up to the bit, and nothing counted twice."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from stillwatch.detect.interchangeability.sketch import Sketch, sketch_accounts

BY_HAND: Any = runpy.run_path(str(Path(__file__).with_name("groups_by_hand.py")))


def are_equal(one: Sketch, other: Sketch) -> bool:
    """Every frame, to the bit."""
    return all(
        getattr(one, name).equals(getattr(other, name))
        for name in ("content", "parameters", "activity")
    )


def test_shards_add_up_to_the_whole_to_the_bit() -> None:
    """Three shards cut at random, added in any order, are the sketch of all exchanges."""
    rng = np.random.default_rng(1)
    exchanges = BY_HAND["draw_group"](rng, accounts=12, share=0.3)
    part = rng.integers(0, 3, len(exchanges))
    a, b, c = (sketch_accounts(exchanges.filter(pl.Series(part == at))) for at in range(3))
    whole = sketch_accounts(exchanges)
    assert are_equal((a + b) + c, whole)
    assert are_equal(c + (b + a), whole)


def test_an_empty_shard_changes_nothing() -> None:
    """The sketch of no exchange is the neutral element."""
    rng = np.random.default_rng(2)
    exchanges = BY_HAND["draw_group"](rng, accounts=12, share=0.3)
    whole = sketch_accounts(exchanges)
    assert are_equal(whole + sketch_accounts(exchanges.head(0)), whole)


def test_forgotten_specialities_give_the_sketch_without_any() -> None:
    """Collapsing a sketch by capability is sketching without capabilities."""
    rng = np.random.default_rng(3)
    account = np.repeat(np.arange(10), 30)
    exchanges = BY_HAND["observe"](
        account,
        vectors=30 * rng.standard_normal((len(account), 32)),
        hours=rng.integers(0, 200, len(account)),
        parameters=rng.integers(0, 4, len(account)),
        capability=rng.integers(0, 3, len(account)),
    )
    special = sketch_accounts(exchanges, speciality="capability")
    assert len(special.content) > 10
    assert are_equal(special.collapse(), sketch_accounts(exchanges))


def test_sums_are_what_they_say() -> None:
    """Two accounts by hand: counts, sums and squares of embeddings, active hours."""
    exchanges = BY_HAND["observe"](
        np.array([0, 0, 1]),
        vectors=np.array([[3] * 32, [-1] * 32, [2] * 32]),
        hours=np.array([5, 5, 6]),
        parameters=np.array([1, 1, 2]),
    )
    found = sketch_accounts(exchanges)
    assert found.content["count"].to_list() == [2, 1]
    assert found.content["s0"].to_list() == [2, 2]
    assert found.content["square"].to_list() == [320, 128]
    assert found.activity["count"].to_list() == [2, 1]
    assert found.parameters["square"].to_list() == [64, 32]
    assert found.count_exchanges() == (2, 3)


@pytest.mark.parametrize("column", ["embedding", "parameters_hash", "capability"])
def test_a_column_of_nulls_is_no_evidence(column: str) -> None:
    """Such exchanges count in hours and not there; an unknown capability is one of its own."""
    rng = np.random.default_rng(4)
    exchanges = BY_HAND["draw_group"](rng, accounts=12, share=0.3).with_columns(
        pl.lit(None).cast(pl.Binary if column == "embedding" else pl.Int64).alias(column)
    )
    found = sketch_accounts(exchanges, speciality="capability")
    assert len(found.content) == (0 if column == "embedding" else 12)
    assert len(found.parameters) == (0 if column == "parameters_hash" else 12)
    assert found.count_exchanges() == (12, len(exchanges))


def test_a_group_is_its_accounts_alone() -> None:
    """Keeping three accounts is sketching their exchanges alone."""
    rng = np.random.default_rng(5)
    exchanges = BY_HAND["draw_group"](rng, accounts=12, share=0.3)
    names = ["acct-0003", "acct-0007", "acct-0011"]
    own = exchanges.filter(pl.col("account_id").is_in(names))
    assert are_equal(sketch_accounts(exchanges).keep(names), sketch_accounts(own))
