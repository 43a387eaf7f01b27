"""What detection found: campaigns, findings about them, and what analysts answered.

A campaign is brought up to date at every look; a finding and a disposition are written once. A
disposition is an analyst's answer to what something was, and what calibration reads (with how it
looked then, in `likenesses`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import sqlalchemy as sa

from stillwatch.domain.results import KINDS
from stillwatch.store.ledger.nouns.columns import (
    Count,
    Id,
    Instant,
    OneOf,
    Prose,
    Refers,
    Row,
    Share,
    Word,
    Words,
    table_of,
)

ANSWERS: Final = ("distillation", "coordinated_other", "innocent", "permitted", "unsure")
"""What an analyst may answer."""
SUBJECTS: Final = ("account", "group", "campaign", "organisation")
"""What a finding, a decision or a disposition may be about."""

CampaignId = Annotated[Id, Refers("campaigns.campaign_id")]
FindingId = Annotated[Id, Refers("findings.finding_id")]
SubjectKind = Annotated[Word, OneOf(SUBJECTS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCampaign(Row):
    """A campaign as a look has found it."""

    campaign_id: Id
    kind: Annotated[Word, OneOf(KINDS)]
    first_seen_at: Instant
    last_seen_at: Instant
    accounts: Count
    exchanges: Count
    output_tokens: Count
    q_value: Share
    tactics: Words = ()
    capabilities: Words = ()
    channels: Words = ()
    summary: Prose = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign(NewCampaign):
    """A campaign as it was recorded last."""

    recorded_at: Instant
    version: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFinding(Row):
    """A statement with evidence; the evidence rests in the result that is named."""

    finding_id: Id
    kind: Word
    subject_kind: SubjectKind
    subject_id: Id
    campaign_id: CampaignId | None = None
    probability: Share | None = None
    q_value: Share | None = None
    families: Words = ()
    reasons: Words = ()
    accounts: Count = 0
    exchanges: Count = 0
    result: Id = ""
    summary: Prose = ""
    found_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(NewFinding):
    """A finding, and who has recorded it when."""

    recorded_by: Word
    recorded_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDisposition(Row):
    """An analyst's answer to what something was, and what it came from."""

    disposition_id: Id
    subject_kind: SubjectKind
    subject_id: Id
    answer: Annotated[Word, OneOf(ANSWERS)]
    source_kind: Annotated[Word, OneOf(("case", "appeal", "decision", "finding"))]
    source_id: Id
    note: Prose = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition(NewDisposition):
    """A disposition, and whose it is since when."""

    noted_by: Word
    noted_at: Instant


CAMPAIGNS: Final = table_of("campaigns", Campaign, sa.Index(None, "recorded_at", "campaign_id"))
FINDINGS: Final = table_of(
    "findings",
    Finding,
    sa.Index(None, "recorded_at", "finding_id"),
    sa.Index(None, "subject_id"),
    sa.Index(None, "campaign_id"),
)
DISPOSITIONS: Final = table_of(
    "dispositions",
    Disposition,
    sa.Index(None, "noted_at", "disposition_id"),
    sa.Index(None, "subject_id"),
)
