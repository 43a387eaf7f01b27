"""The audit log: its entries, its head, and triggers that keep entries from being changed."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from stillwatch.store.ledger.migrations import COUNT, HASH, ID, INSTANT, LONG_TEXT, WORD

revision: Final = "0001"
down_revision: Final[str | None] = None

_SAYS: Final = "audit entries are never changed"
_SQLITE: Final = """
    CREATE TRIGGER audit_entries_no_{event} BEFORE {event} ON audit_entries
    BEGIN SELECT RAISE(ABORT, '{says}'); END
    """
_POSTGRESQL_FUNCTION: Final = f"""
    CREATE FUNCTION audit_entries_refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION '{_SAYS}'; END $$
"""
_POSTGRESQL: Final = """
    CREATE TRIGGER audit_entries_no_{event} BEFORE {event} ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_refuse()
"""


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audit_entries",
        sa.Column("number", COUNT, nullable=False, autoincrement=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", WORD, nullable=False),
        sa.Column("verb", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("detail", LONG_TEXT, nullable=False),
        sa.Column("image_hash", HASH, nullable=True),
        sa.Column("previous_hash", HASH, nullable=False),
        sa.Column("entry_hash", HASH, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_entries"),
    )
    op.create_index(
        "ix_audit_entries_kind_subject_id", "audit_entries", ["kind", "subject_id"], unique=False
    )
    op.create_table(
        "audit_head",
        sa.Column("head_id", COUNT, nullable=False, autoincrement=False),
        sa.Column("ledger_id", ID, nullable=False),
        sa.Column("entries", COUNT, nullable=False),
        sa.Column("head_hash", HASH, nullable=False),
        sa.Column("head_mac", HASH, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("head_id", name="pk_audit_head"),
    )
    _refuse_changes()


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.drop_table("audit_head")
    op.drop_table("audit_entries")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_entries_refuse()")


def _refuse_changes() -> None:
    """Guard against a slip; whoever may drop a trigger is what the chain of hashes is for."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_POSTGRESQL_FUNCTION)
        for event in ("update", "delete", "truncate"):
            op.execute(_POSTGRESQL.format(event=event))
    else:
        for event in ("update", "delete"):
            op.execute(_SQLITE.format(event=event, says=_SAYS))
