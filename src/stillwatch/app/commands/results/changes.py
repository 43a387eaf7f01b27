"""What changed between two results: accounts, campaigns, counts. Pure; `diff` prints it.

Reads `ACCOUNTS_OUT` and `CAMPAIGNS_OUT` of both. A campaign is the same where it has the same id;
those left over are paired by the accounts they share, the most first, each once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

ABSENT = "absent"
"""Stands for the verdict of an account that sent nothing in that run."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One of the two results."""

    accounts: pl.DataFrame
    campaigns: pl.DataFrame
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Changes:
    """From the one to the other."""

    verdicts: list[dict[str, Any]]
    """`account_id, before, after, campaign_id`, by account."""
    campaigns: list[dict[str, Any]]
    """`change (new, gone, grown, shrunk, same), before, after, accounts_before, accounts_after`."""
    counts: list[dict[str, Any]]
    """`count, before, after`, only those that differ."""


def compare(before: Snapshot, after: Snapshot) -> Changes:
    """List what changed; two equal results give three empty lists but for `same` campaigns."""
    return Changes(
        verdicts=_compare_verdicts(before.accounts, after.accounts),
        campaigns=_compare_campaigns(before, after),
        counts=_compare_counts(before, after),
    )


def _compare_verdicts(before: pl.DataFrame, after: pl.DataFrame) -> list[dict[str, Any]]:
    old = before.select("account_id", before="verdict", old_campaign="campaign_id")
    new = after.select("account_id", "campaign_id", after="verdict")
    both = old.join(new, on="account_id", how="full", coalesce=True).with_columns(
        pl.col("before", "after").fill_null(ABSENT)
    )
    changed = both.filter(pl.col("before") != pl.col("after")).sort("account_id")
    return changed.select(
        "account_id",
        "before",
        "after",
        pl.coalesce("campaign_id", "old_campaign").alias("campaign_id"),
    ).to_dicts()


def _pair_campaigns(before: Snapshot, after: Snapshot) -> dict[str, str]:
    old_ids, new_ids = before.campaigns["campaign_id"], after.campaigns["campaign_id"]
    pairs = {one: one for one in old_ids if one in set(new_ids)}
    shared = (
        before.accounts.select("account_id", old="campaign_id")
        .join(after.accounts.select("account_id", new="campaign_id"), on="account_id")
        .filter(pl.col("old").is_in(old_ids.to_list()) & pl.col("new").is_in(new_ids.to_list()))
        .group_by("old", "new")
        .len()
        .sort("len", "old", "new", descending=[True, False, False])
    )
    for old, new, _ in shared.iter_rows():
        if old not in pairs and new not in pairs.values():
            pairs[old] = new
    return pairs


def _compare_campaigns(before: Snapshot, after: Snapshot) -> list[dict[str, Any]]:
    pairs = _pair_campaigns(before, after)
    old = dict(before.campaigns.select("campaign_id", "accounts").iter_rows())
    new = dict(after.campaigns.select("campaign_id", "accounts").iter_rows())
    fresh = [one for one in new if one not in pairs.values()]
    rows = [(one, pairs.get(one)) for one in sorted(old)] + [(None, one) for one in sorted(fresh)]
    return [_describe(was, now, old.get(was or ""), new.get(now or "")) for was, now in rows]


def _describe(was: str | None, now: str | None, old: int | None, new: int | None) -> dict[str, Any]:
    if old is None or new is None:
        change = "new" if old is None else "gone"
    else:
        change = "same" if old == new else "grown" if new > old else "shrunk"
    return {
        "change": change,
        "before": was,
        "after": now,
        "accounts_before": old,
        "accounts_after": new,
    }


def _compare_counts(before: Snapshot, after: Snapshot) -> list[dict[str, Any]]:
    old, new = _all_counts(before), _all_counts(after)
    names = dict.fromkeys([*old, *new])
    return [
        {"count": name, "before": old.get(name, 0), "after": new.get(name, 0)}
        for name in names
        if old.get(name, 0) != new.get(name, 0)
    ]


def _all_counts(snapshot: Snapshot) -> dict[str, int]:
    verdicts = snapshot.accounts.group_by("verdict").len().sort("verdict")
    return snapshot.counts | {f"verdict {name}": n for name, n in verdicts.iter_rows()}
