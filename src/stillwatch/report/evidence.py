"""The evidence on one campaign: what ties its accounts, and where honest groups stand.

Reads `evidence` and `groups`; gives rows for the page. The one idea: a channel that accounts can
share (`families.CHANNELS`) ties; any other channel is a witness in the judging. Deliberately
absent: any weighing of our own, which link and detect have done.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import polars as pl

from stillwatch.domain.channels.families import CHANNEL_OF
from stillwatch.domain.channels.heard import phrase_heard
from stillwatch.domain.channels.told import phrase_told
from stillwatch.report.charts import plot_ties, plot_witnesses
from stillwatch.report.drawing import Drawing, draw_later
from stillwatch.report.figures import phrase_of
from stillwatch.report.findings import Findings

Row = dict[str, Any]

TIES_DRAWN_MAX: Final = 12
"""Ties that are drawn; the table under the drawing has them all."""
_QUARTILES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


def gather_subjects(findings: Findings, subjects: Collection[str]) -> list[Row]:
    """Pick the evidence on the given groups or accounts, strongest first.

    Grain:   one row per (subject_id, family, channel), with `phrase` and `meaning` added.
    Order:   weight_bits descending, then channel.
    """
    frame = findings.evidence.filter(pl.col("subject_id").is_in(list(subjects)))
    ordered = frame.sort("weight_bits", "channel", "subject_id", descending=[True, False, False])
    return [
        {
            **row,
            "phrase": phrase_of(row["channel"]),
            "meaning": phrase_heard(row["channel"]) or phrase_told(row["channel"]),
        }
        for row in ordered.iter_rows(named=True)
    ]


def split_ties(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Part what ties accounts from what testifies in the judging.

    Grain:   each row goes to one of the two, in the order given.
    """
    ties = [row for row in rows if row["channel"] in CHANNEL_OF]
    return ties, [row for row in rows if row["channel"] not in CHANNEL_OF]


def summarise_honest(findings: Findings) -> dict[str, Row]:
    """Say where the honest tied groups of this run stand, witness by witness.

    Grain:   one entry per channel that is no tie: `spread` (least, quartiles, most) of the
             observed values and `groups`, how many there were.
    """
    honest = findings.groups.filter(
        pl.col("campaign_id").is_null(), pl.col("judgement") == "innocent"
    )
    rows = findings.evidence.filter(
        pl.col("subject_id").is_in(honest["group_id"].to_list()),
        pl.col("channel").is_in(list(CHANNEL_OF)).not_(),
        pl.col("observed").is_finite(),
    )
    spread = rows.group_by("channel").agg(
        pl.col("subject_id").n_unique().alias("groups"),
        pl.concat_list(
            pl.col("observed").quantile(at, interpolation="linear") for at in _QUARTILES
        ).alias("spread"),
    )
    return {row["channel"]: row for row in spread.iter_rows(named=True)}


def sum_family_bits(findings: Findings, accounts: Collection[str]) -> dict[str, list[Row]]:
    """Sum the evidence on accounts by family.

    Grain:   one entry per account that has evidence, a row per family, strongest first.
    Units:   bits, over channels, before a family's cap.
    """
    frame = (
        findings.evidence.filter(pl.col("subject_id").is_in(list(accounts)))
        .group_by("subject_id", "family")
        .agg(pl.col("weight_bits").sum())
        .sort("subject_id", "weight_bits", "family", descending=[False, True, False])
    )
    found: dict[str, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(row["subject_id"], []).append(row)
    return found


def draw_ties(ties: list[Row], anchor: str) -> Drawing | None:
    """Draw what ties the accounts; None where nothing was recorded.

    Grain:   one line per row of `ties`, in their order.
    """
    if not ties:
        return None
    return draw_later(
        plot_ties(ties[:TIES_DRAWN_MAX]),
        name=f"{anchor}-ties",
        title="What ties the accounts",
        says="Channel by channel: how many times more than expected, and the weight in bits. "
        "The figures of all are in the table below.",
    )


def draw_witnesses(witnesses: list[Row], anchor: str) -> Drawing | None:
    """Draw a campaign among the honest tied groups; None where nothing was recorded.

    Grain:   one strip per row of `witnesses` that may weigh; `honest` is a row of
             `summarise_honest`, or None.
    """
    rows = [
        {**row, "honest": row["honest"]["spread"] if row["honest"] else None}
        for row in witnesses
        if not phrase_told(row["channel"])
    ]
    if not rows:
        return None
    return draw_later(
        plot_witnesses(rows),
        name=f"{anchor}-witnesses",
        title="The campaign among honest tied groups",
        says="Witness by witness: the campaign's value and the range of honest tied groups. "
        "The figures are in the table below.",
    )
