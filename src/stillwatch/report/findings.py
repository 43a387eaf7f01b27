"""What a report is made of: the tables of one result and the run's own record.

Read by every renderer. The one idea: renderers ask this class, so that "how many campaigns" has
one answer on the page, in the ticket and for machines. Deliberately absent: wording and layout.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from stillwatch.domain.results import KINDS, VERDICTS

Row = dict[str, Any]

SEVERITY: Final = ("fraudulent", "suspect", "permitted", "watch", "clear")
"""Verdicts in the order in which a person wants to see them."""
GRADES: Final = ("found", "to_look_at", "permitted")
"""What is said of campaigns, those that are called first."""


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
        """Campaigns as a person wants to read them: see `rank_campaigns`."""
        return rank_campaigns(self.campaigns, self.accounts)

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


def rank_campaigns(campaigns: pl.DataFrame, accounts: pl.DataFrame) -> list[Row]:
    """Grade campaigns by what is said of their accounts, and put those called first.

    Grain:   one row per campaign, with `grade` and `is_permitted` added. A campaign is `found`
             where an account of it is fraudulent, `permitted` where all of them are permitted, and
             `to_look_at` otherwise: it may be a harvest, and nobody is called.
    Order:   by grade as in GRADES; then kind, q_value, exchanges (most first), campaign_id.
    """
    said = accounts.filter(pl.col("campaign_id").is_not_null()).group_by("campaign_id")
    verdicts = dict(said.agg(pl.col("verdict").unique()).iter_rows())
    rows = []
    for row in campaigns.iter_rows(named=True):
        grade = _grade(verdicts.get(row["campaign_id"], ()))
        rows.append({**row, "grade": grade, "is_permitted": grade == "permitted"})
    return sorted(
        rows,
        key=lambda row: (
            GRADES.index(row["grade"]),
            KINDS.index(row["kind"]),
            row["q_value"],
            -row["exchanges"],
            row["campaign_id"],
        ),
    )


def _grade(verdicts: Collection[str]) -> str:
    if "fraudulent" in verdicts:
        return "found"
    return "permitted" if set(verdicts) == {"permitted"} else "to_look_at"


def harvest_total(campaigns: Iterable[Row], measure: str) -> int:
    """Sum what campaigns took that harvest, or may.

    Grain:   one number for all rows; a coordinated one that is no harvest adds nothing.
    Units:   `exchanges` or `output_tokens`, at membership 0.5 or more.
    """
    return sum(row[measure] for row in campaigns if row["kind"] != "coordinated_other")
