"""Who may ask: keys with scopes, behind a protocol, and where there is no key, a person's session.

A key is long and drawn at random, so its SHA-256 is all that is kept, and no slow hash is needed. A
gateway names its key in `x-stillwatch-key`, because in forward-auth the usual `authorization` is
the customer's; everybody else may use a bearer token. Sessions and rates are behind `app.state.
access`, which a service without a ledger hasn't got.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from fastapi import Request

from stillwatch.app.service.access.forgery import refuse_strangers
from stillwatch.app.service.access.scopes import (
    FORWARDED,
    KEY_HEADER,
    PEOPLE_SCOPES,
    ROLE_SCOPES,
    SCOPES,
    KeyRing,
    Principal,
    find_gateway,
    key_in,
    scopes_of,
)
from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.errors import SettingError

__all__ = [
    "KEY_HEADER",
    "PEOPLE_SCOPES",
    "ROLE_SCOPES",
    "SCOPES",
    "EverybodyMay",
    "HashedKeys",
    "KeyRing",
    "Principal",
    "authorise",
    "door_of",
    "hash_key",
    "identify",
    "key_of",
    "read_keys",
    "scopes_of",
]

_HASH_CHARS: Final = 64


class Door(Protocol):
    """What stands beside keys in a service with a ledger."""

    async def find_person(self, request: Request) -> Principal | None:
        """Give whose session a request has; one that was forged is refused."""
        ...

    def spend(self, request: Request, principal: Principal | None) -> None:
        """Count a request of a person, or of nobody; one too many is refused."""
        ...


class HashedKeys:
    """Keys in memory, as hashes."""

    def __init__(self, principals: Iterable[tuple[str, Principal]]) -> None:
        self._by_hash = dict(principals)

    def find(self, key: str) -> Principal | None:
        """Give whose key that is."""
        return self._by_hash.get(hash_key(key)) if key else None


class EverybodyMay:
    """No keys at all: for a service that only its own machine can reach."""

    def __init__(self) -> None:
        self._anybody = Principal("anybody", frozenset(SCOPES))

    def find(self, key: str) -> Principal | None:
        """Give everybody everything."""
        del key
        return self._anybody


def hash_key(key: str) -> str:
    """Give what is kept of a key."""
    return sha256(key.encode()).hexdigest()


def read_keys(path: Path) -> HashedKeys:
    """Read a file of keys: `[[key]]` with `name`, `sha256` and `scopes`.

    Raises:
        SettingError: it can't be read, or says something else.
    """
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["key"]
        return HashedKeys((_read_hash(row), _read_principal(row)) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as broken:
        message = f"cannot use the keys in {path}: {broken}"
        raise SettingError(message, hint="one [[key]] each: name, sha256, scopes") from broken


async def authorise(request: Request, scope: str) -> Principal:
    """Say who asks, if they may.

    Raises:
        RefusedError: the key or session is nobody's (401), has not that scope or was forged (403),
            or asks too often (429).
    """
    keys: KeyRing = request.app.state.keys
    key = key_of(request)
    if (gateway := find_gateway(keys, key, scope)) is not None:
        return gateway
    found = keys.find(key)
    if found is None:
        found = await _find_person(request, key)
    elif not key and scope not in FORWARDED:
        refuse_strangers(request, is_for_people=scope in PEOPLE_SCOPES)
    if scope not in found.scopes:
        raise RefusedError(403, f"This needs the scope {scope}.")
    if scope in PEOPLE_SCOPES and (door := door_of(request)) is not None:
        door.spend(request, found)
    return found


async def identify(request: Request) -> Principal:
    """Say who asks, whatever they may.

    Raises:
        RefusedError: the key or session is nobody's (401) or was forged (403), or asks too often
            (429).
    """
    key = key_of(request)
    found: Principal | None = request.app.state.keys.find(key)
    if found is None:
        found = await _find_person(request, key)
    elif not key:
        refuse_strangers(request, is_for_people=True)
    if (door := door_of(request)) is not None:
        door.spend(request, found)
    return found


def door_of(request: Request) -> Door | None:
    """Give what stands beside keys: None in a service without a ledger."""
    found: Door | None = getattr(request.app.state, "access", None)
    return found


async def _find_person(request: Request, key: str) -> Principal:
    door = door_of(request)
    found = None if door is None or key else await door.find_person(request)
    if found is not None:
        return found
    if door is not None:
        door.spend(request, None)
    raise RefusedError(401, "This needs a key.", headers={"www-authenticate": "Bearer"})


def key_of(request: Request) -> str:
    """Give the key that a request carries; empty where it carries none."""
    return key_in(request.headers.raw)


def _read_hash(row: dict[str, object]) -> str:
    said = str(row["sha256"]).lower()
    if len(said) != _HASH_CHARS or set(said) - set("0123456789abcdef"):
        message = f"sha256 of {row.get('name')!r} is no hash"
        raise ValueError(message)
    return said


def _read_principal(row: dict[str, object]) -> Principal:
    scopes = row["scopes"]
    if not isinstance(scopes, list) or set(scopes) - set(SCOPES):
        message = f"scopes of {row.get('name')!r} are not among {', '.join(SCOPES)}"
        raise ValueError(message)
    return Principal(str(row["name"]), frozenset(str(one) for one in scopes))
