"""Score the heads that grow back: does the result name the account whose place one took?

Reads a `Case`: `predecessor_account_id` of the result against `replaces` of the truth. Only an
exact pair is right; beside it stands who was known for a replacement at all, since bans within one
hour leave open who replaces whom. Absent: chains of replacements, which are pairs here.
"""

from __future__ import annotations

import polars as pl

from stillwatch_lab.evaluation.case import Case
from stillwatch_lab.evaluation.counting import ratio
from stillwatch_lab.evaluation.record import SuccessorScore


def score_successors(case: Case) -> SuccessorScore:
    """Count pairs of the truth that were named, and named pairs that are true.

    Nulls:   a truth without the column `replaces` says nothing: recall and precision are None. One
             that has the column and no successor leaves recall None, and a named pair is wrong.
    """
    said, true = pl.col("predecessor_account_id"), pl.col("replaces")
    counts = case.judged.select(
        true=true.is_not_null().sum(),
        named=said.is_not_null().sum(),
        right=(said == true).sum(),
        both=(said.is_not_null() & true.is_not_null()).sum(),
    ).row(0)
    successors, named, right, both = (int(one) for one in counts)
    said_of = named if case.knows_successors else 0
    return SuccessorScore(
        is_in_truth=case.knows_successors,
        successors=successors,
        named=named,
        right=right,
        recall=ratio(right, successors),
        precision=ratio(right, said_of),
        replacing=both,
        recall_of_anybody=ratio(both, successors),
        precision_of_anybody=ratio(both, said_of),
    )
