"""Notices: what people are told, once, one row for each notice and each sink.

The id is made of what happened, so that telling it twice is telling it once; a sink is a webhook,
mail, or the mail of one follower. A row holds figures and a sentence of the product, and no
account: it leaves the house. Like the outbox it has no image in the audit log, which counts rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import sqlalchemy as sa

from stillwatch.store.ledger.nouns.columns import (
    Count,
    Id,
    Instant,
    OneOf,
    Prose,
    Row,
    Share,
    Word,
    table_of,
)
from stillwatch.store.ledger.states import EFFECT_STATES

NOTICE_KINDS: Final = (
    "campaign_new",
    "campaign_grown",
    "campaign_regrown",
    "decision_waits",
    "accounts_left_out",
    "appeal_waits",
    "appeal_deadline",
    "delivery_failed",
    "audit_broken",
    "case_changed",
)
"""What somebody may be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice(Row):
    """Something to tell."""

    notice_id: Id
    kind: Annotated[Word, OneOf(NOTICE_KINDS)]
    subject_id: Id
    """The campaign, decision, appeal or case; of a failed delivery its decision."""
    accounts: Count = 0
    q_value: Share | None = None
    says: Prose
    entry: Count = 0
    """Number of the audit entry that it comes from; 0 = from the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(NewNotice):
    """A notice on its way to one sink."""

    sink: Word
    state: Annotated[Word, OneOf(EFFECT_STATES)]
    attempts: Count
    queued_at: Instant
    due_at: Instant
    claim_id: Id | None
    claimed_until: Instant | None
    last_error: Prose | None
    changed_at: Instant


NOTICES: Final = table_of(
    "notices",
    Notice,
    sa.PrimaryKeyConstraint("notice_id", "sink"),
    sa.Index(None, "sink", "state", "due_at"),
    sa.Index(None, "kind", "subject_id"),
    sa.Index(None, "claim_id"),
    sa.Index(None, "entry"),
    keys=0,
)
