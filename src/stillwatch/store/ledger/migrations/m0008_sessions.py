"""Invitations and sessions of people."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from stillwatch.store.ledger.migrations import COUNT, HASH, ID, INSTANT, WORD, WORDS

revision: Final = "0008"
down_revision: Final[str | None] = "0007"


def upgrade() -> None:
    """Make the tables."""
    _make_invitations()
    _make_sessions()


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.drop_table("sessions")
    op.drop_table("invitations")


def _make_invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("invitation_id", ID, nullable=False, autoincrement=False),
        sa.Column("code_hash", HASH, nullable=False),
        sa.Column(
            "user_id",
            WORD,
            sa.ForeignKey("users.user_id", name="fk_invitations_user_id"),
            nullable=False,
        ),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("made_by", WORD, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("version", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("invitation_id", name="pk_invitations"),
    )
    op.create_index("ix_invitations_code_hash", "invitations", ["code_hash"], unique=True)
    op.create_index("ix_invitations_user_id", "invitations", ["user_id"], unique=False)


def _make_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("session_id", ID, nullable=False, autoincrement=False),
        sa.Column("token_hash", HASH, nullable=False),
        sa.Column(
            "user_id",
            WORD,
            sa.ForeignKey("users.user_id", name="fk_sessions_user_id"),
            nullable=False,
        ),
        sa.Column("scopes", WORDS, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("version", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_ended_at_ends_at", "sessions", ["ended_at", "ends_at"])
    op.create_index("ix_sessions_token_hash", "sessions", ["token_hash"], unique=True)
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], unique=False)
