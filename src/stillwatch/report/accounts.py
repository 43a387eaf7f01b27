"""The accounts that a page lists: verdict, reasons, and what their customer is told.

Reads `accounts`, `decisions` and `evidence`; gives rows for the page. The one idea: the gravest
come first, the list is bounded, and the page says how many more there are and where. Deliberately
absent: any verdict of our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from stillwatch.report.evidence import sum_family_bits
from stillwatch.report.findings import SEVERITY, Findings

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """Accounts on the page, and how many there are in all."""

    rows: list[Row]
    total: int

    @property
    def rest(self) -> int:
        """How many are not on the page."""
        return self.total - len(self.rows)


def list_accounts(findings: Findings, chosen: pl.Expr, *, bound: int) -> Listing:
    """List the accounts that `chosen` picks, gravest first.

    Grain:   one row per account, with `decisions` (rows of the gateway's table) and `families`
             (evidence by family) added.
    Order:   verdict by severity, probability and exchanges descending, account_id.
    """
    frame = findings.accounts.filter(chosen)
    top = (
        frame.with_columns(
            pl.col("verdict")
            .replace_strict({verdict: rank for rank, verdict in enumerate(SEVERITY)})
            .alias("rank")
        )
        .sort(
            "rank",
            "probability",
            "exchanges",
            "account_id",
            descending=[False, True, True, False],
        )
        .head(bound)
    )
    ids = top["account_id"].to_list()
    families, decisions = sum_family_bits(findings, ids), _decisions_of(findings, ids)
    rows = [
        {
            **row,
            "families": families.get(row["account_id"], []),
            "decisions": decisions.get(row["account_id"], []),
        }
        for row in top.iter_rows(named=True)
    ]
    return Listing(rows, frame.height)


def _decisions_of(findings: Findings, accounts: list[str]) -> dict[str, list[Row]]:
    frame = findings.decisions.filter(pl.col("account_id").is_in(accounts)).sort("decision_id")
    found: dict[str, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(row["account_id"], []).append(row)
    return found
