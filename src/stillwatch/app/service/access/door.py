"""The door of a service with a ledger: sessions of people, rates, and who comes in how.

It is `app.state.access`. Routes for people ask `authorise`; those that begin a session ask the
methods here. Reading goes to memory; what writes goes to the ledger, is blocking, and looks at the
ledger again at once, so that whoever signs out is out with the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fastapi import Request

from stillwatch.app.service.access.admitted import LedgerKeys
from stillwatch.app.service.access.first import FirstCode
from stillwatch.app.service.access.forgery import (
    SAFE_METHODS,
    require_own_page,
    require_token,
    token_of,
)
from stillwatch.app.service.access.keys import SCOPES, Principal
from stillwatch.app.service.access.rates import Rates
from stillwatch.app.service.access.sessions import Sessions
from stillwatch.app.service.access.settings import AccessSettings
from stillwatch.app.service.problems import RefusedError
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.bounds import fit_actor
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.errors import LedgerError, MoveRefused
from stillwatch.store.ledger.nouns.people import NewUser
from stillwatch.store.ledger.states import is_machine

ACTOR: Final = "service:access"
"""Under whose name the ledger is written before anybody has come in."""
_UNSURE: Final = "The ledger can't be read now, and so nobody is known."
_SHUT: Final = "This code opens nothing."


@dataclass(frozen=True, slots=True)
class Chance:
    """What only the rim has: the clock (seconds since 1970), and where secrets are drawn."""

    clock: Callable[[], float]
    draw: Callable[[], str]
    """A secret of 256 bits."""
    choose: Callable[[str], str]
    """One letter of several."""


class LedgerDoor:
    """Who comes in, and how."""

    def __init__(
        self, ledger: Ledger, keys: LedgerKeys, settings: AccessSettings, chance: Chance
    ) -> None:
        self.ledger = ledger
        self.keys = keys
        self.settings = settings
        self.draw = chance.draw
        self.rates = Rates(clock=chance.clock, key=chance.draw().encode())
        self.first = FirstCode(clock=chance.clock, choose=chance.choose)
        self.sessions = Sessions(keys, settings=settings, clock=chance.clock, draw=chance.draw)
        self._clock = chance.clock

    @property
    def now(self) -> datetime:
        """The present instant."""
        return datetime.fromtimestamp(self._clock(), UTC)

    @contextmanager
    def write(self, *, actor: str) -> Iterator[Change]:
        """Change the ledger, and look at who may come in again.

        Raises:
            LedgerError: as `Ledger.write` says; nothing was changed.
        """
        with self.ledger.write(actor=actor, now=self.now) as change:
            yield change
        self.keys.refresh()

    async def find_person(self, request: Request) -> Principal | None:
        """Give whose session a request has, as `Door` says."""
        if self.keys.is_stale and self.sessions.secret_of(request):
            raise RefusedError(503, _UNSURE)
        found = self.sessions.find(request)
        if found is not None and request.method not in SAFE_METHODS:
            require_own_page(request, origin=self.settings.origin, is_proof_needed=True)
            await require_token(request, secret=self.sessions.secret_of(request))
        return None if found is None else found.principal

    def spend(self, request: Request, principal: Principal | None) -> None:
        """Count a request, as `Door` says."""
        if principal is None:
            self.rates.spend_refusal(request)
        else:
            self.rates.spend_person(principal.name)

    def enter_first(self, code: str, *, user_id: str) -> str:
        """Make the first administrator; give the secret of their session.

        Raises:
            BadValue: the name is none.
            MoveRefused: there is an administrator.
            RefusedError: the code opens nothing (403).
        """
        admin = NewUser(user_id=fit_actor(user_id), roles=("admin",))
        if is_machine(user_id):
            raise RefusedError(422, "A name that begins with service: is a program's.")
        if not self.first.take(code):
            raise RefusedError(403, _SHUT)
        try:
            return self.begin(user_id, actor=ACTOR, also=lambda it: it.add_first_admin(admin))
        except LedgerError:
            self.first.give_back(code)
            raise

    def enter_invited(self, code: str) -> str:
        """Let in whom an invitation names, and use it up; give the secret of their session.

        Raises:
            RefusedError: the code opens nothing (403).
        """
        with self.ledger.read() as view:
            found = view.find_invitation(code, now=self.now)
        if found is None:
            raise RefusedError(403, _SHUT)
        invitation_id, name = found.invitation_id, found.user_id
        try:
            return self.begin(name, also=lambda it: it.use_invitation(invitation_id))
        except MoveRefused:
            raise RefusedError(403, _SHUT) from None

    def enter_with_key(self, principal: Principal) -> str:
        """Let in whose key it is, with what the key may; give the secret of their session.

        Raises:
            RefusedError: the key is of a program, or of nobody whom the ledger knows (403).
        """
        if is_machine(principal.name) or self.keys.find_user(principal.name) is None:
            raise RefusedError(403, "This key is no person's.")
        return self.begin(principal.name, scopes=principal.scopes)

    def begin(
        self,
        user_id: str,
        *,
        actor: str = "",
        scopes: frozenset[str] = frozenset(SCOPES),
        also: Callable[[Change], object] = lambda _: None,
    ) -> str:
        """Begin a session, and whatever comes before it, as one change; give its secret.

        Raises:
            LedgerError: as the verbs say; nothing was changed.
        """
        session, secret = self.sessions.make(user_id, scopes=scopes)
        with self.write(actor=actor or user_id) as change:
            also(change)
            change.begin_session(session)
        return secret

    def end(self, session_id: str, *, actor: str) -> None:
        """End a session."""
        with self.write(actor=actor) as change:
            change.end_session(session_id)

    def end_all(self, user_id: str) -> int:
        """End all sessions of a user, by themselves; say how many there were."""
        with self.write(actor=user_id) as change:
            return change.end_sessions(user_id)


def open_door(request: Request) -> LedgerDoor:
    """Give the door of a service.

    Raises:
        RefusedError: it has no ledger, and so nobody to let in (404).
    """
    found = getattr(request.app.state, "access", None)
    if not isinstance(found, LedgerDoor):
        raise RefusedError(404, "This service has no ledger, and nobody signs in.")
    return found


def csrf_token(request: Request) -> str:
    """Give the token that a page puts into its forms, or into the header `x-stillwatch-csrf`.

    Nulls:   empty where nobody has signed in.
    """
    door = getattr(request.app.state, "access", None)
    secret = door.sessions.secret_of(request) if isinstance(door, LedgerDoor) else ""
    return token_of(secret) if secret else ""
