"""Writing a look into the ledger: campaigns, findings, and a case for each new campaign.

Everything is written once: a look that is recorded twice changes nothing, and one that was broken
off is finished by the next. A campaign comes in one transaction with what is news of it, so that no
crash can make news of a campaign old before it was told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final, TypeVar

from stillwatch.app.enforce.from_looks.findings import (
    NEW_CAMPAIGN,
    campaigns_of,
    case_of,
    find_news,
)
from stillwatch.app.enforce.from_looks.likenesses import likenesses_of
from stillwatch.app.enforce.from_looks.looks import LookTables
from stillwatch.app.enforce.from_looks.naming import case_id_of
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.nouns.cases import Case
from stillwatch.store.ledger.nouns.findings import Campaign, Finding, NewCampaign, NewFinding
from stillwatch.store.ledger.nouns.likenesses import Likeness
from stillwatch.store.ledger.views import View

DETECTION: Final = "service:detection"
"""Whoever records what looks have found."""
_BATCH: Final = 1_000
"""Rows of one transaction: others wait for a tenth of a second."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What of a look was new to the ledger."""

    campaigns: int
    """New or changed."""
    findings: int
    cases: int


def record_look(ledger: Ledger, look: LookTables, *, now: datetime) -> Recorded:
    """Write what a look has found, as far as the ledger lacks it.

    Cost:    linear in campaigns and findings; a write only where there is something to write.

    Raises:
        LedgerError: the ledger can't be written; what was written until then stays.
    """
    found = campaigns_of(look)
    with ledger.read() as view:
        named = [one.campaign_id for one in found]
        known = _known(view, [*named, *look.merged_into])
        changed = {one.campaign_id for one in found if _is_news(view, one, known)}
    news = find_news(look, known=known)
    seen = set(named)
    of_campaigns = [one for one in news if one.subject_kind == "campaign"]
    counts = [0, 0, 0]
    for batch in in_batches(found, _BATCH):
        ids = {one.campaign_id for one in batch}
        its_news = [one for one in of_campaigns if one.subject_id in ids]
        written = _write_campaigns(ledger, batch, its_news, changed=changed, now=now)
        counts = [a + b for a, b in zip(counts, written, strict=True)]
    _write_likenesses(ledger, look, now=now)
    others = [one for one in news if one.subject_kind != "campaign" or one.subject_id not in seen]
    counts[1] += write_findings(ledger, others, now=now)
    return Recorded(*counts)


def write_findings(ledger: Ledger, findings: Sequence[NewFinding], *, now: datetime) -> int:
    """Write those of some findings that the ledger lacks; say how many."""
    written = 0
    for batch in in_batches(findings, _BATCH):
        with ledger.read() as view:
            there = view.known_ids(Finding, [one.finding_id for one in batch])
        lacking = [one for one in batch if one.finding_id not in there]
        if lacking:
            with ledger.write(actor=DETECTION, now=now) as change:
                written += sum(change.record_finding(one) for one in lacking)
    return written


def in_batches(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut rows into parts of a size."""
    for at in range(0, len(rows), size):
        yield rows[at : at + size]


def _write_campaigns(
    ledger: Ledger,
    campaigns: Sequence[NewCampaign],
    news: Sequence[NewFinding],
    *,
    changed: set[str],
    now: datetime,
) -> tuple[int, int, int]:
    with ledger.read() as view:
        there = view.known_ids(Finding, [one.finding_id for one in news])
        cases = view.known_ids(Case, [case_id_of(one.campaign_id) for one in campaigns])
    lacking = [one for one in news if one.finding_id not in there]
    opened = [one for one in campaigns if case_id_of(one.campaign_id) not in cases]
    written = [one for one in campaigns if one.campaign_id in changed]
    if not (written or lacking or opened):
        return 0, 0, 0
    first = {one.campaign_id: one.finding_id for one in news if one.kind == NEW_CAMPAIGN}
    with ledger.write(actor=DETECTION, now=now) as change:
        for campaign in written:
            change.record_campaign(campaign)
        for finding in lacking:
            change.record_finding(finding)
        for campaign in opened:
            change.open_case(case_of(campaign, finding_id=first.get(campaign.campaign_id)))
    return len(written), len(lacking), len(opened)


def _write_likenesses(ledger: Ledger, look: LookTables, *, now: datetime) -> None:
    """Write how campaigns looked, where the ledger has not this look's picture of them."""
    found = likenesses_of(look)
    for batch in in_batches(sorted(found), _BATCH):
        with ledger.read() as view:
            there = view.known_ids(Likeness, batch)
            news = [
                found[one]
                for one in batch
                if one not in there or view.find(Likeness, one).judged_at < look.at
            ]
        if news:
            with ledger.write(actor=DETECTION, now=now) as change:
                for one in news:
                    change.record_likeness(one)


def _known(view: View, ids: Sequence[str]) -> set[str]:
    return set().union(*(view.known_ids(Campaign, batch) for batch in in_batches(ids, _BATCH)))


def _is_news(view: View, campaign: NewCampaign, known: set[str]) -> bool:
    """Say whether the ledger has another picture of a campaign, or none."""
    if campaign.campaign_id not in known:
        return True
    there = view.find(Campaign, campaign.campaign_id)
    return any(getattr(there, f.name) != getattr(campaign, f.name) for f in fields(campaign))
