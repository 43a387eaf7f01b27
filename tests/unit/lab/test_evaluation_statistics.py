"""Calibration and intervals: against figures worked out by hand, and against a known mean."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest
from cases_by_hand import called, heads, honest, incident

from stillwatch_lab.evaluate import combine, evaluate_case
from stillwatch_lab.evaluation.bootstrap import (
    false_share_or_none_called,
    mean_interval,
    ratio_interval,
    upper_share,
)
from stillwatch_lab.evaluation.calibration import EDGES, calibrate, merge_calibrations, wilson
from stillwatch_lab.evaluation.record import Evaluation


def test_the_reliability_table_and_the_brier_score_are_those_of_the_book() -> None:
    """(0.1² + 0.9² + 0.2² + 0²) / 4, two accounts in the bin from 0.1 on, edges closed below."""
    people = [*heads("a", 2), *honest(2)]
    said = [
        *called(people[:1], "fraudulent", "c", probability=0.9),
        *called(people[1:2], "clear", probability=0.1),
        *called(people[2:3], "clear", probability=0.2),
        *called(people[3:], "clear", probability=0.0),
    ]
    found = calibrate(incident(people, said))
    assert found.brier == pytest.approx((0.01 + 0.81 + 0.04) / 4)
    assert found.brier_of_base_rate == pytest.approx(0.25)
    assert found.mean_probability == pytest.approx(0.3)
    rows = [(row.low, row.high, row.accounts, row.fraud) for row in found.bins]
    assert rows == [(0.0, 0.001, 1, 0), (0.1, 0.25, 2, 1), (0.9, 0.95, 1, 1)]
    assert found.bins[1].mean_probability == pytest.approx(0.15)
    assert found.bins[1].fraud_share == pytest.approx(0.5)


def test_the_expected_error_is_that_of_the_book_and_of_the_tied_alone_where_asked() -> None:
    """Bins of 1, 2 and 1 accounts miss by 0, 0.35 and 0.1; the one stranger said 0 is not tied."""
    people = [*heads("a", 2), *honest(2)]
    said = [
        (name, "clear", None, probability, None)
        for (name, *_), probability in zip(people, (0.9, 0.1, 0.2, 0.0), strict=True)
    ]
    case = incident(people, said)
    tied = case.judged.with_columns(
        group_id=pl.when(pl.col("probability") > 0).then(pl.lit("g-1")).otherwise(None)
    )
    case = dataclasses.replace(case, judged=tied)
    assert calibrate(case).expected_error == pytest.approx((0 + 2 * 0.35 + 0.1) / 4)
    assert calibrate(case, tied=True).expected_error == pytest.approx((2 * 0.35 + 0.1) / 3)
    assert calibrate(case, tied=True).accounts == 3


def test_certainty_falls_into_the_last_bin() -> None:
    """A probability of 1 has a bin."""
    people = heads("a", 2)
    (row,) = calibrate(incident(people, called(people, "clear", probability=1.0))).bins
    assert (row.low, row.high, row.accounts) == (*EDGES[-2:], 2)


def test_without_probabilities_there_is_no_calibration() -> None:
    """A result that lacks the column gives no table and no score, not a perfect one."""
    people = heads("a", 2)
    found = calibrate(incident(people, [(p[0], "clear", None, None, None) for p in people]))
    assert (found.accounts, found.brier, found.bins) == (0, None, ())


def test_merged_calibrations_are_those_of_all_accounts_together() -> None:
    """Table by table or all at once: the same figures."""
    rng = np.random.default_rng(3)
    people = [*heads("a", 60), *honest(140)]
    said = [(p[0], "clear", None, float(rng.beta(0.5, 0.5)), None) for p in people]
    whole = calibrate(incident(people, said))
    merged = merge_calibrations(
        [calibrate(incident(people[at::3], said[at::3])) for at in range(3)]
    )
    assert merged.brier == pytest.approx(whole.brier)
    assert merged.mean_probability == pytest.approx(whole.mean_probability)
    assert [dataclasses.astuple(row) for row in merged.bins] == [
        pytest.approx(dataclasses.astuple(row)) for row in whole.bins
    ]


def test_wilson_intervals_are_those_of_the_book() -> None:
    """81 of 263 gives 0.2553 to 0.3662 (Newcombe 1998, table I); 0 of 10 leaves 0.2775 open."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=5e-5)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=5e-5)


def test_none_seen_in_n_bounds_a_share_as_the_rule_of_three_does() -> None:
    """1 - 0.05^(1/n); all seen bound nothing."""
    assert upper_share(0, 20) == pytest.approx(1 - 0.05 ** (1 / 20))
    assert upper_share(2, 20) == pytest.approx(0.2826, abs=5e-5)
    assert upper_share(4, 4) == 1.0


@pytest.mark.parametrize(("incidents", "least"), [(6, 0.86), (20, 0.92)])
def test_the_interval_covers_a_known_mean(incidents: int, least: float) -> None:
    """Of 300 studies of a skewed figure with mean 1/6: about 95 %, of six incidents near 90 %."""
    rng, covered = np.random.default_rng(17), 0
    for trial in range(300):
        found = mean_interval(rng.beta(2, 10, incidents).tolist(), seed=trial, replicates=800)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 1 / 6 <= found.high
    assert least <= covered / 300 <= 0.99


def test_clusters_that_go_together_make_wider_intervals_than_accounts_alone() -> None:
    """Ten campaigns of a hundred, found whole or not at all, know less than a thousand accounts."""
    whole = np.full(10, 100.0)
    clusters = ratio_interval([np.column_stack([whole * (np.arange(10) < 5), whole])])
    accounts = ratio_interval([np.column_stack([np.arange(1000) < 500, np.ones(1000)])])
    assert clusters is not None
    assert accounts is not None
    assert clusters.estimate == accounts.estimate == 0.5
    assert (clusters.units, accounts.units) == (10, 1000)
    assert clusters.low is not None
    assert accounts.low is not None
    assert clusters.low < 0.3
    assert accounts.low > 0.45


def test_one_unit_has_no_interval_and_no_unit_no_figure() -> None:
    """Nothing is resampled from one, or from none; None doesn't take part."""
    alone = mean_interval([0.25, None])
    assert alone is not None
    assert (alone.estimate, alone.low, alone.high, alone.units) == (0.25, None, None, 1)
    assert mean_interval([None, None]) is None
    assert ratio_interval([np.zeros((0, 2))]) is None


def test_where_none_is_called_nothing_is_falsely_discovered() -> None:
    """V / max(R, 1), resamples that call nobody included."""
    drawn = false_share_or_none_called(np.array([0.0, 1.0]), np.array([0.0, 4.0]))
    assert drawn.tolist() == [0.0, 0.25]


def test_the_same_counts_give_the_same_interval_whatever_their_order() -> None:
    """Seeded, and clusters are drawn by their counts."""
    values = np.random.default_rng(5).random(40).tolist()
    assert mean_interval(values) == mean_interval(values[::-1])
    assert mean_interval(values) != mean_interval(values, seed=1)


def with_false(name: str, *, found: int, false: int) -> Evaluation:
    """Evaluate an incident of ten heads and ten pupils."""
    guilty, class_ = heads("a", 10), honest(10, role="benign-class")
    said = [
        *called(guilty[:found], "fraudulent", "c"),
        *called(guilty[found:], "clear"),
        *called(class_[:false], "fraudulent", "c"),
        *called(class_[false:], "clear"),
    ]
    return evaluate_case(incident([*guilty, *class_], said, name=name))


def test_the_mean_of_several_incidents_weighs_each_alike() -> None:
    """False shares 0, 1/6 and 0 of none called: their mean, not the share of all called."""
    innocent = evaluate_case(incident(honest(4), called(honest(4), "clear"), name="quiet"))
    parts = [
        with_false("one", found=10, false=0),
        with_false("two", found=5, false=1),
        with_false("none", found=0, false=0),
        innocent,
    ]
    study = combine(parts)
    assert study.means.false_discovery is not None
    assert study.means.account_recall is not None
    assert study.means.false_discovery.estimate == pytest.approx(1 / 6 / 4)
    assert study.means.false_discovery.units == 4
    assert study.means.account_recall.estimate == pytest.approx(0.5)
    assert study.means.account_recall.units == 3
    assert study.means.resampled == "incidents"
    assert (study.incidents_with_false, study.calibration.accounts) == (1, 64)
    assert study.any_false_share_high == pytest.approx(upper_share(1, 4))


def test_within_one_incident_the_note_says_what_was_resampled() -> None:
    """Of one campaign its accounts, of several the campaigns; groups count as one cluster."""
    one = with_false("one", found=5, false=0).intervals
    assert "one by one" in one.note
    assert one.account_recall is not None
    assert one.account_recall.units == 10
    people = [*heads("a", 9), *heads("b", 9), *honest(9, role="benign-class", group="class")]
    two = evaluate_case(incident(people, called(people, "fraudulent", "c"))).intervals
    assert "2 campaigns and 1 honest clusters" in two.note
    assert two.account_recall is not None
    assert two.account_recall.units == 2
    assert two.false_discovery is not None
    assert two.false_discovery.estimate == pytest.approx(1 / 3)
    assert two.false_discovery.units == 3
