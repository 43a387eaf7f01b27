"""Public or campaign: is who sends a template like a random cohort, or does it sit in one?

Reads the actors of each template and the population, writes `TEMPLATE_SPREAD`. Two one-sided tests
with opposite nulls, so that neither a small template nor a missing field passes for an answer.
*Cohort*, null: as many random actors, of whom two have a value in common with probability RHO more
than chance has it; the value that stands out most, at the price of all values (Bonferroni, weighted
by their shares). *Public*, null: two of them share a value by MARGIN more, and at least twice as
often, than two random actors; or the old half of the population sends it less than half as often
as it would; rejected only where all of these are (intersection-union).

Blind spot: a campaign in sixty equal batches, over aged accounts and as many networks, passes for
public; a public text that is new in one country reads as a cohort.
Source: docs/content/templates.md; beta-binomial: coordination.md, 2.5; Berger & Hsu 1996.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import betaln

from stillwatch.domain.observations import COVARIATES

RHO: Final = 0.02
"""Intra-cohort correlation of random cohorts (coordination.md, 2.5: the least that is assumed)."""
MARGIN: Final = 0.05
"""By how much two of a public template's actors may share a value more often than two random ones:
what 20 equal batches come to, or one batch of two actors in nine."""
FACTOR: Final = 2.0
"""As how often as random ones they may share it in any case."""
LEVEL: Final = 0.01
"""Level of both tests, at which a template is read."""
_INTERVAL: Final = 0.05
"""Level of the bound of the effective number."""
_HALVINGS: Final = 30
"""Steps of bisection: the bound to a billionth."""
_KEY: Final = ("place", "template_id")
_AGE: Final = "signup_age"
_OLD: Final = 1

Floats = npt.NDArray[np.float64]


def measure_spread(actors: pl.DataFrame, *, population: pl.DataFrame) -> pl.DataFrame:
    """Compare the actors of each template with as many random ones, covariate by covariate.

    Grain:   one row per (place, template_id, covariate) with two actors at least of whom it is
             known: TEMPLATE_SPREAD.
    Order:   sorted; input order is irrelevant.
    Cost:    two group-bys a covariate over (template, actor) rows.
    `actors` is (place, template_id, actor); `population` has one row per account.
    """
    everybody = population.unique("actor", keep="first", maintain_order=True)
    parts = [
        _compare(actors, everybody.select("actor", pl.col(name).alias("value")), name)
        for name in COVARIATES
    ]
    return pl.concat(parts).sort(*_KEY, "covariate")


def _compare(actors: pl.DataFrame, known: pl.DataFrame, covariate: str) -> pl.DataFrame:
    """One covariate: effective numbers, the value that stands out, and both p-values."""
    known = known.drop_nulls("value")
    shares = known.group_by("value").agg((pl.len() / max(len(known), 1)).alias("share"))
    held = (
        actors.join(known, on="actor")
        .group_by(*_KEY, "value")
        .agg(pl.len().cast(pl.Int64).alias("n"))
    )
    held = (
        held.with_columns(pl.col("n").sum().over(_KEY).alias("known"))
        .filter(pl.col("known") > 1)
        .join(shares, on="value")
        .sort(*_KEY, "value")
    )
    tail = tail_bound(*(held[name].to_numpy() for name in ("n", "known", "share")))
    priced = held.with_columns((pl.Series(tail) / pl.col("share")).clip(0, 1).alias("price"))
    rows = priced.group_by(_KEY, maintain_order=True).agg(
        pl.col("known").first(),
        pl.len().alias("values"),
        (pl.col("n") * pl.col("n")).sum().alias("squares"),
        pl.col("n").filter(pl.col("value") == _OLD).sum().alias("old"),
        (pl.col("n") / pl.col("known"))
        .sort_by("price", -pl.col("n"), "value")
        .first()
        .alias("top_share"),
        pl.col("share").sort_by("price", -pl.col("n"), "value").first().alias("top_share_random"),
        pl.col("price").min().alias("cohort_p_value"),
    )
    counts = shares["share"].to_numpy() * len(known)
    chance = float((counts * (counts - 1)).sum() / max(len(known) * (len(known) - 1), 1))
    old_share = float(shares.filter(pl.col("value") == _OLD)["share"].sum())
    return _add_evenness(rows, chance, old_share if covariate == _AGE else None).select(
        *_KEY,
        pl.lit(covariate).alias("covariate"),
        *("known", "values", "effective", "effective_random", "effective_low"),
        *("top_share", "top_share_random", "cohort_p_value", "public_p_value"),
    )


def _add_evenness(rows: pl.DataFrame, chance: float, old_share: float | None) -> pl.DataFrame:
    """Add effective numbers with their bound, and the p-value of being public."""
    n, squares, old = (rows[name].to_numpy().astype(float) for name in ("known", "squares", "old"))
    coincidence = (squares - n) / np.maximum(n * (n - 1), 1)
    bound = max(chance + MARGIN, FACTOR * chance)
    if old_share is None:
        public = test_evenness(coincidence, n, chance=chance, bound=np.full(len(n), bound))
    else:
        public = tail_bound(old, n, np.full(len(n), old_share / FACTOR))
    most = _bound_coincidence(coincidence, n, chance)
    return rows.with_columns(
        effective=pl.Series(n * n / np.maximum(squares, 1)),
        effective_random=pl.Series(_effective(n, np.full(len(n), chance))),
        effective_low=pl.Series(_effective(n, most)),
        public_p_value=pl.Series(public),
    )


def _effective(n: Floats, coincidence: Floats) -> Floats:
    """Effective number that n actors show on average, two of whom share with this probability."""
    return np.asarray(1.0 / (1.0 / n + (1.0 - 1.0 / n) * coincidence))


def test_evenness(coincidence: Floats, n: Floats, *, chance: float, bound: Floats) -> Floats:
    """Bound the chance of so few coincidences where two actors share a value with `bound`.

    Grain:   one float per template.
    The null that varies most has one batch beside actors who share by chance: its share follows
    from the bound, the batch that was seen from the coincidences, and a batch as small or smaller
    has a probability that is bounded by `tail_bound` of the others.
    Nulls:   a bound of 1 or more can't be tested: 1.
    """
    stated, seen = _batch(bound, chance), _batch(coincidence, chance)
    others = np.ceil(n * (1 - seen))
    p = tail_bound(others, n, 1 - np.clip(stated, 1e-12, 1 - 1e-12))
    return np.where(stated > seen, p, 1.0)


def _batch(coincidence: Floats, chance: float) -> Floats:
    """Share of one batch with which two actors share a value so often: the larger root."""
    inside = chance**2 - (1 + chance) * (chance - coincidence)
    return np.asarray((chance + np.sqrt(np.maximum(inside, 0.0))) / (1 + chance))


def _bound_coincidence(coincidence: Floats, n: Floats, chance: float) -> Floats:
    """Give the least probability of sharing that is refused at the level of the interval."""
    low, high = np.maximum(coincidence, chance), np.ones(len(n))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        refused = test_evenness(coincidence, n, chance=chance, bound=middle) <= _INTERVAL
        low, high = np.where(refused, low, middle), np.where(refused, middle, high)
    return high


def tail_bound(count: Floats, n: Floats, share: Floats) -> Floats:
    """Bound P(X >= count) for a beta-binomial X of n actors, mean share, correlation RHO.

    Grain:   one float per row, at most 1; never below the probability itself.
    The terms fall at least as fast as a geometric series from the count on, where they fall.
    Source:  Skellam 1948 (the distribution); rho as in coordination.md, 2.5.
    """
    scale = (1 - RHO) / RHO
    k, n = np.asarray(count, np.float64), np.asarray(n, np.float64)
    share = np.clip(np.asarray(share, np.float64), 1e-12, 1 - 1e-12)
    a, b = share * scale, (1 - share) * scale
    log_choose = -betaln(k + 1, n - k + 1) - np.log(n + 1)
    first = np.exp(np.minimum(log_choose + betaln(k + a, n - k + b) - betaln(a, b), 0.0))
    left = np.maximum(n - k, 0.0)
    slower = np.where(b > 1, left / np.maximum(left + b - 1, 1e-12), 1.0)
    ratio = slower * np.maximum((k + a) / (k + 1), 1.0)
    whole = np.where(ratio < 1, first / np.where(ratio < 1, 1 - ratio, 1.0), 1.0)
    return np.where(k <= 0, 1.0, np.minimum(whole, 1.0))


def combine_covariates(spread: pl.DataFrame) -> pl.DataFrame:
    """Say of each template what all covariates say together.

    Grain:   one row per template: `cohort_p_value` (Bonferroni over the covariates),
             `public_p_value` (the largest; null where ages, or all else, are unknown), `reading`.
    """
    others = pl.col("covariate") != _AGE
    told = spread.group_by(_KEY).agg(
        (pl.col("cohort_p_value").min() * pl.len()).clip(0, 1).alias("cohort_p_value"),
        pl.col("public_p_value").max().alias("largest"),
        (others.any() & (~others).any()).alias("is_known"),
    )
    public = pl.when("is_known").then("largest").alias("public_p_value")
    is_public = pl.col("public_p_value").fill_null(1.0) <= LEVEL
    is_cohort = pl.col("cohort_p_value") <= LEVEL
    alone = pl.when(is_public).then(pl.lit("public")).otherwise(pl.lit("open"))
    both = pl.when(is_public).then(pl.lit("mixed")).otherwise(pl.lit("cohort"))
    reading = pl.when(is_cohort).then(both).otherwise(alone).alias("reading")
    return told.with_columns(public).with_columns(reading).drop("largest", "is_known")
