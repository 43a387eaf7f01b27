"""How a campaign's group looked when it was judged: figures alone, no account and no text.

A campaign has the likeness of the last look that has seen it; an answer about it keeps a copy of
what it was then, so that judging needs no old result to go by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import sqlalchemy as sa

from stillwatch.store.ledger.nouns.columns import (
    Count,
    Id,
    Instant,
    Refers,
    Row,
    Share,
    Word,
    Words,
    table_of,
)
from stillwatch.store.ledger.nouns.findings import CampaignId

DispositionId = Annotated[Id, Refers("dispositions.disposition_id")]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLikeness(Row):
    """How a campaign looked at a look."""

    campaign_id: CampaignId
    group_id: Id
    null_version: Word
    accounts: Count
    exchanges: Count
    """Of its core, which judging looks at."""
    kinds: Words
    witnesses: Words
    """`name=z`, in standard deviations of honest groups."""
    p_value: Share
    """By the shipped null alone."""
    probability: Share
    """As the look has said it."""
    result: Id
    judged_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness(NewLikeness):
    """How it looked last."""

    version: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLikeness(Row):
    """How it looked when somebody answered what it was."""

    disposition_id: DispositionId
    campaign_id: CampaignId
    group_id: Id
    null_version: Word
    accounts: Count
    exchanges: Count
    kinds: Words
    witnesses: Words
    p_value: Share
    probability: Share
    result: Id
    judged_at: Instant


LIKENESSES: Final = table_of("likenesses", Likeness, sa.Index(None, "group_id"))
KEPT_LIKENESSES: Final = table_of("kept_likenesses", KeptLikeness, sa.Index(None, "campaign_id"))
