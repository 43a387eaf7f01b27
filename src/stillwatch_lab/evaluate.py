"""Evaluate results against the truth: who was found, who was accused, and how sure is that.

Puts the parts of `evaluation` together: one result gives an `Evaluation`, several a `Study`; both
become JSON and are read back. Counts as CONTRACT.md, section 4, says. Absent: any detecting; no
module of `stillwatch` knows of a truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from stillwatch.domain.errors import InputError
from stillwatch_lab.evaluation.bootstrap import upper_share
from stillwatch_lab.evaluation.calibration import calibrate, merge_calibrations
from stillwatch_lab.evaluation.campaigns import score_campaigns, score_pivots
from stillwatch_lab.evaluation.case import Case, read_case
from stillwatch_lab.evaluation.counting import (
    Sides,
    count_by,
    count_verdicts,
    is_called,
    is_guilty,
    is_suspected,
    ratio,
    tell_exchanges_apart,
)
from stillwatch_lab.evaluation.means import average_over, average_within
from stillwatch_lab.evaluation.record import EVALUATION_FORM, STUDY_FORM, Evaluation, Study
from stillwatch_lab.evaluation.successors import score_successors

__all__ = ["Evaluation", "Study", "combine", "evaluate", "evaluate_several"]


def evaluate(result: Path, *, truth: Path, incident: str | None = None) -> Evaluation:
    """Count a result directory against the truth of the traffic that it was made of.

    `incident` names it in a study; by default it has the directory's name.

    Raises:
        NotAResult: a file of the result is missing.
        InputError: a file of the truth is missing, or is no such table.
    """
    return evaluate_case(read_case(result, truth=truth, incident=incident))


def evaluate_several(results: Sequence[Path], *, truths: Sequence[Path]) -> Study:
    """Count several results, each against the truth at its place, and average over them.

    Raises:
        InputError: not as many truths as results, or none.
        NotAResult: see `evaluate`.
    """
    if not results or len(results) != len(truths):
        message = f"{len(results)} results and {len(truths)} truths: each needs its own"
        raise InputError(message, hint="give --truth once for every RESULT, in the same order")
    names = _name(results)
    return combine(
        [
            evaluate(result, truth=truth, incident=name)
            for result, truth, name in zip(results, truths, names, strict=True)
        ]
    )


def combine(evaluations: Sequence[Evaluation]) -> Study:
    """Average over incidents that are evaluated already, read back from JSON perhaps.

    Raises:
        InputError: there is none.
    """
    if not evaluations:
        message = "there is no evaluation to combine"
        raise InputError(message)
    with_false = sum(one.false_accounts > 0 for one in evaluations)
    return Study(
        form=STUDY_FORM,
        means=average_over(evaluations),
        incidents_with_false=with_false,
        any_false_share_high=upper_share(with_false, len(evaluations)),
        calibration=merge_calibrations([one.calibration for one in evaluations]),
        calibration_tied=merge_calibrations([one.calibration_tied for one in evaluations]),
        evaluations=tuple(evaluations),
    )


def evaluate_case(case: Case) -> Evaluation:
    """Count one incident that is in memory.

    Cost:    linear in accounts and exchanges, and about 50 ms of resampling.
    """
    sides = tell_exchanges_apart(case)
    judged = case.judged
    guilty, called = judged.filter(is_guilty()), judged.filter(is_called())
    false = called.filter(~is_guilty())
    harvest, found, right, apart = _count_exchanges(case, sides)
    return Evaluation(
        form=EVALUATION_FORM,
        incident=case.incident,
        fraud_accounts=guilty.height,
        account_recall=ratio(guilty.filter(is_called()).height, guilty.height),
        account_recall_at_suspect=ratio(guilty.filter(is_suspected()).height, guilty.height),
        called_fraudulent=called.height,
        false_accounts=false.height,
        false_share=ratio(false.height, called.height),
        false_discovery=false.height / max(called.height, 1),
        promised_false_discovery=_promise(called),
        false_by_role=count_by(false, "role"),
        false_at_suspect=judged.filter(is_suspected() & ~is_guilty()).height,
        exchanges=harvest,
        exchanges_found=found,
        exchanges_right=right,
        exchanges_apart=apart,
        exchange_recall=ratio(right, harvest),
        exchange_precision=ratio(right, found),
        exchange_precision_apart=ratio(right, found - apart),
        campaigns=score_campaigns(case, sides),
        pivots=score_pivots(case),
        successors=score_successors(case),
        calibration=calibrate(case),
        calibration_tied=calibrate(case, tied=True),
        verdicts_by_role=count_verdicts(judged),
        intervals=average_within(case, sides),
    )


def _promise(called: pl.DataFrame) -> float | None:
    """Average 1 - probability over those called: the false share that the result expects."""
    doubts = (1.0 - called["probability"].drop_nulls()).to_numpy()
    return float(doubts.mean()) if len(doubts) else None


def _count_exchanges(case: Case, sides: Sides) -> tuple[int, int, int, int]:
    right = sides.found["campaign"].is_not_null()
    apart = sides.found["is_apart"]
    return case.harvest.height, sides.found.height, int(right.sum()), int(apart.sum())


def _name(results: Sequence[Path]) -> list[str]:
    """Name each by its directory; by two, and a number, where that isn't enough."""
    places = [result.resolve() for result in results]
    short = [place.name for place in places]
    longer = [f"{place.parent.name}/{place.name}" for place in places]
    for names in (short, longer):
        if len(set(names)) == len(names):
            return names
    return [f"{name} ({number})" for number, name in enumerate(longer, 1)]
