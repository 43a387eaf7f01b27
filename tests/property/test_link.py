"""Properties of linking that hold for any table, any e-values and any order."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.domain.arrays import log2_betabinomial
from stillwatch.domain.channels.families import CHANNELS
from stillwatch.domain.tables import REGISTER, TRAIT
from stillwatch.link.e_values import (
    average_e,
    bound_q_values,
    combine_families,
    log2_bayes_factor,
)
from stillwatch.link.table import CHANNEL_NAMES, tabulate_traits

BITS = st.one_of(st.floats(-50, 200), st.just(-np.inf))
TRAITS = st.dictionaries(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(CHANNEL_NAMES[:12]), st.integers(0, 4)),
    st.floats(0.01, 1.0),
    max_size=60,
).map(
    lambda held: TRAIT.conform(
        pl.DataFrame([(*k, s) for k, s in held.items()], schema=TRAIT.schema, orient="row")
    )
)


@given(traits=TRAITS, seed=st.integers(0, 99))
def test_a_table_does_not_depend_on_the_order_of_its_rows(traits: pl.DataFrame, seed: int) -> None:
    """Actors, values, holders and masses are the same however the rows come."""
    one = tabulate_traits(traits, register=REGISTER.empty())
    mixed = traits.sample(fraction=1.0, shuffle=True, seed=seed)
    two = tabulate_traits(mixed, register=REGISTER.empty())
    assert one.actor_ids == two.actor_ids
    assert np.array_equal(one.value_id, two.value_id)
    assert np.array_equal(one.column_actor, two.column_actor)
    assert np.allclose(one.column_share, two.column_share)
    assert np.allclose(one.single, two.single)


@given(traits=TRAITS)
def test_renaming_values_commutes_with_tabulating(traits: pl.DataFrame) -> None:
    """Who shares with whom, and how much, is not in the pseudonyms."""
    renamed = traits.with_columns(pl.col("value") * -7_919 + 13)
    one, two = (tabulate_traits(t, register=REGISTER.empty()) for t in (traits, renamed))
    assert np.allclose(one.single, two.single)
    assert np.array_equal(one.present, two.present)

    def columns(table: object, values: np.ndarray) -> set[tuple[int, ...]]:
        start, actor = table.column_start, table.column_actor  # type: ignore[attr-defined]
        return {
            (int(v), *actor[a:b].tolist())
            for v, a, b in zip(values, start[:-1], start[1:], strict=True)
        }

    assert columns(one, one.value_id * -7_919 + 13) == columns(two, two.value_id)


@given(traits=TRAITS)
def test_no_actor_has_more_than_all_of_its_traffic_in_a_channel(traits: pl.DataFrame) -> None:
    """Shares of a channel, shared or single, add up to one at the most; no whole one is more."""
    table = tabulate_traits(traits, register=REGISTER.empty())
    actor = np.repeat(np.arange(table.actors), np.diff(table.row_start))
    total = table.single.astype(np.float64).copy()
    np.add.at(total, (actor, table.value_channel[table.row_value]), table.row_share)
    is_whole = np.array([channel.is_whole for channel in CHANNELS])
    assert np.all(total[:, ~is_whole] <= 1 + 1e-5)
    assert np.all(table.row_share <= 1 + 1e-5)
    assert np.all((total > 0) == table.present)


@given(n=st.integers(1, 200), mean=st.floats(1e-6, 0.999), rho=st.floats(0.02, 0.5))
def test_bayes_factors_are_e_values_for_any_share_and_width(
    n: int, mean: float, rho: float
) -> None:
    """The beta-binomial sums to one, and the factor's mean under it is at most one."""
    k = np.arange(n + 1.0)
    chance = np.exp2(log2_betabinomial(k, n, mean=mean, rho=rho))
    assert chance.sum() == pytest.approx(1.0, abs=1e-6)
    assert chance @ np.exp2(log2_bayes_factor(k, n, mean=np.array(mean), rho=rho)) <= 1 + 1e-6


@given(n=st.integers(5, 150), mean=st.floats(0.001, 0.5), data=st.data())
def test_a_fractional_count_is_no_more_evidence_than_the_whole_ones_around_it(
    n: int, mean: float, data: st.DataObject
) -> None:
    """Expected counts lie under the chord of the e-value: rounding at random would give more."""
    whole = data.draw(st.integers(int(np.ceil(n * mean)) + 1, n))
    part = data.draw(st.floats(0, 1))
    k = np.array([whole - 1.0, whole, whole - 1 + part])
    low, high, between = np.exp2(log2_bayes_factor(k, n, mean=np.array(mean), rho=0.05))
    assert between <= ((1 - part) * low + part * high) * (1 + 1e-9) + 1e-12


@given(bits=st.lists(BITS, min_size=1, max_size=30))
def test_an_average_lies_between_its_parts(bits: list[float]) -> None:
    """In bits; and never above the largest."""
    mean = average_e(bits)
    assert min(bits) - 1e-9 <= mean <= max(bits) + 1e-9


@given(bits=st.lists(BITS, min_size=2, max_size=6))
def test_dropping_the_largest_never_gains(bits: list[float]) -> None:
    """What is combined is at most the average of all: so it is an e-value where that is one."""
    combined = combine_families({str(k): b for k, b in enumerate(bits)})
    assert combined <= average_e(bits) + 1e-9


@given(bits=st.lists(st.floats(-20, 60), max_size=40), more=st.integers(0, 500))
@settings(max_examples=60)
def test_more_untested_seeds_never_make_a_q_value_smaller(bits: list[float], more: int) -> None:
    """An e of 0 counts against everybody; order of the given values is kept."""
    values = np.array(bits)
    few = bound_q_values(values, tested=len(bits))
    many = bound_q_values(values, tested=len(bits) + more)
    assert np.all(many >= few)
    assert np.all((few >= 0) & (few <= 1))
    mixed = bound_q_values(values[::-1].copy(), tested=len(bits))[::-1]
    assert np.allclose(np.sort(mixed), np.sort(few))
