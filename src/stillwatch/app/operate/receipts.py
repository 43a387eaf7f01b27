"""A person, as erasing knows them, and the receipt of what was erased where, without their name.

The receipt and everything that stays have the tombstone: a keyed hash of the id. Whoever has the
pseudonym key can show that a receipt is about somebody; nobody else can test a guess.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

import polars as pl

from stillwatch.domain.keyed import PseudonymKey, hash_strings
from stillwatch.ingest.pseudonymise import Name

_TOMB: Final = 114
"""Keeps tombstones apart from all pseudonyms (as `ingest.pseudonymise.Name` does)."""
_BITS: Final = 0xFFFFFFFFFFFFFFFF
FORM: Final = 1


@dataclass(frozen=True)
class Person:
    """Whose data goes: an account, or an end user of accounts."""

    kind: str
    """`account` or `end_user`."""
    id: str = field(repr=False)
    tombstone: str
    end_user_hash: int | None = None
    """What stands for an end user in the lake."""

    @classmethod
    def account(cls, account_id: str, *, key: PseudonymKey) -> Person:
        """Name an account."""
        return cls("account", account_id, _bury(account_id, key))

    @classmethod
    def end_user(cls, end_user_id: str, *, key: PseudonymKey) -> Person:
        """Name an end user by what the account's own software calls them."""
        hashed = _hash(end_user_id, key, Name.END_USER)
        return cls("end_user", end_user_id, _bury(end_user_id, key), hashed)


def _bury(name: str, key: PseudonymKey) -> str:
    return f"erased:{_hash(name, key, _TOMB) & _BITS:016x}"


def _hash(name: str, key: PseudonymKey, domain: int) -> int:
    (hashed,) = hash_strings(pl.Series([name]).to_arrow(), key=key, domain=domain).to_pylist()
    return int(hashed)


@dataclass
class Receipt:
    """What was erased where."""

    receipt_id: str
    at: str
    kind: str
    subject: str
    """The tombstone."""
    lake: dict[str, Any] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    ledger: dict[str, Any] = field(default_factory=dict)
    segments: dict[str, Any] = field(default_factory=dict)
    not_erased: list[dict[str, str]] = field(default_factory=list)
    """What stays, and why."""
    is_dry_run: bool = False

    def leave(self, what: str, *, why: str) -> None:
        """Say what stays."""
        self.not_erased.append({"what": what, "why": why})

    def as_json(self) -> dict[str, Any]:
        """Give it for a file.

        Nulls:   none.
        """
        return {"stillwatch_receipt": FORM, **asdict(self)}
