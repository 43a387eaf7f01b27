"""Properties of judging that hold for any p-values, witnesses and probabilities."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stillwatch.detect.honest_groups import NAMES, HonestNull, widen_by_run
from stillwatch.detect.judge import adjust_p_values
from stillwatch.detect.odds import shows_hand, weigh_group, weigh_harvest
from stillwatch.detect.tails import Standing
from stillwatch.detect.unmix.densities import compare_with_strangers
from stillwatch.detect.verdicts.certainty import hold_back
from stillwatch.detect.verdicts.sentences import explain_verdict
from stillwatch.detect.witnesses import WITNESSES
from stillwatch.domain.results import VERDICTS
from stillwatch.domain.settings import DetectSettings

P = st.floats(0, 1)
WIDTH = len(NAMES)
Z = st.one_of(st.floats(-3, 3), st.just(float("nan")))
RISE = st.floats(0, 3)


def null_of(correlation: float, *, rate: float = 2.0) -> HonestNull:
    """A null with equally correlated witnesses."""
    own = np.full((WIDTH, WIDTH), correlation)
    np.fill_diagonal(own, 1.0)
    line = np.zeros((WIDTH, 3))
    knots = np.array([0.0, 1.0])
    return HonestNull(
        line, np.ones(WIDTH), own, np.zeros(WIDTH), np.tile([1.0, 1.0 / rate, 1.0], (3, 1)), 300,
        np.full(WIDTH, 3.0), knots, knots, 0.1,
    )  # fmt: skip


@given(p=st.lists(P, min_size=1, max_size=60))
def test_q_values_are_no_smaller_than_p_values_and_keep_their_order(p: list[float]) -> None:
    """Within nought and one; the smallest p has the smallest q."""
    values = np.array(p)
    q = adjust_p_values(values)
    assert np.all(q >= values - 1e-12)
    assert np.all(q <= 1)
    assert np.all(np.diff(q[np.argsort(values, kind="stable")]) >= -1e-12)


@given(p=st.lists(P, min_size=1, max_size=40), seed=st.integers(0, 9))
def test_q_values_follow_their_groups_in_any_order(p: list[float], seed: int) -> None:
    """Adjusting shuffled p-values is shuffling adjusted ones."""
    order = np.random.default_rng(seed).permutation(len(p))
    values = np.array(p)
    assert np.allclose(adjust_p_values(values[order]), adjust_p_values(values)[order])


@given(one=P, two=P, prior=st.floats(0.001, 0.5), power=st.floats(0.02, 1.0))
def test_less_p_is_never_less_probability(
    one: float, two: float, prior: float, power: float
) -> None:
    """And it is a probability; the weakest witness multiplies the prior's odds by the power."""
    small, large = sorted((one, two))
    less = weigh_harvest(large, power=power, prior=prior)
    assert weigh_harvest(small, power=power, prior=prior) >= less - 1e-12
    assert prior * power / (1 - prior + prior * power) - 1e-9 <= less <= 1


@given(z=arrays(np.float64, (5, WIDTH), elements=Z), correlation=st.floats(0, 0.8))
def test_scores_speak_where_four_witnesses_do(z: np.ndarray, correlation: float) -> None:
    """Finite there and silent elsewhere; p is a probability; a silent group has p = 1."""
    null = null_of(correlation)
    score = null.combine(z)
    counted = [witness.weighs for witness in WITNESSES]
    speaks = (~np.isnan(z[:, counted])).sum(axis=1) >= 4
    assert np.array_equal(np.isfinite(score), speaks)
    p = null.p_values(score, Standing(z[:, 0], z[:, 1]))
    assert np.all((p >= 0) & (p <= 1))
    assert np.all(p[~speaks] == 1)


@given(z=arrays(np.float64, (25, WIDTH), elements=st.floats(-3, 3)))
def test_widening_only_ever_takes_guilt_off(z: np.ndarray) -> None:
    """And the same from every group of the run; of what only hides a hand, nothing."""
    shift = z - widen_by_run(z, median=np.zeros(WIDTH))
    assert np.all(shift >= -1e-12)
    assert np.allclose(shift, shift[0])
    assert np.all(shift[:, [w.hides_hand for w in WITNESSES]] == 0)


@given(
    scores=arrays(np.float64, st.integers(1, 80), elements=st.floats(0, 12)),
    quiet=arrays(np.float64, st.integers(0, 80), elements=st.floats(0, 12)),
)
def test_membership_is_a_probability_that_rises_with_the_score(
    scores: np.ndarray, quiet: np.ndarray
) -> None:
    """Whatever the background is."""
    found, background = compare_with_strangers(scores, quiet, unrelated_max=0.98)
    assert 0 <= background <= 1
    assert np.all((found >= 0) & (found <= 1))
    assert np.all(np.diff(found[np.argsort(scores, kind="stable")]) >= -1e-12)


@given(probability=st.lists(st.floats(0.5, 1.0), max_size=40))
def test_holding_back_keeps_the_mean_error_and_the_surest(probability: list[float]) -> None:
    """No held account is surer than a kept one; one more would be too many, or too unsure."""
    settings = DetectSettings()
    given_rows = pl.DataFrame(
        {
            "account_id": [f"a{k:03d}" for k in range(len(probability))],
            "verdict": pl.Series(["fraudulent"] * len(probability), dtype=pl.String),
            "probability": pl.Series(probability, dtype=pl.Float64),
            "reasons": pl.Series([["r"]] * len(probability), dtype=pl.List(pl.String)),
        }
    )
    out = hold_back(given_rows, settings=settings)
    kept = sorted(out.filter(verdict="fraudulent")["probability"].to_list())
    held = sorted(out.filter(verdict="suspect")["probability"].to_list())
    bar = settings.fraudulent_mean_error_max
    assert len(kept) + len(held) == len(probability)
    if kept:
        assert np.mean(1 - np.array(kept)) <= bar + 1e-9
    if kept and held:
        assert held[-1] <= kept[0]
    if held and held[-1] >= settings.fraudulent_probability_min:
        assert np.mean(1 - np.array([*kept, held[-1]])) > bar - 1e-9


@given(verdict=st.sampled_from(VERDICTS), reasons=st.lists(st.text(max_size=20), max_size=5))
def test_no_reason_gets_into_a_sentence(verdict: str, reasons: list[str]) -> None:
    """A customer reads the verdict, never its evidence."""
    shown = [r for r in reasons if r != "over_budget"]
    assert explain_verdict(verdict, shown) == explain_verdict(verdict, [])


@given(z=arrays(np.float64, (WIDTH,), elements=Z), rise=arrays(np.float64, (WIDTH,), elements=RISE))
def test_no_witness_that_rises_hides_a_hand(z: np.ndarray, rise: np.ndarray) -> None:
    """Nor does one that begins to speak; and the probability does not fall for it.

    But for times of accounts' own, hours and days: silent, they say nothing of a hand, and from
    then on they may say that each runs by its clock, or works on days that it chooses.
    """
    settings, own_times = DetectSettings(), [w.name in {"dealt_out", "own_days"} for w in WITNESSES]
    more = np.where(np.isnan(z), np.where(own_times, 0.0, -4.0), z) + rise
    assert shows_hand(more, settings=settings) >= shows_hand(z, settings=settings)
    found = [weigh_group(1e-5, one, power=0.03, settings=settings) for one in (z, more)]
    assert found[1] >= found[0]


def test_a_null_is_refused_nothing_but_its_shape() -> None:
    """Equal witnesses: the score of all-threes is three squared times the root of their number."""
    counted = sum(witness.weighs for witness in WITNESSES)
    assert null_of(0.0).combine(np.full((1, WIDTH), 3.0))[0] == pytest.approx(9 * counted**0.5)
