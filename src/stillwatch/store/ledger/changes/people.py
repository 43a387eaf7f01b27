"""Who may come in: users with roles, and API keys with scopes."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from stillwatch.store.ledger.bounds import fit_actor
from stillwatch.store.ledger.changes.writing import Writing
from stillwatch.store.ledger.errors import UnknownRow
from stillwatch.store.ledger.nouns.people import API_KEYS, ApiKey, NewApiKey, NewUser, User


class PeopleVerbs(Writing):
    """Verbs on users and keys."""

    def add_user(self, user: NewUser) -> bool:
        """Add a user, once; say whether that was news.

        Raises:
            BadValue: the name has upper-case letters or spaces, or a role is none.
            RowExists: the name has another user.
        """
        fit_actor(user.user_id)
        own = {"is_active": True, "added_at": self.now, "version": 1}
        return self._insert(User, user, own, verb="user.add", roles=list(user.roles))

    def set_roles(self, user_id: str, *, roles: Sequence[str]) -> User:
        """Give a user other roles.

        Raises:
            BadValue: one of them is none.
            UnknownRow: there is no such user.
        """
        user = self._find(User, user_id)
        return self._alter(user, {"roles": tuple(roles)}, verb="user.roles", roles=list(roles))

    def deactivate_user(self, user_id: str) -> User:
        """Let a user in no more, and revoke their keys.

        Raises:
            UnknownRow: there is no such user.
        """
        user = self._find(User, user_id)
        held = sa.select(API_KEYS.c.key_id).where(
            API_KEYS.c.user_id == user_id, API_KEYS.c.revoked_at.is_(None)
        )
        for key_id in list(self._connection.execute(held).scalars()):
            self.revoke_key(key_id)
        return self._alter(user, {"is_active": False}, verb="user.deactivate")

    def issue_key(self, key: NewApiKey) -> bool:
        """Write down a key, by its hash; say whether that was news.

        Raises:
            RowExists: the id has another key.
            UnknownRow: its user is not there, or not active.
        """
        if not self._find(User, key.user_id).is_active:
            raise UnknownRow(kind="active user", subject_id=key.user_id)
        own = {"issued_at": self.now, "revoked_at": None, "version": 1}
        return self._insert(ApiKey, key, own, verb="key.issue", user=key.user_id)

    def revoke_key(self, key_id: str) -> ApiKey:
        """Revoke a key; one that is revoked stays so, with its first instant.

        Raises:
            UnknownRow: there is no such key.
        """
        key = self._find(ApiKey, key_id)
        if key.revoked_at is not None:
            return key
        return self._alter(key, {"revoked_at": self.now}, verb="key.revoke")
