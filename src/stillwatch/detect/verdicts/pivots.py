"""Did a group turn to a new model faster than organic adoption explains?

Used by campaigns: reads exchanges and releases, gives a q-value per group. Within 24 hours of a
release, the group's adopters among its active accounts against a beta-binomial with the other
accounts' share: half of 300 heads is 1e-6, not the binomial's 1e-128 (coordination.md, 6.2).
Blind spot: a staged move; evaluators and enthusiasts move within the hour too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.special import betaln, logsumexp

from stillwatch.detect.judge import Judged, adjust_p_values
from stillwatch.detect.traffic import Population

_WITHIN_HOURS = 24
"""Hours after a release in which adoption counts."""
_RHO = 0.05
"""Intra-group correlation of honest adoption (coordination.md, 6.2)."""
_ACTIVE_MIN = 5
"""Active accounts below which a group's adoption says nothing."""


def test_pivots(
    judged: Sequence[Judged],
    population: Population,
    *,
    observed: pl.LazyFrame,
    launches: pl.DataFrame,
) -> dict[str, float]:
    """Test every group on every release within the traffic.

    Grain:   group_id → the smallest q-value over releases (Benjamini-Hochberg over all tests).
    Nulls:   no release within the traffic: no entry, not a zero.
    """
    start, end = population.begins, population.ends
    found: list[tuple[str, float]] = []
    for model, released in launches.select("model", "released_at").iter_rows():
        if start is None or end is None or not start < released < end:
            continue
        adopted = _adopt(observed, population.accounts, model, released)
        found += _test(judged, adopted)
    if not found:
        return {}
    q = adjust_p_values(np.array([p for _, p in found]))
    out: dict[str, float] = {}
    for (name, _), value in zip(found, q, strict=True):
        out[name] = min(out.get(name, 1.0), float(value))
    return out


def _adopt(
    observed: pl.LazyFrame, accounts: Sequence[str], model: str, released: object
) -> np.ndarray:
    """Per account: 1 adopted within a day, 0 was active in that day and did not, -1 was away."""
    day = pl.col("time").is_between(
        pl.lit(released), pl.lit(released) + pl.duration(hours=_WITHIN_HOURS)
    )
    seen = (
        observed.filter(day)
        .group_by("account_id")
        .agg((pl.col("model") == model).any().alias("adopted"))
        .collect(engine="streaming")
    )
    states = dict(seen.iter_rows())
    return np.array([int(states[a] or 0) if a in states else -1 for a in accounts])


def _test(judged: Sequence[Judged], adopted: np.ndarray) -> list[tuple[str, float]]:
    out = []
    for group in judged:
        inside = np.zeros(len(adopted), np.bool_)
        inside[group.members] = True
        here, there = adopted[inside & (adopted >= 0)], adopted[~inside & (adopted >= 0)]
        if len(here) < _ACTIVE_MIN or not len(there):
            continue
        share = float(np.clip((there.sum() + 1) / (len(there) + 2), 1e-6, 1 - 1e-6))
        out.append((group.group_id, _tail(int(here.sum()), len(here), share=share)))
    return out


def _tail(least: int, n: int, *, share: float) -> float:
    """Probability of `least` adopters or more among n, beta-binomial (SciPy's takes 0.9 s to load).

    Source:  the density is choose(n, k) B(k + a, n - k + b) / B(a, b).
    """
    a, b = share * (1 - _RHO) / _RHO, (1 - share) * (1 - _RHO) / _RHO
    k = np.arange(least, n + 1)
    choose = -np.log(n + 1) - betaln(n - k + 1, k + 1)
    logs = choose + betaln(k + a, n - k + b) - betaln(a, b)
    return min(float(np.exp(logsumexp(logs))), 1.0)
