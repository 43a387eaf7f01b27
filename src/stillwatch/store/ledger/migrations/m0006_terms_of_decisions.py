"""Terms of decisions: parameters, keys, shared ceilings, and the look that they come from."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from stillwatch.store.ledger.migrations import FLAG, ID, PROSE

revision: Final = "0006"
down_revision: Final[str | None] = "0005"


def upgrade() -> None:
    """Make the table; decisions that there are have no terms."""
    op.create_table(
        "decision_terms",
        sa.Column(
            "decision_id",
            ID,
            sa.ForeignKey("decisions.decision_id", name="fk_decision_terms_decision_id"),
            nullable=False,
            autoincrement=False,
        ),
        sa.Column("parameters", PROSE, nullable=False),
        sa.Column("is_shared", FLAG, nullable=False),
        sa.Column("api_key_id", ID, nullable=True),
        sa.Column("rule", ID, nullable=True),
        sa.Column("result", ID, nullable=True),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decision_terms"),
    )
    op.create_index("ix_decision_terms_result", "decision_terms", ["result"], unique=False)


def downgrade() -> None:
    """Drop it, with what it holds."""
    op.drop_table("decision_terms")
