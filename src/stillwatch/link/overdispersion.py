"""How much more alike natural cohorts are than random draws: the width of the linking null.

Reads a `TraitTable` and the register. Cohorts are accounts of one sign-up week, country and plan:
groups that nothing but ordinary life has put together. What share of a value's variance lies
between them, at its upper confidence limit, is the overdispersion that a group must exceed.
Source: coordination.md, 2.5 ("the most important calibration in the system").
"""

from __future__ import annotations

import numpy as np
import polars as pl

from stillwatch.domain.channels.families import CHANNELS, LIFECYCLE
from stillwatch.domain.settings import LinkSettings
from stillwatch.link.table import F64, Bools, TraitTable

_COHORT_MIN = 20
"""Actors in a cohort; smaller ones say little of a share."""
_SHARE_MIN = 0.01
"""Values held by fewer are too rare to measure a variance on."""
_RESAMPLES = 200
"""Bootstrap draws of cohorts."""
_UPPER = 0.95
"""Confidence of the upper limit."""
_CEILING = 0.5
"""Correlation above which a channel is cohort by another name."""
_UNKNOWN = 0.05
"""Overdispersion of a channel on which it can't be measured (coordination.md, 2.5)."""


def measure_overdispersion(
    table: TraitTable, *, register: pl.DataFrame, grouped: Bools, settings: LinkSettings, seed: int
) -> F64:
    """Give rho of each channel, at its upper 95 % limit over bootstrapped cohorts.

    Grain:   one float per channel. Units: intra-cohort correlation in (0, 1).
    Nulls:   without a register there are no cohorts: every channel gets the stated default.
    Accounts that the search has put into a group stay out of the cohorts: a campaign that signed
    up in one week would otherwise be its own null.
    """
    cohorts = {
        by_week: _cohorts(table, register, grouped, by_week=by_week) for by_week in (True, False)
    }
    cohort = cohorts[True]
    rho = np.full(table.present.shape[1], _UNKNOWN)
    rng = np.random.default_rng(seed)
    sizes = np.bincount(cohort[cohort >= 0]) if np.any(cohort >= 0) else np.zeros(0, np.int64)
    if np.sum(sizes >= _COHORT_MIN) < 2:  # noqa: PLR2004  a variance needs two
        return np.asarray(np.maximum(rho, settings.overdispersion_min))
    present = table.present.sum(axis=0)
    for c in range(len(rho)):
        common = np.flatnonzero(
            (table.value_channel == c) & (table.value_mass >= _SHARE_MIN * max(present[c], 1))
        )
        if len(common):
            by_week = CHANNELS[c].family != LIFECYCLE
            rho[c] = _upper_rho(table, c, common, cohorts[by_week], rng)
    return np.asarray(np.clip(rho, settings.overdispersion_min, _CEILING))


def _cohorts(
    table: TraitTable, register: pl.DataFrame, grouped: Bools, *, by_week: bool
) -> np.ndarray:
    """Cohort code of each actor outside groups, -1 where unknown.

    Sign-up channels can't be tested against cohorts made of sign-ups: those go without the week.
    """
    week = pl.col("created_at").dt.truncate("1w") if by_week else pl.lit(0).alias("created_at")
    coded = (
        table.accounts.join(register, on="account_id", how="inner")
        .drop_nulls("created_at")
        .select(
            "actor",
            pl.struct(week, "payment_country", "plan").rank("dense").cast(pl.Int64).alias("cohort"),
        )
    )
    out = np.full(table.actors, -1, np.int64)
    out[coded["actor"].to_numpy()] = coded["cohort"].to_numpy()
    out[grouped] = -1
    return out


def _upper_rho(
    table: TraitTable,
    channel: int,
    values: np.ndarray,
    cohort: np.ndarray,
    rng: np.random.Generator,
) -> float:
    """Moment estimate of rho over cohorts and common values, at its bootstrap upper limit."""
    known = (cohort >= 0) & table.present[:, channel]
    n = np.bincount(cohort[known], minlength=int(cohort.max()) + 1).astype(np.float64)
    large = n >= _COHORT_MIN
    if np.sum(large) < 2:  # noqa: PLR2004  a variance needs two
        return _UNKNOWN
    excess = np.zeros(len(n))
    scale = np.zeros(len(n))
    total = float(known.sum())
    for v in values:
        rows = slice(table.column_start[v], table.column_start[v + 1])
        holders, shares = table.column_actor[rows], table.column_share[rows]
        keep = known[holders]
        x = np.bincount(cohort[holders[keep]], shares[keep], minlength=len(n))
        p = min(float(x.sum()) / total, 1 - 1e-9)
        excess += (x - n * p) ** 2 - n * p * (1 - p)
        scale += n * (n - 1) * p * (1 - p)
    cells = np.flatnonzero(large)
    draws = rng.choice(cells, (_RESAMPLES, len(cells)))
    estimates = excess[draws].sum(axis=1) / np.maximum(scale[draws].sum(axis=1), 1e-9)
    return float(np.quantile(estimates, _UPPER))
