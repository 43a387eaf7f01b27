"""Who may ask: keys with scopes, behind a protocol, so that the ledger's keys can take their place.

A key is long and drawn at random, so its SHA-256 is all that is kept, and no slow hash is needed. A
gateway names its key in `x-stillwatch-key`, because in forward-auth the usual `authorization` is
the customer's; everybody else may use a bearer token.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from fastapi import Request

from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.errors import SettingError

KEY_HEADER: Final = "x-stillwatch-key"
SCOPES: Final = (
    "decide",
    "changes",
    "usage",
    "metrics",
    "ingest",
    "read",
    "work",
    "approve",
    "administer",
)
"""Ask for decisions · follow the table · report what was spent · read metrics · send exchanges ·
read findings, cases and decisions · work on cases, propose, review, take back · approve ·
users, keys, policies, permissions and the operation of the service."""
ROLE_SCOPES: Final[Mapping[str, frozenset[str]]] = {
    "viewer": frozenset({"read"}),
    "analyst": frozenset({"read", "work"}),
    "approver": frozenset({"read", "work", "approve"}),
    "admin": frozenset({"read", "administer", "metrics"}),
    "ingester": frozenset({"ingest"}),
    "gateway": frozenset({"decide", "changes", "usage"}),
}
"""What each role of the ledger's users may. An administrator decides about nobody: whoever hands
out roles is not whoever suspends."""
_HASH_CHARS: Final = 64
_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, and what they may."""

    name: str
    scopes: frozenset[str]


class KeyRing(Protocol):
    """Where keys are looked up; it must not wait."""

    def find(self, key: str) -> Principal | None:
        """Give whose key that is; an empty one is nobody's, unless nobody needs one."""
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
        RefusedError: the key is nobody's (401), or has not that scope (403).
    """
    ring: KeyRing = request.app.state.keys
    found = ring.find(_key_of(request))
    if found is None:
        raise RefusedError(401, "This needs a key.", headers={"www-authenticate": "Bearer"})
    if scope not in found.scopes:
        raise RefusedError(403, f"This key has not the scope {scope}.")
    return found


def _key_of(request: Request) -> str:
    own = request.headers.get(KEY_HEADER)
    if own is not None:
        return own
    said = request.headers.get("authorization", "")
    return said[len(_BEARER) :].strip() if said.lower().startswith(_BEARER) else ""


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
