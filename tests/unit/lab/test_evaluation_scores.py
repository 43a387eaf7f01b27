"""Scores of small incidents whose answers are known beforehand."""

from __future__ import annotations

import dataclasses

import polars as pl
import pytest
from cases_by_hand import called, frame, heads, honest, incident

from stillwatch_lab.evaluate import evaluate_case
from stillwatch_lab.evaluation.case import Case, make_case


def test_innocent_traffic_in_which_nobody_is_called_has_no_ratio() -> None:
    """No campaign: nothing to recall, nothing discovered falsely, nothing to resample."""
    people = honest(5)
    scored = evaluate_case(incident(people, called(people, "clear", probability=0.0)))
    assert (scored.fraud_accounts, scored.campaigns) == (0, ())
    assert (scored.account_recall, scored.false_share, scored.exchange_precision) == (None,) * 3
    assert scored.false_discovery == 0.0
    assert scored.intervals.account_recall is None
    assert "without a campaign" in scored.intervals.note


def test_a_campaign_of_which_nothing_is_found_has_recall_nought() -> None:
    """Nothing called: recall 0, purity and pieces of nothing."""
    people = [*heads("a", 4), *honest(3)]
    scored = evaluate_case(incident(people, called(people, "clear"), harvest=[("x", "a")]))
    (score,) = scored.campaigns
    assert (scored.account_recall, scored.exchange_recall, score.recall) == (0.0, 0.0, 0.0)
    assert (score.found, score.pieces, score.purity, score.in_one_piece) == (0, 0, None, None)
    assert (score.exchanges, score.exchanges_found) == (1, 0)
    assert (scored.false_share, scored.false_discovery) == (None, 0.0)


def test_a_result_without_any_account_is_counted() -> None:
    """Accounts of the truth that sent something by its own count are missed, not forgotten."""
    roles = frame("account_id role campaign", [("a0", "fraud", "a"), ("a1", "fraud", "a")])
    case = make_case(
        "empty",
        roles=roles.with_columns(exchanges=pl.Series([3, 0])),
        harvest=frame("exchange_id campaign", [("x", "a")]),
        accounts=frame("account_id verdict campaign_id", []),
        exchanges=frame("exchange_id membership", []),
    )
    scored = evaluate_case(case)
    assert (scored.fraud_accounts, scored.account_recall) == (1, 0.0)
    assert not scored.successors.is_in_truth


def test_a_false_account_is_counted_by_role_and_at_suspect() -> None:
    """One pupil of three is called, another suspected: 1 of 4, and 2 at suspect."""
    guilty, class_ = heads("a", 3), honest(3, role="benign-class", group="class")
    said = [
        *called(guilty, "fraudulent", "c1", probability=0.9),
        *called(class_[:1], "fraudulent", "c1", probability=0.7),
        *called(class_[1:2], "suspect", "c1"),
        *called(class_[2:], "clear"),
    ]
    scored = evaluate_case(incident([*guilty, *class_], said))
    assert scored.false_by_role == {"benign-class": 1}
    assert (scored.false_accounts, scored.false_at_suspect) == (1, 2)
    assert scored.false_share == scored.false_discovery == pytest.approx(1 / 4)
    assert scored.promised_false_discovery == pytest.approx((3 * 0.1 + 0.3) / 4)
    assert scored.campaigns[0].purity == pytest.approx(3 / 4)


def test_a_stolen_key_is_no_head_though_its_exchanges_are_harvest() -> None:
    """Calling its owner fraudulent is false; finding its harvest is right."""
    owner = [("k", "benign-stolen-key", "a", None, None)]
    scored = evaluate_case(
        incident(
            [*heads("a", 1), *owner],
            [*called(heads("a", 1), "clear"), *called(owner, "fraudulent", "c")],
            harvest=[("x", "a")],
            found=[("x", "k", "c", 0.9)],
        )
    )
    assert (scored.fraud_accounts, scored.false_accounts) == (1, 1)
    assert scored.exchange_recall == scored.exchange_precision == 1.0


@pytest.fixture
def with_partner() -> Case:
    """Two heads, one with a life beside the harvest, and a partner whose harvest is permitted."""
    guilty, partner = heads("a", 2), honest(2, role="benign-partner", group="partner")
    found = [
        ("x0", "a0", "c1", 0.9),
        ("x1", "a1", "c1", 0.5),
        ("own", "a1", "c1", 0.8),
        ("p0", "benign-partner0", "c2", 0.99),
        ("p1", "benign-partner1", "c2", 0.6),
        ("p2", "benign-partner1", "c2", 0.4),
    ]
    said = [
        *called(guilty, "fraudulent", "c1", probability=0.9),
        *called(partner, "permitted", "c2", probability=0.99),
    ]
    return incident(
        [*guilty, *partner], said, harvest=[("x0", "a"), ("x1", "a"), ("x2", "a")], found=found
    )


def test_a_permitted_harvest_is_set_apart_in_the_second_precision_alone(with_partner: Case) -> None:
    """2 right of 5 found; without the partner's two, 2 of 3."""
    scored = evaluate_case(with_partner)
    assert (scored.exchanges_found, scored.exchanges_right, scored.exchanges_apart) == (5, 2, 2)
    assert scored.exchange_recall == pytest.approx(2 / 3)
    assert scored.exchange_precision == pytest.approx(2 / 5)
    assert scored.exchange_precision_apart == pytest.approx(2 / 3)
    assert scored.false_accounts == 0


def test_a_head_that_was_permitted_is_not_set_apart(with_partner: Case) -> None:
    """A permission excuses the honest: what a head sends beside its harvest stays a mistake."""
    permitted = with_partner.judged.with_columns(verdict=pl.lit("permitted"))
    scored = evaluate_case(dataclasses.replace(with_partner, judged=permitted))
    assert scored.exchanges_apart == 2
    assert scored.account_recall == 0.0


def test_permitted_accounts_are_set_apart_in_calibration(with_partner: Case) -> None:
    """Two heads are scored, the partner's two are counted apart."""
    calibration = evaluate_case(with_partner).calibration
    assert (calibration.accounts, calibration.fraud, calibration.permitted_apart) == (2, 2, 2)
    assert calibration.brier == pytest.approx(0.01)


def test_an_exchange_that_stands_twice_counts_once() -> None:
    """Neither a truth nor a result wins by repeating a line."""
    guilty = heads("a", 1)
    scored = evaluate_case(
        incident(
            guilty,
            called(guilty, "fraudulent", "c"),
            harvest=[("x", "a"), ("x", "a"), ("y", "a")],
            found=[("x", "a0", "c", 0.9), ("x", "a0", "c", 0.9)],
        )
    )
    assert (scored.exchanges, scored.exchanges_found, scored.exchange_recall) == (2, 1, 0.5)


def test_a_campaign_in_two_pieces_is_as_whole_as_its_larger_piece() -> None:
    """Five found, 3 and 2; a stranger's head lies with the three, and purity says so."""
    guilty, other = heads("a", 6), heads("b", 1)
    said = [
        *called(guilty[:3], "fraudulent", "c1"),
        *called(guilty[3:5], "fraudulent", "c2"),
        *called(guilty[5:], "suspect", "c2"),
        *called(other, "fraudulent", "c1"),
    ]
    score, stranger = evaluate_case(incident([*guilty, *other], said)).campaigns
    assert (score.found, score.pieces, score.in_one_piece) == (5, 2, 3 / 5)
    assert (score.recall, score.recall_at_suspect, score.purity) == (5 / 6, 1.0, 3 / 4)
    assert (stranger.pieces, stranger.in_one_piece, stranger.purity) == (1, 1.0, 1 / 4)


def test_successors_are_right_by_pair_and_known_at_all_by_account() -> None:
    """Three replace; one pair is right, one names another head, one is missed, one is invented."""
    truth = [
        *heads("a", 4),
        ("s1", "fraud", "a", "a0", None),
        ("s2", "fraud", "a", "a1", None),
        ("s3", "fraud", "a", "a2", None),
        ("silent", "fraud", "a", "a3", None),
    ]
    named = {"s1": "a0", "s2": "a3", "a3": "a2"}
    said = [
        (account[0], "fraudulent", "c", 0.9, named.get(str(account[0]))) for account in truth[:-1]
    ]
    heirs = evaluate_case(incident(truth, said)).successors
    assert (heirs.successors, heirs.named, heirs.right, heirs.replacing) == (3, 3, 1, 2)
    assert heirs.recall == heirs.precision == pytest.approx(1 / 3)
    assert heirs.recall_of_anybody == heirs.precision_of_anybody == pytest.approx(2 / 3)


def test_named_successors_where_none_replaces_are_wrong() -> None:
    """A truth that has the column and no successor leaves recall open and precision at nought."""
    people = honest(2)
    said = [(account[0], "clear", None, 0.0, "somebody") for account in people]
    heirs = evaluate_case(incident(people, said)).successors
    assert (heirs.is_in_truth, heirs.recall, heirs.precision) == (True, None, 0.0)


@pytest.fixture
def tested_for_pivots() -> Case:
    """Three true campaigns and a partner; of two it is known what they did."""
    people = [*heads("a", 3), *heads("b", 3), *heads("d", 3), *honest(4, role="benign-partner")]
    said = [
        *called(people[:3], "fraudulent", "c1"),
        *called(people[3:6], "fraudulent", "c2"),
        *called(people[6:9], "fraudulent", "c3"),
        *called(people[9:], "permitted", "c4"),
    ]
    q_values = frame(
        "campaign_id pivot_q_value", [("c1", 0.05), ("c2", 0.2), ("c3", None), ("c4", 1e-9)]
    )
    case = incident(people, said)
    return dataclasses.replace(case, found=q_values, turned={"a": True, "b": False, "d": True})


def test_pivots_are_compared_where_the_truth_speaks(tested_for_pivots: Case) -> None:
    """One turned and is named, one stayed and isn't, one turned and was not tested: missed."""
    pivots = evaluate_case(tested_for_pivots).pivots
    assert pivots.is_in_truth
    assert (pivots.turned, pivots.turned_named, pivots.stayed, pivots.stayed_named) == (2, 1, 1, 0)
    rows = [(row.campaign, row.is_named, row.has_turned) for row in pivots.campaigns]
    assert rows == [("a", True, True), ("b", False, False), (None, True, None)]


def test_without_a_word_in_the_truth_no_pivot_is_scored(tested_for_pivots: Case) -> None:
    """What isn't in the truth is neither right nor wrong."""
    pivots = evaluate_case(dataclasses.replace(tested_for_pivots, turned={})).pivots
    assert not pivots.is_in_truth
    assert (pivots.turned, pivots.stayed) == (0, 0)
    assert {row.has_turned for row in pivots.campaigns} == {None}
