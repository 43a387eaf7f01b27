"""Who follows a case, and how a campaign looked when it was judged and when it was answered."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from stillwatch.store.ledger.migrations import COUNT, FLAG, ID, INSTANT, SHARE, WORD, WORDS

revision: Final = "0009"
down_revision: Final[str | None] = "0008"


def upgrade() -> None:
    """Make the tables."""
    _make_followers()
    _make_likenesses()
    _make_kept_likenesses()


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.drop_table("kept_likenesses")
    op.drop_table("likenesses")
    op.drop_table("followers")


def _make_followers() -> None:
    op.create_table(
        "followers",
        sa.Column("follower_id", ID, nullable=False, autoincrement=False),
        sa.Column(
            "case_id",
            ID,
            sa.ForeignKey("cases.case_id", name="fk_followers_case_id"),
            nullable=False,
        ),
        sa.Column(
            "user_id",
            WORD,
            sa.ForeignKey("users.user_id", name="fk_followers_user_id"),
            nullable=False,
        ),
        sa.Column("follows", FLAG, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("version", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("follower_id", name="pk_followers"),
    )
    op.create_index(
        "ix_followers_case_id_user_id", "followers", ["case_id", "user_id"], unique=True
    )
    op.create_index("ix_followers_user_id_follows", "followers", ["user_id", "follows"])


def _make_likenesses() -> None:
    op.create_table(
        "likenesses",
        sa.Column(
            "campaign_id",
            ID,
            sa.ForeignKey("campaigns.campaign_id", name="fk_likenesses_campaign_id"),
            nullable=False,
            autoincrement=False,
        ),
        *_figures(),
        sa.Column("version", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", name="pk_likenesses"),
    )
    op.create_index("ix_likenesses_group_id", "likenesses", ["group_id"])


def _make_kept_likenesses() -> None:
    op.create_table(
        "kept_likenesses",
        sa.Column(
            "disposition_id",
            ID,
            sa.ForeignKey("dispositions.disposition_id", name="fk_kept_likenesses_disposition_id"),
            nullable=False,
            autoincrement=False,
        ),
        sa.Column(
            "campaign_id",
            ID,
            sa.ForeignKey("campaigns.campaign_id", name="fk_kept_likenesses_campaign_id"),
            nullable=False,
        ),
        *_figures(),
        sa.PrimaryKeyConstraint("disposition_id", name="pk_kept_likenesses"),
    )
    op.create_index("ix_kept_likenesses_campaign_id", "kept_likenesses", ["campaign_id"])


def _figures() -> list[sa.Column[object]]:
    return [
        sa.Column("group_id", ID, nullable=False),
        sa.Column("null_version", WORD, nullable=False),
        sa.Column("accounts", COUNT, nullable=False),
        sa.Column("exchanges", COUNT, nullable=False),
        sa.Column("kinds", WORDS, nullable=False),
        sa.Column("witnesses", WORDS, nullable=False),
        sa.Column("p_value", SHARE, nullable=False),
        sa.Column("probability", SHARE, nullable=False),
        sa.Column("result", ID, nullable=False),
        sa.Column("judged_at", INSTANT, nullable=False),
    ]
