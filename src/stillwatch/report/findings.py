"""What a report is made of: the tables of one result and the run's own record.

Read by every renderer. The one idea: renderers ask this class, so that "how many campaigns" has
one answer on the page, in the ticket and for machines. Deliberately absent: wording and layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from stillwatch.domain.results import KINDS, VERDICTS

Row = dict[str, Any]

SEVERITY: Final = ("fraudulent", "suspect", "permitted", "watch", "clear")
"""Verdicts in the order in which a person wants to see them."""


@dataclass(frozen=True)
class Findings:
    """One run's tables, in the schemas of `domain/results.py`, and its record (`run.json`)."""

    accounts: pl.DataFrame
    groups: pl.DataFrame
    campaigns: pl.DataFrame
    evidence: pl.DataFrame
    harvest: pl.DataFrame
    templates: pl.DataFrame
    decisions: pl.DataFrame
    run: Mapping[str, Any]

    def ranked_campaigns(self) -> list[Row]:
        """Campaigns as a person wants to read them: harvests first, then the surest, the largest.

        Grain:   one row per campaign, with `is_permitted` added: every account of it is permitted.
        Order:   permitted ones last; then kind, q_value, exchanges (most first), campaign_id.
        """
        permitted = self._permitted_campaigns()
        rows = [
            {**row, "is_permitted": row["campaign_id"] in permitted}
            for row in self.campaigns.iter_rows(named=True)
        ]
        return sorted(
            rows,
            key=lambda row: (
                row["is_permitted"],
                KINDS.index(row["kind"]),
                row["q_value"],
                -row["exchanges"],
                row["campaign_id"],
            ),
        )

    def _permitted_campaigns(self) -> set[str]:
        by_campaign = (
            self.accounts.filter(pl.col("campaign_id").is_not_null())
            .group_by("campaign_id")
            .agg((pl.col("verdict") == "permitted").all().alias("is_permitted"))
        )
        return set(by_campaign.filter("is_permitted")["campaign_id"])

    def verdict_counts(self, campaign_id: str | None = None) -> dict[str, int]:
        """Count accounts by verdict, of one campaign or of the run; every verdict has an entry."""
        accounts = self.accounts
        if campaign_id is not None:
            accounts = accounts.filter(pl.col("campaign_id") == campaign_id)
        counted = dict(accounts.group_by("verdict").len().iter_rows())
        return {verdict: counted.get(verdict, 0) for verdict in VERDICTS}

    def groups_let_be(self) -> pl.DataFrame:
        """Tied groups that are no campaign, those nearest to a harvest first."""
        return self.groups.filter(pl.col("campaign_id").is_null()).sort(
            "q_value", "accounts", "group_id", descending=[False, True, False]
        )

    def tell_nearest(self) -> str:
        """Say which group that was let be came nearest to a harvest; nothing where none is tied."""
        if (let_be := self.groups_let_be()).is_empty():
            return ""
        nearest = let_be.row(0, named=True)
        return (
            f"Nearest to one is a tied group of {nearest['accounts']:,} accounts "
            f"(q {nearest['q_value']:.2g} that it is none)."
        )

    def smallest_campaign(self) -> int | None:
        """Heads of the smallest campaign that this data could have shown; None if not computed."""
        heads = [row["heads"] for row in self.run.get("power", ()) if row.get("heads") is not None]
        return min(heads, default=None)


def harvest_total(campaigns: list[Row], measure: str) -> int:
    """Sum what was taken: campaigns that harvest and that no permission covers.

    Grain:   one number for all rows.
    Units:   `exchanges` or `output_tokens`, at membership 0.5 or more.
    """
    return sum(
        row[measure]
        for row in campaigns
        if row["kind"] != "coordinated_other" and not row["is_permitted"]
    )
