"""Who may come in: users with roles, and API keys with scopes.

Three rules stand here, inside the transaction, where no two changes can pass one another: an
administrator is always left, nobody gives roles to themselves, and the first administrator is made
only where there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from stillwatch.store.ledger.bounds import fit_actor
from stillwatch.store.ledger.changes.sessions import SessionVerbs
from stillwatch.store.ledger.errors import FourEyesNeeded, MoveRefused, UnknownRow
from stillwatch.store.ledger.nouns.people import API_KEYS, USERS, ApiKey, NewApiKey, NewUser, User
from stillwatch.store.ledger.states import is_machine

ADMIN: Final = "admin"


class PeopleVerbs(SessionVerbs):
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

    def add_first_admin(self, user: NewUser) -> bool:
        """Add the administrator who lets in everybody else.

        Raises:
            MoveRefused: there is an administrator.
            RowExists: the name has another user.
        """
        if self._admins():
            raise MoveRefused(subject="the ledger", state="administered", to="anybody's")
        return self.add_user(user)

    def set_roles(self, user_id: str, *, roles: Sequence[str]) -> User:
        """Give a user other roles.

        Raises:
            BadValue: one of them is none.
            FourEyesNeeded: they are the actor's own.
            MoveRefused: no administrator would be left.
            UnknownRow: there is no such user.
        """
        user = self._find(User, user_id)
        if user_id == self.actor:
            because = "nobody gives roles to themselves"
            raise FourEyesNeeded(what=f"set the roles of {user_id}", actor=user_id, because=because)
        if ADMIN not in roles:
            self._require_another_admin(user, to="one without that role")
        return self._alter(user, {"roles": tuple(roles)}, verb="user.roles", roles=list(roles))

    def deactivate_user(self, user_id: str) -> User:
        """Let a user in no more: revoke their keys and invitations, end their sessions.

        Raises:
            MoveRefused: no administrator would be left.
            UnknownRow: there is no such user.
        """
        user = self._find(User, user_id)
        self._require_another_admin(user, to="inactive")
        held = sa.select(API_KEYS.c.key_id).where(
            API_KEYS.c.user_id == user_id, API_KEYS.c.revoked_at.is_(None)
        )
        for key_id in list(self._connection.execute(held).scalars()):
            self.revoke_key(key_id)
        self.revoke_invitations(user_id)
        self.end_sessions(user_id)
        return self._alter(user, {"is_active": False}, verb="user.deactivate")

    def activate_user(self, user_id: str) -> User:
        """Let a user in again; keys and sessions that have ended stay so.

        Raises:
            FourEyesNeeded: it is the actor.
            UnknownRow: there is no such user.
        """
        user = self._find(User, user_id)
        if user_id == self.actor:
            because = "nobody lets themselves in"
            raise FourEyesNeeded(what=f"activate {user_id}", actor=user_id, because=because)
        return self._alter(user, {"is_active": True}, verb="user.activate")

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

    def _admins(self) -> set[str]:
        """Name the active administrators who are people: a program lets nobody in."""
        asked = sa.select(USERS.c.user_id, USERS.c.roles).where(USERS.c.is_active)
        found = [name for name, roles in self._connection.execute(asked) if ADMIN in roles]
        return {name for name in found if not is_machine(name)}

    def _require_another_admin(self, user: User, *, to: str) -> None:
        if user.is_active and ADMIN in user.roles and self._admins() <= {user.user_id}:
            subject = f"{user.user_id}, the last administrator,"
            raise MoveRefused(subject=subject, state="active", to=to)
