"""Who may do what: operators with their roles, API keys, invitations and sessions of people.

Of a key, a code and a cookie the ledger holds the SHA-256: they are long and drawn at random, so
that no slow hash is needed. Roles are enforced by the service; that two people are two, and that
an administrator is left, is enforced here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import sqlalchemy as sa

from stillwatch.store.ledger.nouns.columns import (
    Count,
    Flag,
    Hash,
    Id,
    Instant,
    OneOf,
    Refers,
    Row,
    Word,
    Words,
    table_of,
)

ROLES: Final = ("viewer", "analyst", "approver", "admin", "ingester", "gateway")

UserId = Annotated[Word, Refers("users.user_id")]
Roles = Annotated[Words, OneOf(ROLES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser(Row):
    """An operator or a service; `identity` is the identity provider's issuer and subject."""

    user_id: Word
    roles: Roles
    identity: Id | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class User(NewUser):
    """A user, and whether they may still come in."""

    is_active: Flag
    added_at: Instant
    version: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey(Row):
    """A key of a user, as its hash."""

    key_id: Id
    key_hash: Hash
    user_id: UserId
    scopes: Words
    expires_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey(NewApiKey):
    """A key, and whether it was revoked."""

    issued_at: Instant
    revoked_at: Instant | None
    version: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation(Row):
    """A code that lets a user in once, as its hash."""

    invitation_id: Id
    code_hash: Hash
    user_id: UserId
    ends_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation(NewInvitation):
    """An invitation: who made it, and whether it was used or taken back."""

    made_by: Word
    made_at: Instant
    used_at: Instant | None
    revoked_at: Instant | None
    version: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession(Row):
    """A person who has signed in: the hash of their cookie, and the most that it may."""

    session_id: Id
    token_hash: Hash
    user_id: UserId
    scopes: Words
    ends_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(NewSession):
    """A session at the console, and whether it was ended before its time."""

    began_at: Instant
    ended_at: Instant | None
    version: Count


USERS: Final = table_of("users", User, sa.Index(None, "identity", unique=True))
API_KEYS: Final = table_of("api_keys", ApiKey, sa.Index(None, "key_hash", unique=True))
INVITATIONS: Final = table_of(
    "invitations", Invitation, sa.Index(None, "code_hash", unique=True), sa.Index(None, "user_id")
)
SESSIONS: Final = table_of(
    "sessions",
    Session,
    sa.Index(None, "token_hash", unique=True),
    sa.Index(None, "user_id"),
    sa.Index(None, "ended_at", "ends_at"),
)
