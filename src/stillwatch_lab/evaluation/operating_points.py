"""How many are found where a given share of those called may be false, whatever bar that takes.

Reads a `Case`; gives a `Ranking`, and over the rankings of several incidents an `OperatingPoint`.
The one idea: the order in which a result puts accounts is judged apart from the bar that it chose,
so a curve shows what the evidence could do beside what the verdict does. The bar is found with the
truth in hand, on the accounts that it is tried on: nobody who runs a scan can know it. Absent: any
model of the scores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from stillwatch_lab.evaluation.case import Case
from stillwatch_lab.evaluation.counting import PERMITTED, is_guilty, ratio


@dataclass(frozen=True, slots=True)
class Rung:
    """Accounts of one incident with one probability: called together, or not at all."""

    probability: float
    guilty: int
    honest: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """The accounts of one incident, the likeliest first."""

    guilty: int
    """Accounts of campaigns that sent anything, on a rung or not."""
    rungs: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What one bar finds in several incidents."""

    bar: float | None
    """Least probability that is called; None: no bar keeps within the share, so none is called."""
    recall: float | None
    """Over the accounts of all incidents."""
    false_share: float
    """False over called, all incidents together; 0 where none is called."""
    recalls: tuple[float | None, ...]
    """Of each incident, at the common bar."""


def rank_accounts(case: Case) -> Ranking:
    """Rank the accounts of an incident by `probability`.

    Order:   the highest probability first.
    Nulls:   an account without a probability, or one that a permission covers, is on no rung: no
             bar calls it. Where it is guilty it counts as missed.
    """
    callable_ones = case.judged.drop_nulls("probability").filter(pl.col("verdict") != PERMITTED)
    counts = (
        callable_ones.group_by("probability")
        .agg(guilty=is_guilty().sum(), honest=(~is_guilty()).sum())
        .sort("probability", descending=True)
    )
    guilty = case.judged.filter(is_guilty()).height
    return Ranking(guilty, tuple(Rung(*row) for row in counts.iter_rows()))


def find_operating_point(rankings: Sequence[Ranking], *, false_share_max: float) -> OperatingPoint:
    """Find the one bar that finds most while at most this share of all called is false.

    Order:   irrelevant but for `recalls`, which follow `rankings`. Of bars that find as many, the
             highest is taken.
    Cost:    a sort of the rungs.
    """
    bar, best, best_share = None, 0, 0.0
    found = false = 0
    for probability, guilty, honest in _pool(rankings):
        found, false = found + guilty, false + honest
        if found > best and false <= false_share_max * (found + false):
            bar, best, best_share = probability, found, false / (found + false)
    return OperatingPoint(
        bar=bar,
        recall=ratio(best, sum(one.guilty for one in rankings)),
        false_share=best_share,
        recalls=tuple(ratio(_count_above(one, bar), one.guilty) for one in rankings),
    )


def _pool(rankings: Sequence[Ranking]) -> list[tuple[float, int, int]]:
    """Put the rungs of all incidents in one order, equal probabilities together."""
    guilty, honest = Counter[float](), Counter[float]()
    for ranking in rankings:
        for rung in ranking.rungs:
            guilty[rung.probability] += rung.guilty
            honest[rung.probability] += rung.honest
    return [(at, guilty[at], honest[at]) for at in sorted(guilty, reverse=True)]


def _count_above(ranking: Ranking, bar: float | None) -> int:
    if bar is None:
        return 0
    return sum(rung.guilty for rung in ranking.rungs if rung.probability >= bar)
