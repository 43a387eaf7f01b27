"""Campaigns, findings, dispositions, cases and comments."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from stillwatch.store.ledger.migrations import COUNT, ID, INSTANT, PROSE, SHARE, WORD, WORDS

revision: Final = "0003"
down_revision: Final[str | None] = "0002"


def upgrade() -> None:
    """Make the tables."""
    _make_campaigns()
    _make_findings()
    _make_dispositions()
    _make_cases()
    _make_comments()


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.drop_table("comments")
    op.drop_table("cases")
    op.drop_table("dispositions")
    op.drop_table("findings")
    op.drop_table("campaigns")


def _make_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("campaign_id", ID, nullable=False, autoincrement=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("accounts", COUNT, nullable=False),
        sa.Column("exchanges", COUNT, nullable=False),
        sa.Column("output_tokens", COUNT, nullable=False),
        sa.Column("q_value", SHARE, nullable=False),
        sa.Column("tactics", WORDS, nullable=False),
        sa.Column("capabilities", WORDS, nullable=False),
        sa.Column("channels", WORDS, nullable=False),
        sa.Column("summary", PROSE, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("version", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", name="pk_campaigns"),
    )
    op.create_index(
        "ix_campaigns_recorded_at_campaign_id",
        "campaigns",
        ["recorded_at", "campaign_id"],
        unique=False,
    )


def _make_findings() -> None:
    op.create_table(
        "findings",
        sa.Column("finding_id", ID, nullable=False, autoincrement=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("subject_kind", WORD, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column(
            "campaign_id",
            ID,
            sa.ForeignKey("campaigns.campaign_id", name="fk_findings_campaign_id"),
            nullable=True,
        ),
        sa.Column("probability", SHARE, nullable=True),
        sa.Column("q_value", SHARE, nullable=True),
        sa.Column("families", WORDS, nullable=False),
        sa.Column("reasons", WORDS, nullable=False),
        sa.Column("accounts", COUNT, nullable=False),
        sa.Column("exchanges", COUNT, nullable=False),
        sa.Column("result", ID, nullable=False),
        sa.Column("summary", PROSE, nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("recorded_by", WORD, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("finding_id", name="pk_findings"),
    )
    op.create_index("ix_findings_campaign_id", "findings", ["campaign_id"], unique=False)
    op.create_index(
        "ix_findings_recorded_at_finding_id",
        "findings",
        ["recorded_at", "finding_id"],
        unique=False,
    )
    op.create_index("ix_findings_subject_id", "findings", ["subject_id"], unique=False)


def _make_dispositions() -> None:
    op.create_table(
        "dispositions",
        sa.Column("disposition_id", ID, nullable=False, autoincrement=False),
        sa.Column("subject_kind", WORD, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("answer", WORD, nullable=False),
        sa.Column("source_kind", WORD, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("note", PROSE, nullable=False),
        sa.Column("noted_by", WORD, nullable=False),
        sa.Column("noted_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("disposition_id", name="pk_dispositions"),
    )
    op.create_index(
        "ix_dispositions_noted_at_disposition_id",
        "dispositions",
        ["noted_at", "disposition_id"],
        unique=False,
    )
    op.create_index("ix_dispositions_subject_id", "dispositions", ["subject_id"], unique=False)


def _make_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("case_id", ID, nullable=False, autoincrement=False),
        sa.Column("title", PROSE, nullable=False),
        sa.Column(
            "campaign_id",
            ID,
            sa.ForeignKey("campaigns.campaign_id", name="fk_cases_campaign_id"),
            nullable=True,
        ),
        sa.Column(
            "finding_id",
            ID,
            sa.ForeignKey("findings.finding_id", name="fk_cases_finding_id"),
            nullable=True,
        ),
        sa.Column("state", WORD, nullable=False),
        sa.Column(
            "assignee",
            WORD,
            sa.ForeignKey("users.user_id", name="fk_cases_assignee"),
            nullable=True,
        ),
        sa.Column("opened_by", WORD, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("outcome", PROSE, nullable=True),
        sa.Column("version", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_cases"),
    )
    op.create_index("ix_cases_assignee", "cases", ["assignee"], unique=False)
    op.create_index("ix_cases_opened_at_case_id", "cases", ["opened_at", "case_id"], unique=False)
    op.create_index("ix_cases_state", "cases", ["state"], unique=False)


def _make_comments() -> None:
    op.create_table(
        "comments",
        sa.Column("comment_id", ID, nullable=False, autoincrement=False),
        sa.Column(
            "case_id",
            ID,
            sa.ForeignKey("cases.case_id", name="fk_comments_case_id"),
            nullable=False,
        ),
        sa.Column("number", COUNT, nullable=False),
        sa.Column("author", WORD, nullable=False),
        sa.Column("text", PROSE, nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("comment_id", name="pk_comments"),
    )
    op.create_index("ix_comments_case_id_number", "comments", ["case_id", "number"], unique=True)
