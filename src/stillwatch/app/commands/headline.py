"""A run in a few lines: what was found, what was left out, where the report is."""

from __future__ import annotations

from typing import Any

import polars as pl

from stillwatch.app.requests import ScanOutcome
from stillwatch.domain.results import ACCOUNTS_OUT, CAMPAIGNS_OUT, GROUPS_OUT, VERDICTS
from stillwatch.store.results import REPORT_FILE, Result, read_result

_PERCENT = ".2%"


def summarise(outcome: ScanOutcome) -> dict[str, Any]:
    """Give the machine's summary of a run: `scan --json` prints it."""
    result = read_result(outcome.result)
    accounts, groups = result.table(ACCOUNTS_OUT), result.table(GROUPS_OUT)
    found = dict(accounts.group_by("verdict").len().iter_rows())
    return {
        "result": str(outcome.result),
        "report": str(outcome.result / REPORT_FILE),
        "verdicts": {verdict: found.get(verdict, 0) for verdict in VERDICTS},
        "campaigns": _campaigns(result),
        "tied_groups": groups.height,
        "tied_groups_let_be": groups.filter(pl.col("campaign_id").is_null()).height,
        "quarantined_share": outcome.quarantined_share,
        "run": outcome.run,
    }


def _campaigns(result: Result) -> list[dict[str, Any]]:
    shown = ("campaign_id", "kind", "accounts", "exchanges", "output_tokens", "q_value", "summary")
    return result.table(CAMPAIGNS_OUT).select(shown).to_dicts()


def headline(summary: dict[str, Any]) -> list[str]:
    """Word the summary for a person."""
    verdicts, counts = summary["verdicts"], summary["run"].get("counts", {})
    named = ", ".join(f"{n:,} {verdict}" for verdict, n in verdicts.items() if verdict != "clear")
    count = len(summary["campaigns"])
    campaigns = f"{count} campaign{'' if count == 1 else 's'}" if count else "no campaign"
    exchanges, accounts = counts.get("exchanges", 0), sum(verdicts.values())
    seen, let_be = summary["tied_groups"], summary["tied_groups_let_be"]
    lines = [
        f"{campaigns} in {exchanges:,} exchanges of {accounts:,} accounts",
        *(f"  {one['campaign_id']}  {one['summary']}" for one in summary["campaigns"]),
        f"accounts: {named}; {verdicts['clear']:,} clear",
        f"tied groups: {seen:,} seen, {let_be:,} let be as no campaign",
    ]
    if left_out := _left_out(summary):
        lines.append(left_out)
    aside = len(summary["run"].get("stood_aside", []))
    if aside:
        lines.append(f"checks that stood aside for want of data: {aside} (run.json says why)")
    return [*lines, f"report: {summary['report']}"]


def _left_out(summary: dict[str, Any]) -> str:
    counts = summary["run"].get("counts", {})
    parts = [
        f"{counts[name]:,} {name.replace('_', ' ')}"
        for name in ("quarantined", "duplicates", "outside_window")
        if counts.get(name)
    ]
    share = format(summary["quarantined_share"], _PERCENT)
    return f"records left out: {', '.join(parts)} ({share} quarantined)" if parts else ""
