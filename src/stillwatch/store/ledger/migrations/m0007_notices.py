"""Notices, and an index by which what is out on an account is found."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from stillwatch.store.ledger.migrations import COUNT, ID, INSTANT, PROSE, SHARE, WORD

revision: Final = "0007"
down_revision: Final[str | None] = "0006"

_INDEXES: Final = (("sink", "state", "due_at"), ("kind", "subject_id"), ("claim_id",), ("entry",))


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "notices",
        sa.Column("notice_id", ID, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("accounts", COUNT, nullable=False),
        sa.Column("q_value", SHARE, nullable=True),
        sa.Column("says", PROSE, nullable=False),
        sa.Column("entry", COUNT, nullable=False),
        sa.Column("sink", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", COUNT, nullable=False),
        sa.Column("queued_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("claim_id", ID, nullable=True),
        sa.Column("claimed_until", INSTANT, nullable=True),
        sa.Column("last_error", PROSE, nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "sink", name="pk_notices"),
    )
    for columns in _INDEXES:
        op.create_index(f"ix_notices_{'_'.join(columns)}", "notices", list(columns), unique=False)
    op.create_index(
        "ix_effects_account_id_channel", "effects", ["account_id", "channel"], unique=False
    )


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.drop_index("ix_effects_account_id_channel", table_name="effects")
    op.drop_table("notices")
