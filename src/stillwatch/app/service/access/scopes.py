"""What there is to be allowed, which roles allow it, who it is that may, and by which key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

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
PEOPLE_SCOPES: Final = frozenset({"read", "work", "approve", "administer"})
"""The scopes of pages and programs that work with the ledger; the others are machines' alone."""
FORWARDED: Final = frozenset({"decide"})
"""What gateways ask in a customer's stead, with the headers of the customer's browser."""
KEY_HEADER: Final = "x-stillwatch-key"
_OWN: Final = KEY_HEADER.encode()
_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, and what they may."""

    name: str
    scopes: frozenset[str]


def scopes_of(roles: Iterable[str]) -> frozenset[str]:
    """Give what roles may, together."""
    return frozenset[str]().union(*(ROLE_SCOPES[role] for role in roles))


class KeyRing(Protocol):
    """Where keys are looked up; it must not wait."""

    def find(self, key: str) -> Principal | None:
        """Give whose key that is; an empty one is nobody's, unless nobody needs one."""
        ...


def find_gateway(keys: KeyRing, key: str, scope: str) -> Principal | None:
    """Give whose key that is, where the key is all that a scope of gateways asks for."""
    found = keys.find(key) if scope in FORWARDED else None
    return found if found is not None and scope in found.scopes else None


def key_in(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Give the key among headers with names in small letters; the first of each name counts."""
    said: bytes | None = None
    for name, value in headers:
        if name == _OWN:
            return value.decode("latin-1")
        if name == b"authorization" and said is None:
            said = value
    bearer = (said or b"").decode("latin-1")
    return bearer[len(_BEARER) :].strip() if bearer.lower().startswith(_BEARER) else ""
