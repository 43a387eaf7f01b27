"""The chief figures with their intervals: over incidents, or within one.

Reads evaluations, or the `Case` of one; gives `Means`. The one idea: incidents are the unit of
chance; where there is but one, its campaigns and its honest groups stand in, and `note` says so.
Absent: pooling of counts over incidents; a large incident has no more say than a small one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.evaluation.bootstrap import (
    REPLICATES,
    SEED,
    Floats,
    false_share_or_none_called,
    mean_interval,
    ratio_interval,
)
from stillwatch_lab.evaluation.case import Case
from stillwatch_lab.evaluation.counting import Sides, is_called, is_guilty, is_suspected
from stillwatch_lab.evaluation.estimates import Means
from stillwatch_lab.evaluation.record import Evaluation

_CAMPAIGNS_MIN: Final = 2
"""Campaigns from which they are resampled; of one, the accounts are."""


def average_over(evaluations: Sequence[Evaluation], *, seed: int = SEED) -> Means:
    """Average over incidents, each with the same weight.

    Nulls:   see `bootstrap.mean_interval`.
    """
    return Means(
        resampled="incidents",
        note=f"Means over {len(evaluations)} incidents, each of the same weight; the intervals "
        "resample incidents, and say nothing of scenarios that are not among them.",
        replicates=REPLICATES,
        seed=seed,
        account_recall=mean_interval([one.account_recall for one in evaluations], seed=seed),
        account_recall_at_suspect=mean_interval(
            [one.account_recall_at_suspect for one in evaluations], seed=seed
        ),
        false_discovery=mean_interval([one.false_discovery for one in evaluations], seed=seed),
        exchange_recall=mean_interval([one.exchange_recall for one in evaluations], seed=seed),
        exchange_precision=mean_interval(
            [one.exchange_precision for one in evaluations], seed=seed
        ),
        exchange_precision_apart=mean_interval(
            [one.exchange_precision_apart for one in evaluations], seed=seed
        ),
    )


def average_within(case: Case, sides: Sides, *, seed: int = SEED) -> Means:
    """Put intervals round the figures of one incident, from its clusters.

    A cluster is a true campaign; an honest group of the truth; for others that were called, those
    that one found campaign holds; else one account.
    """
    guilty, honest, note = _cluster(case.judged)
    heads, called, suspected = (
        guilty[name].to_numpy() for name in ("heads", "called", "suspected")
    )
    false = honest["called"].to_numpy()
    right = pl.col("campaign").is_not_null()
    return Means(
        resampled="clusters of one incident",
        note=note,
        replicates=REPLICATES,
        seed=seed,
        account_recall=ratio_interval([_pair(called, heads)], seed=seed),
        account_recall_at_suspect=ratio_interval([_pair(suspected, heads)], seed=seed),
        false_discovery=ratio_interval(
            [_pair(np.zeros(len(called)), called), _pair(false, false)],
            seed=seed,
            divide=false_share_or_none_called,
        ),
        exchange_recall=ratio_interval(
            [_tally(sides.by_campaign, "found", "exchanges")], seed=seed
        ),
        exchange_precision=ratio_interval([_precision(sides.found, right)], seed=seed),
        exchange_precision_apart=ratio_interval(
            [_precision(sides.found.filter(~pl.col("is_apart")), right)], seed=seed
        ),
    )


def _cluster(judged: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, str]:
    """Count guilty and honest clusters, and say what they are."""
    campaigns = judged.filter(is_guilty())["campaign"].n_unique()
    by_campaign = campaigns >= _CAMPAIGNS_MIN
    guilty_key = pl.coalesce("campaign" if by_campaign else "account_id", "account_id")
    honest_key = pl.coalesce("group", pl.when(is_called()).then("found_id"), "account_id")
    guilty = _count_clusters(judged.filter(is_guilty()), guilty_key)
    honest = _count_clusters(judged.filter(~is_guilty()), honest_key)
    what = (
        f"its {guilty.height} campaigns"
        if by_campaign
        else "the accounts of its campaign one by one, which is too narrow where they are found "
        "or missed together,"
    )
    note = (
        f"One incident: the intervals resample {what} and {honest.height:,} honest clusters "
        "(groups, and accounts on their own). What differs between incidents is not in them."
    )
    return guilty, honest, note if guilty.height else _NOTE_OF_NONE


_NOTE_OF_NONE: Final = (
    "One incident without a campaign: nothing to recall, and what differs between incidents is "
    "not in the intervals."
)


def _count_clusters(accounts: pl.DataFrame, key: pl.Expr) -> pl.DataFrame:
    return accounts.group_by(key.alias("cluster")).agg(
        heads=pl.len(), called=is_called().sum(), suspected=is_suspected().sum()
    )


def _precision(found: pl.DataFrame, right: pl.Expr) -> Floats:
    clusters = found.group_by("campaign_id").agg(right=right.sum(), found=pl.len())
    return _tally(clusters, "right", "found")


def _tally(clusters: pl.DataFrame, part: str, whole: str) -> Floats:
    return _pair(clusters[part].to_numpy(), clusters[whole].to_numpy())


def _pair(part: Floats, whole: Floats) -> Floats:
    return np.column_stack([part, whole]).astype(np.float64)
