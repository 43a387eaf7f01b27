"""Letting in a person of whom the identity provider has spoken.

Who says which roles they have is one of two, and never both. With a map of roles the provider says
it at every sign-in, and nobody gets in whom it gives none; then those whom it had given some lose
them. Without a map only those get in whom an administrator has listed by issuer and subject, with
the roles of the ledger. A name alone never makes anybody somebody whom the ledger knows.
"""

from __future__ import annotations

from typing import Final

from stillwatch.app.service.access.door import LedgerDoor
from stillwatch.app.service.access.oidc.roles import name_in, read_role_map, roles_in
from stillwatch.app.service.access.oidc.tokens import Claims, identity_of
from stillwatch.app.service.problems import RefusedError
from stillwatch.store.ledger.errors import MoveRefused
from stillwatch.store.ledger.nouns.people import NewUser, User

ACTOR: Final = "service:oidc"
_UNKNOWN: Final = "The identity provider knows you, and you have no place here yet."


def enter_identified(door: LedgerDoor, claims: Claims) -> str:
    """Let a person in; give the secret of their session.

    Raises:
        LedgerError: the ledger refuses: their name is another's, or no administrator would be left.
        RefusedError: they have no place here (403).
    """
    settings = door.settings
    identity = identity_of(claims, issuer=settings.oidc_issuer)
    with door.ledger.read() as view:
        user = view.find_identity(identity)
    role_map = read_role_map(settings.oidc_roles)
    if user is not None and not user.is_active:
        raise RefusedError(403, _UNKNOWN)
    if not role_map:
        return door.begin(_listed(user).user_id)
    roles = roles_in(claims, role_map, claim=settings.oidc_roles_claim)
    if not roles:
        _take_roles(door, user)
        raise RefusedError(403, _UNKNOWN)
    if user is None:
        name = name_in(claims, claim=settings.oidc_name_claim)
        return _enter_new(door, NewUser(user_id=name, roles=roles, identity=identity))
    if set(roles) == set(user.roles):
        return door.begin(user.user_id)
    name = user.user_id
    return door.begin(name, actor=ACTOR, also=lambda change: change.set_roles(name, roles=roles))


def _listed(user: User | None) -> User:
    if user is None:
        raise RefusedError(403, _UNKNOWN)
    return user


def _enter_new(door: LedgerDoor, new: NewUser) -> str:
    if not new.user_id:
        raise RefusedError(403, "The identity provider names you in no way that can be kept.")
    return door.begin(new.user_id, actor=ACTOR, also=lambda change: change.add_user(new))


def _take_roles(door: LedgerDoor, user: User | None) -> None:
    """Take roles from whom the provider gives none any more, but for the last administrator."""
    if user is None or not user.roles:
        return
    try:
        with door.write(actor=ACTOR) as change:
            change.set_roles(user.user_id, roles=())
            change.end_sessions(user.user_id)
    except MoveRefused:
        return
