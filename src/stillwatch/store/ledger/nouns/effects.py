"""The outbox: one row for each thing that has to happen outside, and whether it has.

A row is `apply` or `revert` of one decision on one account through one channel; its key is those
four, so that writing it twice is writing it once. A deliverer claims rows for a while; the claim's
id and end are in the row, and nobody else takes it before that end. A row that takes back is due
after the claim of the one it takes back has ended, so that the two can't overtake one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import sqlalchemy as sa

from stillwatch.domain.results import TAKING
from stillwatch.store.ledger.nouns.columns import (
    Count,
    Id,
    Instant,
    OneOf,
    Prose,
    Row,
    Word,
    table_of,
)
from stillwatch.store.ledger.nouns.decisions import DecisionId
from stillwatch.store.ledger.states import EFFECT_STATES

OPERATIONS: Final = ("apply", "revert")


def channels_of(effect: str, channels: tuple[str, ...]) -> tuple[str, ...]:
    """Give the channels that hear of an effect: what takes nothing from anybody is kept inside.

    Order:   as the channels are given.
    """
    return channels if effect in TAKING else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect(Row):
    """One delivery."""

    decision_id: DecisionId
    account_id: Id
    channel: Word
    operation: Annotated[Word, OneOf(OPERATIONS)]
    state: Annotated[Word, OneOf(EFFECT_STATES)]
    attempts: Count
    due_at: Instant
    claim_id: Id | None
    claimed_until: Instant | None
    last_error: Prose | None
    changed_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An effect as a deliverer gets it: with what the decision says."""

    decision_id: str
    account_id: str
    channel: str
    operation: str
    effect: str
    reason: str
    expires_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a delivery failed."""

    decision_id: str
    account_id: str
    operation: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnforcedAccount:
    """An account under a decision: a row of the gateway's table."""

    decision_id: str
    account_id: str
    effect: str
    reason: str
    expires_at: datetime
    campaign_id: str | None
    parameters: str = "{}"
    is_shared: bool = False
    api_key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnforcedDecision:
    """A decision in force: what its accounts share in the gateway's table."""

    decision_id: str
    effect: str
    reason: str
    expires_at: datetime
    campaign_id: str | None
    parameters: str
    is_shared: bool
    api_key_id: str | None


OUTBOX: Final = table_of(
    "effects",
    Effect,
    sa.Index(None, "channel", "state", "due_at"),
    sa.Index(None, "claim_id"),
    sa.Index(None, "account_id", "channel"),
    keys=4,
)
