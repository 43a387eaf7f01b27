"""Probabilities beside answers, and what a run tells of them."""

from __future__ import annotations

import pytest
from answers_by_hand import AT, answer, answered
from nulls_by_hand import judged
from scipy.stats import binomtest

from stillwatch.detect.dispositions.reliability import bound_share, measure_reliability
from stillwatch.detect.verdicts.answers import tell_answers
from stillwatch.domain.limits import DISPOSITION_GROUPS_TOLD_MAX, RELIABILITY_ANSWERS_MIN


@pytest.mark.parametrize(("hits", "n"), [(0, 3), (3, 3), (19, 20), (1, 40)])
def test_the_interval_is_that_of_clopper_and_pearson(hits: int, n: int) -> None:
    """As another implementation gives it."""
    exact = binomtest(hits, n).proportion_ci(method="exact")
    assert bound_share(hits, n) == pytest.approx((exact.low, exact.high))


def test_what_was_said_is_put_beside_what_was_answered() -> None:
    """By range; below twenty answers nothing is said; from twenty on it holds, or it doesn't."""
    right = [answer(f"c-{k}", answer="distillation") for k in range(RELIABILITY_ANSWERS_MIN)]
    (row,) = measure_reliability(answered(right))
    assert (row["from"], row["groups"], row["confirmed"], row["holds"]) == (0.95, 20, 20, True)
    (few,) = measure_reliability(answered(right[1:]))
    assert few["holds"] is None
    wrong = [answer(f"c-{k}") for k in range(RELIABILITY_ANSWERS_MIN)]
    low = answer("c-low", probability=0.6, answer="distillation")
    (first, second) = measure_reliability(answered([*wrong, low]))
    assert (first["from"], first["confirmed"]) == (0.5, 1)
    assert (second["confirmed"], second["holds"]) == (0, False)
    assert measure_reliability(answered([])) == []


def test_a_run_names_the_groups_that_an_answer_has_spared() -> None:
    """Those first that are no harvest because of it, at most so many; the rest is counted."""
    same = judged("same", shipped_p_value=1e-8, shipped_judgement="harvest")
    less = judged("less", p_value=1e-3, shipped_p_value=1e-8, shipped_judgement="harvest")
    spared = judged(
        "spared",
        p_value=0.2,
        shipped_p_value=1e-3,
        judgement="innocent",
        shipped_judgement="harvest",
    )
    told = tell_answers(answered([answer(), answer("c-0")]), [same, less, spared])
    assert (told["as_of"], told["innocent"], told["confirmed"]) == (AT.isoformat(), 2, 0)
    assert told["innocent_campaigns"] == ["c-0", "c-1"]
    assert (told["groups_judged_milder"], told["groups_let_be"]) == (2, 1)
    assert [one["group_id"] for one in told["milder"]] == ["g-spared", "g-less"]
    many = [less] * (DISPOSITION_GROUPS_TOLD_MAX + 1)
    assert len(tell_answers(answered([answer()]), many)["milder"]) == DISPOSITION_GROUPS_TOLD_MAX
