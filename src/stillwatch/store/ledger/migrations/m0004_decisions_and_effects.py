"""Decisions, the accounts of each, approvals, and the outbox."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from stillwatch.store.ledger.migrations import COUNT, HASH, ID, INSTANT, PROSE, WORD

revision: Final = "0004"
down_revision: Final[str | None] = "0003"


def upgrade() -> None:
    """Make the tables."""
    _make_decisions()
    _make_decided_accounts()
    _make_approvals()
    _make_effects()


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.drop_table("effects")
    op.drop_table("approvals")
    op.drop_table("decided_accounts")
    op.drop_table("decisions")


def _make_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", ID, nullable=False, autoincrement=False),
        sa.Column("effect", WORD, nullable=False),
        sa.Column("reason", PROSE, nullable=False),
        sa.Column("subject_kind", WORD, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column(
            "campaign_id",
            ID,
            sa.ForeignKey("campaigns.campaign_id", name="fk_decisions_campaign_id"),
            nullable=True,
        ),
        sa.Column(
            "finding_id",
            ID,
            sa.ForeignKey("findings.finding_id", name="fk_decisions_finding_id"),
            nullable=True,
        ),
        sa.Column(
            "case_id",
            ID,
            sa.ForeignKey("cases.case_id", name="fk_decisions_case_id"),
            nullable=True,
        ),
        sa.Column(
            "policy_id",
            ID,
            sa.ForeignKey("policies.policy_id", name="fk_decisions_policy_id"),
            nullable=True,
        ),
        sa.Column("basis", PROSE, nullable=False),
        sa.Column("approvals_needed", COUNT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("accounts_count", COUNT, nullable=False),
        sa.Column("accounts_hash", HASH, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("proposed_by", WORD, nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("changed_by", WORD, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("why", PROSE, nullable=True),
        sa.Column("version", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_campaign_id", "decisions", ["campaign_id"], unique=False)
    op.create_index(
        "ix_decisions_proposed_at_decision_id",
        "decisions",
        ["proposed_at", "decision_id"],
        unique=False,
    )
    op.create_index(
        "ix_decisions_state_expires_at", "decisions", ["state", "expires_at"], unique=False
    )


def _make_decided_accounts() -> None:
    op.create_table(
        "decided_accounts",
        sa.Column(
            "decision_id",
            ID,
            sa.ForeignKey("decisions.decision_id", name="fk_decided_accounts_decision_id"),
            nullable=False,
            autoincrement=False,
        ),
        sa.Column("account_id", ID, nullable=False, autoincrement=False),
        sa.Column("released_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("decision_id", "account_id", name="pk_decided_accounts"),
    )
    op.create_index(
        "ix_decided_accounts_account_id", "decided_accounts", ["account_id"], unique=False
    )


def _make_approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("approval_id", ID, nullable=False, autoincrement=False),
        sa.Column(
            "decision_id",
            ID,
            sa.ForeignKey("decisions.decision_id", name="fk_approvals_decision_id"),
            nullable=False,
        ),
        sa.Column("approver", WORD, nullable=False),
        sa.Column("note", PROSE, nullable=False),
        sa.Column("approved_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("approval_id", name="pk_approvals"),
    )
    op.create_index("ix_approvals_decision_id", "approvals", ["decision_id"], unique=False)


def _make_effects() -> None:
    op.create_table(
        "effects",
        sa.Column(
            "decision_id",
            ID,
            sa.ForeignKey("decisions.decision_id", name="fk_effects_decision_id"),
            nullable=False,
            autoincrement=False,
        ),
        sa.Column("account_id", ID, nullable=False, autoincrement=False),
        sa.Column("channel", WORD, nullable=False, autoincrement=False),
        sa.Column("operation", WORD, nullable=False, autoincrement=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", COUNT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("claim_id", ID, nullable=True),
        sa.Column("claimed_until", INSTANT, nullable=True),
        sa.Column("last_error", PROSE, nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint(
            "decision_id", "account_id", "channel", "operation", name="pk_effects"
        ),
    )
    op.create_index(
        "ix_effects_channel_state_due_at", "effects", ["channel", "state", "due_at"], unique=False
    )
    op.create_index("ix_effects_claim_id", "effects", ["claim_id"], unique=False)
