"""Two results are compared by what they say, not by what they are called."""

from __future__ import annotations

import polars as pl

from stillwatch.app.commands.results.changes import Snapshot, compare
from stillwatch.domain.results import ACCOUNTS_OUT, CAMPAIGNS_OUT


def _snapshot(members: dict[str, str | None], **counts: int) -> Snapshot:
    accounts = ACCOUNTS_OUT.empty().select("account_id", "verdict", "campaign_id")
    rows = pl.DataFrame(
        {
            "account_id": list(members),
            "verdict": ["fraudulent" if one else "clear" for one in members.values()],
            "campaign_id": list(members.values()),
        },
        schema=accounts.schema,
    )
    sizes = rows.drop_nulls().group_by("campaign_id").agg(accounts=pl.len().cast(pl.Int64))
    campaigns = CAMPAIGNS_OUT.empty().select("campaign_id", "accounts")
    return Snapshot(rows, pl.concat([campaigns, sizes]), counts)


def test_campaigns_are_paired_by_id_and_then_by_accounts() -> None:
    """Same id: the same; else the most shared accounts, each once; the rest is new or gone."""
    before = _snapshot({"a": "c1", "b": "c1", "c": "c2", "d": "c2", "e": "c3"})
    after = _snapshot({"a": "c1", "b": None, "c": "x", "d": "x", "f": "x", "g": "y"})
    rows = [
        (one["change"], one["before"], one["after"]) for one in compare(before, after).campaigns
    ]
    assert rows == [
        ("shrunk", "c1", "c1"),
        ("grown", "c2", "x"),
        ("gone", "c3", None),
        ("new", None, "y"),
    ]


def test_accounts_that_come_or_go_are_changes_too() -> None:
    """An account that sent nothing in one of the runs is absent there."""
    changes = compare(_snapshot({"a": "c1", "b": None}), _snapshot({"b": None, "c": "c1"}))
    moved = [(one["account_id"], one["before"], one["after"]) for one in changes.verdicts]
    assert moved == [("a", "fraudulent", "absent"), ("c", "absent", "fraudulent")]
    assert [one["campaign_id"] for one in changes.verdicts] == ["c1", "c1"]


def test_counts_are_listed_where_they_differ() -> None:
    """Those of the run and those of verdicts, by name."""
    changes = compare(_snapshot({"a": None}, read=5, same=1), _snapshot({"a": "c"}, read=7, same=1))
    assert changes.counts == [
        {"count": "read", "before": 5, "after": 7},
        {"count": "verdict clear", "before": 1, "after": 0},
        {"count": "verdict fraudulent", "before": 0, "after": 1},
    ]


def test_a_result_and_itself_differ_in_nothing() -> None:
    """All campaigns are the same, nothing else is listed."""
    one = _snapshot({"a": "c1", "b": None}, read=2)
    changes = compare(one, one)
    assert (changes.verdicts, changes.counts) == ([], [])
    assert [campaign["change"] for campaign in changes.campaigns] == ["same"]
