"""Who follows a case."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from stillwatch.store.ledger.migrations import COUNT, FLAG, ID, INSTANT, WORD

revision: Final = "0009"
down_revision: Final[str | None] = "0008"


def upgrade() -> None:
    """Make the tables."""
    _make_followers()


def downgrade() -> None:
    """Drop them, with what they hold."""
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
