"""Score each true campaign: how much of it was found, in how many pieces, who else is in them.

Reads a `Case` and its exchanges told apart; gives `CampaignScore`s and the `PivotScore`. The one
idea: a campaign's main piece is the found campaign that holds most of its found accounts.
Absent: a match between true and found campaigns beyond that.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch_lab.evaluation.case import Case
from stillwatch_lab.evaluation.counting import (
    GUILTY,
    Sides,
    is_called,
    is_guilty,
    is_suspected,
    ratio,
)
from stillwatch_lab.evaluation.record import CampaignScore, PivotRow, PivotScore

PIVOT_Q_MAX: Final = 0.05
"""q-value up to which a result says that a campaign turned to a release: the `suspect` bar."""


def score_campaigns(case: Case, sides: Sides) -> tuple[CampaignScore, ...]:
    """Score every campaign that has an account which sent anything.

    Order:   by name.
    """
    exchanges = {name: (whole, part) for name, whole, part in sides.by_campaign.iter_rows()}
    called = case.judged.filter(is_called())
    holders = dict(called["found_id"].drop_nulls().value_counts().iter_rows())
    guilty = case.judged.filter(is_guilty()).drop_nulls("campaign")
    parts = guilty.partition_by("campaign", as_dict=True)
    return tuple(
        _score(str(name), heads, holders=holders, exchanges=exchanges.get(name, (0, 0)))
        for (name,), heads in sorted(parts.items())
    )


def _score(
    name: str, heads: pl.DataFrame, *, holders: dict[str, int], exchanges: tuple[int, int]
) -> CampaignScore:
    found = heads.filter(is_called())
    pieces = count_pieces(found)
    main, largest = pieces[0] if pieces else ("", 0)
    whole, part = exchanges
    return CampaignScore(
        campaign=name,
        heads=heads.height,
        found=found.height,
        recall=ratio(found.height, heads.height),
        recall_at_suspect=ratio(heads.filter(is_suspected()).height, heads.height),
        purity=ratio(largest, holders.get(main, 0)),
        in_one_piece=ratio(largest, found.height),
        pieces=len(pieces),
        exchange_recall=ratio(part, whole),
        exchanges=whole,
        exchanges_found=part,
    )


def count_pieces(found: pl.DataFrame) -> list[tuple[str, int]]:
    """Count accounts by the campaign id that they carry.

    Order:   the largest first, then by id.
    """
    counts = found["found_id"].drop_nulls().value_counts()
    return sorted(counts.iter_rows(), key=lambda piece: (-piece[1], piece[0]))


def score_pivots(case: Case) -> PivotScore:
    """Compare who is said to have turned to a release with who did.

    Nulls:   a found campaign without `pivot_q_value` was not tested and has no row; a campaign of
             which the truth says nothing counts neither as turned nor as stayed.
    """
    rows = tuple(
        _row(case, found_id, value)
        for found_id, value in case.found.drop_nulls().sort("campaign_id").iter_rows()
    )
    named = {row.campaign for row in rows if row.is_named}
    turned = {name for name, has_turned in case.turned.items() if has_turned}
    stayed = set(case.turned) - turned
    return PivotScore(
        is_in_truth=bool(case.turned),
        turned=len(turned),
        turned_named=len(turned & named),
        stayed=len(stayed),
        stayed_named=len(stayed & named),
        campaigns=rows,
    )


def _row(case: Case, found_id: str, value: float) -> PivotRow:
    campaign = _campaign_of_most(case.judged.filter(found_id=found_id))
    return PivotRow(
        campaign_id=found_id,
        campaign=campaign,
        pivot_q_value=value,
        is_named=value <= PIVOT_Q_MAX,
        has_turned=None if campaign is None else case.turned.get(campaign),
    )


def _campaign_of_most(members: pl.DataFrame) -> str | None:
    """Name the true campaign that has more members here than any other, and than no campaign."""
    true = pl.when(pl.col("role") == GUILTY).then("campaign")
    counts = members.select(true.alias("campaign")).to_series().value_counts()
    ranked = sorted(counts.iter_rows(), key=lambda one: (-one[1], one[0] is not None, one[0] or ""))
    return ranked[0][0] if ranked else None
