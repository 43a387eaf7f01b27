"""Decisions: one effect on the accounts that it names, who proposed it, who approved it.

The accounts are written down with the proposal, and their hash with the decision: what is approved
is what was looked at. `released_at` is null as long as an account is under the decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import sqlalchemy as sa

from stillwatch.store.ledger.nouns.cases import CaseId
from stillwatch.store.ledger.nouns.columns import (
    Count,
    Hash,
    Id,
    Instant,
    OneOf,
    Prose,
    Refers,
    Row,
    Word,
    table_of,
)
from stillwatch.store.ledger.nouns.findings import CampaignId, FindingId, SubjectKind
from stillwatch.store.ledger.nouns.policies import PolicyId
from stillwatch.store.ledger.states import DECISION_STATES

EFFECTS: Final = (
    "allow",
    "watch",
    "review",
    "throttle",
    "challenge",
    "degrade",
    "deny",
    "suspend",
    "terminate",
)
"""What a decision may do, the mildest first."""

DecisionId = Annotated[Id, Refers("decisions.decision_id")]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecision(Row):
    """An effect that is proposed. `reason` is the sentence for the customer."""

    decision_id: Id
    effect: Annotated[Word, OneOf(EFFECTS)]
    reason: Prose
    subject_kind: SubjectKind
    subject_id: Id
    campaign_id: CampaignId | None = None
    finding_id: FindingId | None = None
    case_id: CaseId | None = None
    policy_id: PolicyId | None = None
    basis: Prose = ""
    approvals_needed: Count
    """People other than the proposer who have to approve; 0 = the policy lets the proposer."""
    expires_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(NewDecision):
    """A decision with its state, and who has brought it there; `why` says why it ended."""

    accounts_count: Count
    accounts_hash: Hash
    state: Annotated[Word, OneOf(DECISION_STATES)]
    proposed_by: Word
    proposed_at: Instant
    changed_by: Word
    changed_at: Instant
    why: Prose | None
    version: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedAccount(Row):
    """One account of a decision."""

    decision_id: DecisionId
    account_id: Id
    released_at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval(Row):
    """One person's approval; its id is the decision's and the person's."""

    approval_id: Id
    decision_id: DecisionId
    approver: Word
    note: Prose
    approved_at: Instant


DECISIONS: Final = table_of(
    "decisions",
    Decision,
    sa.Index(None, "proposed_at", "decision_id"),
    sa.Index(None, "state", "expires_at"),
    sa.Index(None, "campaign_id"),
)
DECIDED_ACCOUNTS: Final = table_of(
    "decided_accounts", DecidedAccount, sa.Index(None, "account_id"), keys=2
)
APPROVALS: Final = table_of("approvals", Approval, sa.Index(None, "decision_id"))
