"""Which account took a banned one's place: the heads that grow back.

Used by the verdicts: reads the register and the members of campaigns, gives pairs. Within one
campaign, an account that was stopped is succeeded by the account of the same campaign that was
created next after it, within three days; each account succeeds at most one. Blind spot: an
operator who keeps aged accounts in stock, and replaces from them.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

_WITHIN_DAYS = 3
"""Days within which a replacement is created (disclosed campaigns replaced at once)."""
_STOPPED = ("suspended", "terminated")


def find_successors(members: pl.DataFrame, *, register: pl.DataFrame) -> pl.DataFrame:
    """Pair stopped accounts with their successors.

    Grain:   one row per successor: (account_id, predecessor_account_id).
    `members` is (account_id, campaign_id). Nulls: no status or no creation time, no pair.
    Order:   by time of the stop, then id; each account is used once on either side.
    """
    known = members.join(register, on="account_id").drop_nulls("campaign_id")
    stopped = known.filter(pl.col("status").is_in(_STOPPED)).drop_nulls("status_changed_at")
    fresh = known.drop_nulls("created_at").sort("created_at", "account_id")
    pairs: list[tuple[str, str]] = []
    used: set[str] = set()
    for old in stopped.sort("status_changed_at", "account_id").iter_rows(named=True):
        until = old["status_changed_at"] + dt.timedelta(days=_WITHIN_DAYS)
        heirs = fresh.filter(
            (pl.col("campaign_id") == old["campaign_id"])
            & (pl.col("created_at") > old["status_changed_at"])
            & (pl.col("created_at") <= until)
            & ~pl.col("account_id").is_in(sorted(used))
        )
        if len(heirs):
            pairs.append((heirs["account_id"][0], old["account_id"]))
            used.add(heirs["account_id"][0])
    schema = {"account_id": pl.String, "predecessor_account_id": pl.String}
    return pl.DataFrame(pairs, schema=schema, orient="row")
