"""What is news in a look, as findings for the ledger. Pure: the same look gives the same rows.

Reads `LookTables`; gives findings about campaigns (new, grown, regrown, merged, split), accounts
that took a stopped one's place, accounts over what they were permitted, and accounts that were told
early. A finding about an account is made once and not at every look, whatever later looks say.
Deliberately absent: what is done about any of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from stillwatch.app.enforce.from_looks.looks import LookTables
from stillwatch.app.enforce.from_looks.naming import (
    bounded_words,
    case_id_of,
    fit_sentence,
    is_fit_id,
    stable_id,
)
from stillwatch.store.ledger.nouns.cases import NewCase
from stillwatch.store.ledger.nouns.findings import NewCampaign, NewFinding

NEW_CAMPAIGN: Final = "new_campaign"
MERGED: Final = "campaign_merged"
_NEWS: Final = {
    "born": NEW_CAMPAIGN,
    "grew": "campaign_grew",
    "regrown": "campaign_regrown",
    "split": "campaign_split",
}
"""State of a campaign at a look → the finding that it makes; the other states are no news."""
_TIED: Final = "tied_"


def campaigns_of(look: LookTables) -> list[NewCampaign]:
    """Give the campaigns of a look as the ledger holds them, by id."""
    return [
        NewCampaign(
            campaign_id=row["campaign_id"],
            kind=row["kind"],
            first_seen_at=row["first_seen"],
            last_seen_at=row["last_seen"],
            accounts=row["accounts"],
            exchanges=row["exchanges"],
            output_tokens=row["output_tokens"],
            q_value=row["q_value"],
            tactics=bounded_words(row["tactics"]),
            capabilities=bounded_words(row["capabilities"]),
            channels=bounded_words(row["channels"]),
            summary=fit_sentence(row["summary"]),
        )
        for row in look.campaigns.sort("campaign_id").iter_rows(named=True)
    ]


def case_of(campaign: NewCampaign, *, finding_id: str | None) -> NewCase:
    """Give the case that a new campaign opens.

    Nulls:   without a finding where an earlier look has told of the campaign.
    """
    title = f"{campaign.kind}: {campaign.accounts:,} accounts, {campaign.exchanges:,} exchanges"
    return NewCase(
        case_id=case_id_of(campaign.campaign_id),
        title=title,
        campaign_id=campaign.campaign_id,
        finding_id=finding_id,
    )


def find_news(look: LookTables, *, known: set[str]) -> list[NewFinding]:
    """Give what is news in a look.

    known:   the campaigns that the ledger had before it.
    Grain:   one finding a campaign and piece of news; one an account and kind of news.
    """
    held = known | set(look.campaigns["campaign_id"])
    return [
        *_of_campaigns(look, known),
        *_of_merged(look, known),
        *_of_accounts(look, "successor", pl.col("predecessor_account_id").is_not_null(), held),
        *_of_accounts(look, "over_budget", pl.col("reasons").list.contains("over_budget"), held),
        *_of_early(look, held),
    ]


def _of_campaigns(look: LookTables, known: set[str]) -> Iterator[NewFinding]:
    history = {row["campaign_id"]: row for row in look.history.iter_rows(named=True)}
    for row in look.campaigns.sort("campaign_id").iter_rows(named=True):
        campaign_id = row["campaign_id"]
        told = history.get(campaign_id, {})
        kind = _NEWS.get(told.get("state", "")) if campaign_id in known else NEW_CAMPAIGN
        if kind is None:
            continue
        once = None if kind == NEW_CAMPAIGN else look.name
        yield NewFinding(
            finding_id=stable_id("f", kind, campaign_id, once),
            kind=kind,
            subject_kind="campaign",
            subject_id=campaign_id,
            campaign_id=campaign_id,
            q_value=row["q_value"],
            accounts=row["accounts"],
            exchanges=row["exchanges"],
            result=look.name,
            summary=fit_sentence(_word_growth(told) + row["summary"]),
            found_at=look.at,
        )


def _of_merged(look: LookTables, known: set[str]) -> Iterator[NewFinding]:
    """Tell of campaigns that are no more: they stand in no look, and their history says so."""
    for campaign_id, into in sorted(look.merged_into.items()):
        if campaign_id not in known:
            continue
        names = ", ".join(into)
        yield NewFinding(
            finding_id=stable_id("f", MERGED, campaign_id, into),
            kind=MERGED,
            subject_kind="campaign",
            subject_id=campaign_id,
            campaign_id=campaign_id,
            result=look.name,
            summary=fit_sentence(
                f"Its accounts are in {names} now. What was decided or answered about it holds for "
                "them there."
            ),
            found_at=look.at,
        )


def _word_growth(told: dict[str, Any]) -> str:
    if not told:
        return ""
    said = [f"{told['new_accounts']:,} new accounts"]
    if told["successors"]:
        said.append(f"{told['successors']:,} that took a stopped one's place")
    if told["related"]:
        said.append(f"related to {', '.join(told['related'])}")
    return f"{'; '.join(said)}. "


def _of_accounts(
    look: LookTables, kind: str, which: pl.Expr, held: set[str]
) -> Iterator[NewFinding]:
    chosen = look.accounts.filter(which.fill_null(value=False)).sort("account_id")
    for row in chosen.iter_rows(named=True):
        if not is_fit_id(row["account_id"]):
            continue
        campaign_id = row["campaign_id"] if row["campaign_id"] in held else None
        yield NewFinding(
            finding_id=stable_id("f", kind, row["account_id"], campaign_id),
            kind=kind,
            subject_kind="account",
            subject_id=row["account_id"],
            campaign_id=campaign_id,
            probability=row["probability"],
            q_value=row["q_value"],
            families=bounded_words(_families(row["reasons"])),
            reasons=bounded_words(row["reasons"]),
            accounts=1,
            exchanges=row["exchanges"],
            result=look.name,
            summary=fit_sentence(row["explanation"]),
            found_at=look.at,
        )


def _of_early(look: LookTables, held: set[str]) -> Iterator[NewFinding]:
    for row in look.early.sort("account_id").iter_rows(named=True):
        if row["campaign_id"] not in held or not is_fit_id(row["account_id"]):
            continue
        channels = ", ".join(row["channels"])
        yield NewFinding(
            finding_id=stable_id("f", "early_account", row["account_id"], row["campaign_id"]),
            kind="early_account",
            subject_kind="account",
            subject_id=row["account_id"],
            campaign_id=row["campaign_id"],
            families=bounded_words(row["families"]),
            accounts=1,
            exchanges=row["exchanges"],
            summary=fit_sentence(f"Carries traits of a known campaign: {channels}."),
            found_at=row["time"],
        )


def _families(reasons: list[str]) -> list[str]:
    return [one.removeprefix(_TIED) for one in reasons if one.startswith(_TIED)]
