"""Appeals."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from stillwatch.store.ledger.migrations import COUNT, HASH, ID, INSTANT, PROSE, WORD

revision: Final = "0005"
down_revision: Final[str | None] = "0004"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "appeals",
        sa.Column("appeal_id", ID, nullable=False, autoincrement=False),
        sa.Column(
            "decision_id",
            ID,
            sa.ForeignKey("decisions.decision_id", name="fk_appeals_decision_id"),
            nullable=False,
        ),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("reference_hash", HASH, nullable=False),
        sa.Column("statement", PROSE, nullable=False),
        sa.Column("deadline_at", INSTANT, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.Column("reviewer", WORD, nullable=True),
        sa.Column("answer", PROSE, nullable=True),
        sa.Column("resolved_at", INSTANT, nullable=True),
        sa.Column("version", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("appeal_id", name="pk_appeals"),
    )
    op.create_index("ix_appeals_decision_id", "appeals", ["decision_id"], unique=False)
    op.create_index(
        "ix_appeals_filed_at_appeal_id", "appeals", ["filed_at", "appeal_id"], unique=False
    )
    op.create_index("ix_appeals_reference_hash", "appeals", ["reference_hash"], unique=True)
    op.create_index(
        "ix_appeals_state_deadline_at", "appeals", ["state", "deadline_at"], unique=False
    )


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.drop_table("appeals")
