"""Users, API keys, policies and permissions."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from stillwatch.store.ledger.migrations import (
    COUNT,
    FLAG,
    HASH,
    ID,
    INSTANT,
    LONG_TEXT,
    WORD,
    WORDS,
)

revision: Final = "0002"
down_revision: Final[str | None] = "0001"


def upgrade() -> None:
    """Make the tables."""
    _make_users()
    _make_api_keys()
    _make_policies()
    _make_permissions()


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.drop_table("permissions")
    op.drop_table("policies")
    op.drop_table("api_keys")
    op.drop_table("users")


def _make_users() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", WORD, nullable=False, autoincrement=False),
        sa.Column("roles", WORDS, nullable=False),
        sa.Column("identity", ID, nullable=True),
        sa.Column("is_active", FLAG, nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.Column("version", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
    )
    op.create_index("ix_users_identity", "users", ["identity"], unique=True)


def _make_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", ID, nullable=False, autoincrement=False),
        sa.Column("key_hash", HASH, nullable=False),
        sa.Column(
            "user_id",
            WORD,
            sa.ForeignKey("users.user_id", name="fk_api_keys_user_id"),
            nullable=False,
        ),
        sa.Column("scopes", WORDS, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("version", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
    )
    op.create_index("ix_api_keys_key_hash", "api_keys", ["key_hash"], unique=True)


def _make_policies() -> None:
    op.create_table(
        "policies",
        sa.Column("policy_id", ID, nullable=False, autoincrement=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("number", COUNT, nullable=False),
        sa.Column("text", LONG_TEXT, nullable=False),
        sa.Column("text_hash", HASH, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("published_by", WORD, nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("activated_by", WORD, nullable=True),
        sa.Column("activated_at", INSTANT, nullable=True),
        sa.Column("version", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("policy_id", name="pk_policies"),
    )
    op.create_index("ix_policies_name_number", "policies", ["name", "number"], unique=True)
    op.create_index(
        "ix_policies_published_at_policy_id",
        "policies",
        ["published_at", "policy_id"],
        unique=False,
    )


def _make_permissions() -> None:
    op.create_table(
        "permissions",
        sa.Column("permission_id", ID, nullable=False, autoincrement=False),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("org_id", ID, nullable=True),
        sa.Column("scope", WORD, nullable=False),
        sa.Column("granted_by", WORD, nullable=False),
        sa.Column("valid_from", INSTANT, nullable=True),
        sa.Column("valid_to", INSTANT, nullable=True),
        sa.Column("budget_exchanges", COUNT, nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("version", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("permission_id", name="pk_permissions"),
    )
    op.create_index("ix_permissions_account_id", "permissions", ["account_id"], unique=False)
    op.create_index("ix_permissions_org_id", "permissions", ["org_id"], unique=False)
