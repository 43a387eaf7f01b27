"""What was allowed beforehand: versions of policies, and explicit permissions.

A policy's text is kept as it was published, with its hash, so that a decision can be explained by
the version that made it. Permissions are those of CONTRACT.md, with their ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import sqlalchemy as sa

from stillwatch.store.ledger.nouns.columns import (
    Count,
    Hash,
    Id,
    Instant,
    LongText,
    OneOf,
    Refers,
    Row,
    Word,
    table_of,
)
from stillwatch.store.ledger.states import POLICY_STATES

PolicyId = Annotated[Id, Refers("policies.policy_id")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Row):
    """One version of a policy; its id is `name@number`, numbers start at 1."""

    policy_id: Id
    name: Word
    number: Count
    text: LongText
    text_hash: Hash
    state: Annotated[Word, OneOf(POLICY_STATES)]
    published_by: Word
    published_at: Instant
    activated_by: Word | None
    activated_at: Instant | None
    version: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPermission(Row):
    """What an account or an organisation may do; one of the two is named."""

    permission_id: Id
    account_id: Id | None = None
    org_id: Id | None = None
    scope: Annotated[Word, OneOf(("distillation", "evaluation", "resale"))]
    granted_by: Word
    valid_from: Instant | None = None
    valid_to: Instant | None = None
    budget_exchanges: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission(NewPermission):
    """A permission, and whether it was revoked."""

    recorded_at: Instant
    revoked_at: Instant | None
    version: Count

    def is_in_force(self, now: datetime) -> bool:
        """Say whether it counts at an instant: neither revoked, nor over, nor yet to begin."""
        has_begun = self.valid_from is None or self.valid_from <= now
        is_over = self.valid_to is not None and self.valid_to <= now
        return self.revoked_at is None and has_begun and not is_over


POLICIES: Final = table_of(
    "policies",
    Policy,
    sa.Index(None, "published_at", "policy_id"),
    sa.Index(None, "name", "number", unique=True),
)
PERMISSIONS: Final = table_of(
    "permissions", Permission, sa.Index(None, "account_id"), sa.Index(None, "org_id")
)
