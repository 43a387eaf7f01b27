"""How people come in and go: invitations that open once, and sessions that end.

A session is begun, may be ended early, and is over at its end in any case; how long nobody has used
it is the service's to know. Each beginning and end is an entry of the audit log; each use is not.
"""

from __future__ import annotations

import sqlalchemy as sa

from stillwatch.domain.service_limits import SESSIONS_PER_USER_MAX
from stillwatch.store.ledger.changes.writing import Writing
from stillwatch.store.ledger.errors import MoveRefused, UnknownRow
from stillwatch.store.ledger.nouns.people import (
    INVITATIONS,
    SESSIONS,
    Invitation,
    NewInvitation,
    NewSession,
    Session,
    User,
)


class SessionVerbs(Writing):
    """Verbs on invitations and sessions."""

    def invite(self, invitation: NewInvitation) -> Invitation:
        """Write down a code that lets a user in once; earlier ones of that user are taken back.

        Raises:
            RowExists: the id has another invitation.
            UnknownRow: the user is not there, or not active.
        """
        self._require_active(invitation.user_id)
        self.revoke_invitations(invitation.user_id)
        own = {
            "made_by": self.actor,
            "made_at": self.now,
            "used_at": None,
            "revoked_at": None,
            "version": 1,
        }
        verb, user = "invitation.make", invitation.user_id
        self._insert(Invitation, invitation, own, verb=verb, user=user)
        return self._find(Invitation, invitation.invitation_id)

    def use_invitation(self, invitation_id: str) -> Invitation:
        """Use an invitation up.

        Raises:
            MoveRefused: it was used or taken back, or is past its end.
            UnknownRow: there is no such invitation, or its user is not active.
        """
        found = self._find(Invitation, invitation_id)
        self._require_active(found.user_id)
        state = "used" if found.used_at else "taken back" if found.revoked_at else "open"
        state = "over" if found.ends_at <= self.now else state
        if state != "open":
            raise MoveRefused(subject=f"invitation {invitation_id}", state=state, to="used")
        return self._alter(found, {"used_at": self.now}, verb="invitation.use", user=found.user_id)

    def revoke_invitations(self, user_id: str) -> int:
        """Take back the open invitations of a user; say how many there were."""
        columns = INVITATIONS.c
        asked = sa.select(INVITATIONS).where(
            columns.user_id == user_id, columns.used_at.is_(None), columns.revoked_at.is_(None)
        )
        found = [Invitation(**row) for row in self._connection.execute(asked).mappings()]
        for one in found:
            self._alter(one, {"revoked_at": self.now}, verb="invitation.revoke", user=user_id)
        return len(found)

    def begin_session(self, session: NewSession) -> Session:
        """Let a user in; beyond SESSIONS_PER_USER_MAX the oldest session of theirs is ended.

        Raises:
            RowExists: the id has another session.
            UnknownRow: the user is not there, or not active.
        """
        self._require_active(session.user_id)
        for old in self._open_sessions(session.user_id)[SESSIONS_PER_USER_MAX - 1 :]:
            self._end_session(old)
        own = {"began_at": self.now, "ended_at": None, "version": 1}
        self._insert(Session, session, own, verb="session.begin", user=session.user_id)
        return self._find(Session, session.session_id)

    def end_session(self, session_id: str) -> Session:
        """End a session; one that was ended stays so, with its first instant.

        Raises:
            UnknownRow: there is no such session.
        """
        found = self._find(Session, session_id)
        return found if found.ended_at is not None else self._end_session(found)

    def end_sessions(self, user_id: str) -> int:
        """End all sessions of a user; say how many there were."""
        found = self._open_sessions(user_id)
        for one in found:
            self._end_session(one)
        return len(found)

    def _end_session(self, session: Session) -> Session:
        return self._alter(
            session, {"ended_at": self.now}, verb="session.end", user=session.user_id
        )

    def _open_sessions(self, user_id: str) -> list[Session]:
        """List them, the newest first."""
        columns = SESSIONS.c
        asked = (
            sa.select(SESSIONS)
            .where(columns.user_id == user_id, columns.ended_at.is_(None))
            .where(columns.ends_at > self.now)
            .order_by(columns.began_at.desc(), columns.session_id)
        )
        return [Session(**row) for row in self._connection.execute(asked).mappings()]

    def _require_active(self, user_id: str) -> None:
        if not self._find(User, user_id).is_active:
            raise UnknownRow(kind="active user", subject_id=user_id)
