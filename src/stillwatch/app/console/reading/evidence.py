"""The evidence on one campaign or group, ready to be drawn and listed.

The report's own selection is used: a channel that accounts can share ties, any other is a witness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from stillwatch.app.console.reading.reading import Reading
from stillwatch.domain.settings import DetectSettings
from stillwatch.report.evidence import gather_subjects, split_ties, summarise_honest

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against a campaign, or a group."""

    ties: list[Row]
    witnesses: list[Row]
    groups: list[Row]
    explanation_p_max: float


def gather_evidence(reading: Reading, *, groups: pl.DataFrame, also: Sequence[str]) -> Evidence:
    """Gather it, strongest first.

    Grain:   `ties`, `witnesses` one row per channel of each group; `groups` as given.
    """
    subjects = {*also, *groups["group_id"]}
    ties, witnesses = split_ties(gather_subjects(reading.findings, subjects))
    honest = summarise_honest(reading.findings)
    for row in witnesses:
        row["honest"] = honest.get(row["channel"])
    recorded = (reading.run.get("settings") or {}).get("detect") or {}
    bound = recorded.get("explanation_p_max", DetectSettings().explanation_p_max)
    ordered = groups.sort("accounts", "group_id", descending=[True, False])
    return Evidence(ties, witnesses, ordered.to_dicts(), float(bound))


def groups_of(reading: Reading, campaign_id: str) -> pl.DataFrame:
    """Give the groups behind a campaign."""
    return reading.groups.filter(pl.col("campaign_id") == campaign_id)
