"""Who may come in, as one instant of the ledger has it: what the service keeps in its memory.

The lists hold what opens a door now and nothing else, so that they stay as long as the house is
large, however long it stands. Whether one of them has changed is asked of the audit log, which
every change goes through: a look at its end, and no look at the lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from stillwatch.domain.errors import LimitExceeded
from stillwatch.domain.service_limits import ACCESS_ROWS_MAX
from stillwatch.store.ledger.audit.chain import ENTRIES
from stillwatch.store.ledger.nouns.people import (
    API_KEYS,
    INVITATIONS,
    SESSIONS,
    USERS,
    ApiKey,
    Invitation,
    Session,
    User,
)
from stillwatch.store.ledger.questions.lookups import hash_secret

_KINDS: Final = ("user", "api_key", "session")


class Admissions:
    """Questions to one instant of the ledger about who may come in."""

    _connection: sa.Connection

    def list_active_users(self) -> list[User]:
        """List the users who may come in, by name.

        Raises:
            LimitExceeded: there are more than ACCESS_ROWS_MAX.
        """
        asked = sa.select(USERS).where(USERS.c.is_active).order_by(USERS.c.user_id)
        return [User(**row) for row in self._all(asked)]

    def list_keys_in_use(self, *, now: datetime) -> list[ApiKey]:
        """List the keys that are neither revoked nor past their end, by id.

        Raises:
            LimitExceeded: there are more than ACCESS_ROWS_MAX.
        """
        columns = API_KEYS.c
        asked = sa.select(API_KEYS).where(columns.revoked_at.is_(None))
        asked = asked.where(sa.or_(columns.expires_at.is_(None), columns.expires_at > now))
        return [ApiKey(**row) for row in self._all(asked.order_by(columns.key_id))]

    def list_open_sessions(self, *, now: datetime) -> list[Session]:
        """List the sessions that go on, by id.

        Raises:
            LimitExceeded: there are more than ACCESS_ROWS_MAX.
        """
        columns = SESSIONS.c
        asked = sa.select(SESSIONS).where(columns.ended_at.is_(None), columns.ends_at > now)
        return [Session(**row) for row in self._all(asked.order_by(columns.session_id))]

    def find_invitation(self, code: str, *, now: datetime) -> Invitation | None:
        """Find the invitation that a code stands for, if it lets somebody in now.

        Nulls:   None where it is unknown, used, taken back or past its end.
        """
        columns = INVITATIONS.c
        asked = sa.select(INVITATIONS).where(columns.code_hash == hash_secret(code))
        asked = asked.where(columns.used_at.is_(None), columns.revoked_at.is_(None))
        found = self._connection.execute(asked.where(columns.ends_at > now)).mappings().first()
        return Invitation(**found) if found else None

    def find_identity(self, identity: str) -> User | None:
        """Find the user whom an identity provider's issuer and subject stand for.

        Nulls:   None where they stand for nobody; one who is not active is given too.
        """
        asked = sa.select(USERS).where(USERS.c.identity == identity)
        found = self._connection.execute(asked).mappings().first()
        return User(**found) if found else None

    def last_change_of_people(self, *, after: int = 0) -> int:
        """Give the number of the last audit entry about users, keys or sessions.

        Nulls:   0 where there is none after `after`.
        Cost:    the entries after it.
        """
        asked = sa.select(sa.func.max(ENTRIES.c.number)).where(
            ENTRIES.c.number > after, ENTRIES.c.kind.in_(_KINDS)
        )
        return int(self._connection.execute(asked).scalar() or 0)

    def last_entry(self) -> int:
        """Give the number of the last audit entry.

        Nulls:   0 where there is none.
        Cost:    one row.
        """
        asked = sa.select(sa.func.max(ENTRIES.c.number))
        return int(self._connection.execute(asked).scalar() or 0)

    def _all(self, asked: sa.Select[Any]) -> Sequence[sa.RowMapping]:
        rows = self._connection.execute(asked.limit(ACCESS_ROWS_MAX + 1)).mappings().all()
        if len(rows) > ACCESS_ROWS_MAX:
            name = "ACCESS_ROWS_MAX"
            raise LimitExceeded(name, bound=ACCESS_ROWS_MAX, met=len(rows))
        return rows
