"""What there is to be allowed, which roles allow it, and who it is that may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

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


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, and what they may."""

    name: str
    scopes: frozenset[str]


def scopes_of(roles: Iterable[str]) -> frozenset[str]:
    """Give what roles may, together."""
    return frozenset[str]().union(*(ROLE_SCOPES[role] for role in roles))
