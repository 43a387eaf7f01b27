"""Were the probabilities right? What was said of groups, beside what people then answered.

Reads `ANSWERED`; gives a row a range of probabilities: how many groups people answered about, what
was said of them on average, what share they confirmed, and the interval in which that share lies.
Nothing is fitted to it: whoever confirms has seen the probability, and only what was shown is
answered.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import polars as pl
from scipy.stats import beta

from stillwatch.detect.dispositions.answered import CONFIRMED, Answered
from stillwatch.domain.limits import RELIABILITY_ANSWERS_MIN

EDGES = (0.0, 0.5, 0.8, 0.95, 1.0)
"""Ends of the ranges: `fraudulent` asks for 0.95 of each account (DetectSettings)."""
_OUTSIDE = 0.05
"""Chance that the interval misses the share."""


def measure_reliability(answered: Answered) -> list[dict[str, Any]]:
    """Put what was said beside what people answered.

    Grain:   one row per range in which anybody answered, the lowest first.
    Units:   `said` is the mean probability of a harvest, `confirmed` the groups that people called
             one; `low` and `high` bound the share of them (Clopper & Pearson, 95 %).
    Nulls:   `holds` is null where fewer than RELIABILITY_ANSWERS_MIN have answered.
    """
    rows = []
    told = answered.groups.select("probability", is_one=pl.col("answer") == CONFIRMED)
    for low, high in pairwise(EDGES):
        reached = (pl.col("probability") < high) | (high == EDGES[-1])
        some = told.filter((pl.col("probability") >= low) & reached)
        if len(some):
            rows.append({"from": low, "to": high, **_compare(some)})
    return rows


def _compare(some: pl.DataFrame) -> dict[str, Any]:
    n, hits = len(some), int(some["is_one"].sum())
    said = float(some["probability"].sum()) / n
    low, high = bound_share(hits, n)
    is_enough = n >= RELIABILITY_ANSWERS_MIN
    return {
        "groups": n,
        "said": said,
        "confirmed": hits,
        "low": low,
        "high": high,
        "holds": low <= said <= high if is_enough else None,
    }


def bound_share(hits: int, n: int) -> tuple[float, float]:
    """Give the 95 % interval of a share of which `hits` of `n` were seen.

    Source:  Clopper & Pearson 1934.
    """
    low = float(beta.ppf(_OUTSIDE / 2, hits, n - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - _OUTSIDE / 2, hits + 1, n - hits)) if hits < n else 1.0
    return low, high
