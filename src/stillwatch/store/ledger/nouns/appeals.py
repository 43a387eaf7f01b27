"""Appeals: what a customer says against a decision, who looks at it again, and what came of it.

The reference that the customer holds is unguessable and is not here: the ledger keeps its SHA-256.
E-mail addresses and network addresses in the statement are masked before it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import sqlalchemy as sa

from stillwatch.store.ledger.nouns.columns import (
    Count,
    Hash,
    Id,
    Instant,
    OneOf,
    Prose,
    Row,
    Word,
    table_of,
)
from stillwatch.store.ledger.nouns.decisions import DecisionId
from stillwatch.store.ledger.states import APPEAL_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAppeal(Row):
    """An appeal of one account against one decision."""

    appeal_id: Id
    decision_id: DecisionId
    account_id: Id
    reference_hash: Hash
    statement: Prose
    deadline_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal(NewAppeal):
    """An appeal with its state; `answer` is the sentence for the customer."""

    state: Annotated[Word, OneOf(APPEAL_STATES)]
    filed_at: Instant
    reviewer: Word | None
    answer: Prose | None
    resolved_at: Instant | None
    version: Count


APPEALS: Final = table_of(
    "appeals",
    Appeal,
    sa.Index(None, "filed_at", "appeal_id"),
    sa.Index(None, "state", "deadline_at"),
    sa.Index(None, "decision_id"),
    sa.Index(None, "reference_hash", unique=True),
)
