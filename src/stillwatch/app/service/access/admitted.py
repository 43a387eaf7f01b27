"""Keys and sessions of the ledger, kept in memory: a question waits for nothing.

Nobody who asks with a key that doesn't exist can make the ledger work: what is not in memory is
nobody's. Twice a second a thread looks at the end of the audit log, and reads users, keys and
sessions again where one of them has changed, so that a revocation made anywhere is in force within
two seconds, and one made here at once. While the ledger can't be read machines go on with the keys
they have, as their table does; people's are believed for ACCESS_STALE_S_MAX and no longer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import Final

from stillwatch.app.service.access.keys import KeyRing, hash_key
from stillwatch.app.service.access.scopes import PEOPLE_SCOPES, Principal, scopes_of
from stillwatch.domain.service_limits import ACCESS_STALE_S_MAX
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.nouns.people import ApiKey, Session, User
from stillwatch.store.ledger.states import is_machine
from stillwatch.store.ledger.views import View

_NEVER: Final = -1


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that goes on: whose, what it may, and when it ends (seconds since 1970)."""

    session_id: str
    principal: Principal
    began_at_s: float
    ends_at_s: float


@dataclass(frozen=True, slots=True)
class _Instant:
    """Who may come in, at one instant of the ledger."""

    users: Mapping[str, User] = field(default_factory=dict)
    keys: Mapping[str, tuple[Principal, float]] = field(default_factory=dict)
    sessions: Mapping[str, OpenSession] = field(default_factory=dict)
    number: int = _NEVER
    """The audit entry up to which the ledger was looked at."""


class LedgerKeys:
    """The keys of a ledger beside those of a file, and the sessions of its people."""

    def __init__(
        self, ledger: Ledger, *, clock: Callable[[], float], beside: KeyRing | None = None
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._beside = beside
        self._held = _Instant()
        self._read_at_s = -inf
        self._reading = threading.Lock()

    @property
    def is_stale(self) -> bool:
        """Say whether the ledger has not been read for so long that people are not believed."""
        return self._clock() - self._read_at_s > ACCESS_STALE_S_MAX

    @property
    def has_admin(self) -> bool:
        """Say whether a person administers."""
        users = self._held.users.items()
        return any("admin" in user.roles and not is_machine(name) for name, user in users)

    @property
    def session_ids(self) -> frozenset[str]:
        """Name the sessions that go on."""
        return frozenset(one.session_id for one in self._held.sessions.values())

    def find(self, key: str) -> Principal | None:
        """Give whose key that is."""
        if not key:
            return None
        if self._beside is not None and (found := self._beside.find(key)) is not None:
            return found
        principal, ends_at_s = self._held.keys.get(hash_key(key), (None, 0.0))
        if principal is None or ends_at_s <= self._clock():
            return None
        if principal.scopes & PEOPLE_SCOPES and self.is_stale:
            return Principal(principal.name, principal.scopes - PEOPLE_SCOPES)
        return principal

    def find_user(self, user_id: str) -> User | None:
        """Give an active user."""
        return self._held.users.get(user_id)

    def find_session(self, token: str) -> OpenSession | None:
        """Give whose session that is."""
        found = self._held.sessions.get(hash_key(token))
        if found is None or found.ends_at_s <= self._clock() or self.is_stale:
            return None
        return found

    def refresh(self) -> None:
        """Read the ledger again where something about people has changed; it may wait.

        Raises:
            LedgerError: it can't be read; what was read before stays.
        """
        with self._reading, self._ledger.read() as view:
            now_s = self._clock()
            number, held = view.last_entry(), self._held
            went_back = number < held.number
            if held.number == _NEVER or went_back or view.last_change_of_people(after=held.number):
                held = _read_instant(view, now=datetime.fromtimestamp(now_s, UTC))
            self._held = _Instant(held.users, held.keys, held.sessions, number)
            self._read_at_s = now_s


def _read_instant(view: View, *, now: datetime) -> _Instant:
    users = {user.user_id: user for user in view.list_active_users()}
    may = {name: scopes_of(user.roles) for name, user in users.items()}
    keys = [one for one in view.list_keys_in_use(now=now) if one.user_id in may]
    sessions = [one for one in view.list_open_sessions(now=now) if one.user_id in may]
    return _Instant(
        users,
        {one.key_hash: (_principal(one, may), _end_of(one)) for one in keys},
        {one.token_hash: _open(one, may) for one in sessions},
    )


def _principal(held: ApiKey | Session, may: Mapping[str, frozenset[str]]) -> Principal:
    return Principal(held.user_id, may[held.user_id] & frozenset(held.scopes))


def _end_of(key: ApiKey) -> float:
    return inf if key.expires_at is None else key.expires_at.timestamp()


def _open(session: Session, may: Mapping[str, frozenset[str]]) -> OpenSession:
    began_at_s, ends_at_s = session.began_at.timestamp(), session.ends_at.timestamp()
    return OpenSession(session.session_id, _principal(session, may), began_at_s, ends_at_s)
