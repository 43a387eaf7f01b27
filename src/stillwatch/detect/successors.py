"""Which account took a banned one's place: the heads that grow back.

Used by the verdicts: reads the register and the members of campaigns, gives pairs. Within one
campaign, an account that was stopped is succeeded by the account of the same campaign that was
created next after it, within three days; each account succeeds at most one. Blind spot: an
operator who keeps aged accounts in stock, and replaces from them.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterator

import polars as pl

_WITHIN_DAYS = 3
"""Days within which a replacement is created (disclosed campaigns replaced at once)."""
_STOPPED = ("suspended", "terminated")


def list_stopped(register: pl.DataFrame, *, at: dt.datetime) -> frozenset[str]:
    """List the accounts that had been stopped by an instant.

    Grain:   one entry per account.
    Nulls:   a stop without its instant counts: the register says that it has happened.
    """
    stopped = register.filter(
        pl.col("status").is_in(_STOPPED), (pl.col("status_changed_at") <= at).fill_null(value=True)
    )
    return frozenset(stopped["account_id"])


def find_successors(members: pl.DataFrame, *, register: pl.DataFrame) -> pl.DataFrame:
    """Pair stopped accounts with their successors.

    Grain:   one row per successor: (account_id, predecessor_account_id).
    `members` is (account_id, campaign_id). Nulls: no status or no creation time, no pair.
    Order:   by time of the stop, then id; each account is used once on either side.
    """
    known = members.drop_nulls("campaign_id").join(register, on="account_id")
    schema = {"account_id": pl.String, "predecessor_account_id": pl.String}
    pairs = [
        pair
        for _, campaign in sorted(known.group_by("campaign_id"), key=lambda item: str(item[0]))
        for pair in _pair_campaign(campaign)
    ]
    return pl.DataFrame(sorted(pairs), schema=schema, orient="row")


def _pair_campaign(campaign: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Walk through stops and creations once, in the order of time."""
    stopped = (
        campaign.filter(pl.col("status").is_in(_STOPPED))
        .drop_nulls("status_changed_at")
        .sort("status_changed_at", "account_id")
        .select("status_changed_at", "account_id")
        .rows()
    )
    fresh = deque(
        campaign.drop_nulls("created_at")
        .sort("created_at", "account_id")
        .select("created_at", "account_id")
        .rows()
    )
    for stopped_at, old in stopped:
        while fresh and fresh[0][0] <= stopped_at:
            fresh.popleft()
        if fresh and fresh[0][0] <= stopped_at + dt.timedelta(days=_WITHIN_DAYS):
            yield fresh.popleft()[1], old
