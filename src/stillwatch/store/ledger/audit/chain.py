"""What an audit entry is and how entries hang together.

Each entry holds the SHA-256 of its own content and of the entry before it; the first hangs on the
ledger's id. Anybody can recompute that, without a secret. The head (how many entries there are, and
the last one's hash) carries an HMAC under a key that rests apart from the database, so that whoever
can write to the database alone can't make a whole new chain. A row's *image* is the SHA-256 of the
row after the change, never its content: the log names rows of the ledger and no account.

Source: Schneier & Kelsey 1999, "Secure audit logs to support computer forensics", without their
evolving key: the anchor that another party keeps takes its part.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import orjson
import sqlalchemy as sa

from stillwatch.store.ledger.audit.key import AuditKey
from stillwatch.store.ledger.nouns.columns import (
    EPOCH,
    Count,
    Hash,
    Id,
    Instant,
    LongText,
    Row,
    Word,
    table_of,
)

SCHEME: Final = "stillwatch-audit-1"
"""What is hashed first: a chain of another form gets another word."""
HEAD_ID: Final = 1
_HASHED: Final = (
    "number",
    "at",
    "actor",
    "verb",
    "kind",
    "subject_id",
    "detail",
    "image_hash",
    "previous_hash",
)
"""The columns of an entry that its hash covers: all but the hash itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry(Row):
    """One change of the ledger. `detail` is JSON: states, counts, ids of other rows."""

    number: Count
    at: Instant
    actor: Word
    verb: Word
    kind: Word
    subject_id: Id
    detail: LongText
    image_hash: Hash | None
    previous_hash: Hash
    entry_hash: Hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Head(Row):
    """The end of the chain: one row, locked by every writer."""

    head_id: Count
    ledger_id: Id
    entries: Count
    head_hash: Hash
    head_mac: Hash
    made_at: Instant


ENTRIES: Final = table_of("audit_entries", AuditEntry, sa.Index(None, "kind", "subject_id"))
HEADS: Final = table_of("audit_head", Head)


def genesis_hash(ledger_id: str) -> str:
    """Give what the first entry of a ledger hangs on."""
    return _digest([SCHEME, "genesis", ledger_id])


def hash_entry(entry: Mapping[str, Any], *, ledger_id: str) -> str:
    """Hash an entry over all of its columns but the hash itself.

    Nulls:   hashed as such. An instant and its microseconds since 1970 give one hash.

    Raises:
        TypeError: a value is of a type that no entry holds.
    """
    return _digest([SCHEME, "entry", ledger_id, *(_plain(entry[name]) for name in _HASHED)])


def mac_head(key: AuditKey, *, ledger_id: str, entries: int, head_hash: str) -> str:
    """Give the HMAC-SHA-256 of the head of a chain."""
    content = orjson.dumps([SCHEME, "head", ledger_id, entries, head_hash])
    return hmac.new(key.secret, content, sha256).hexdigest()


def is_mac_of(mac: object, key: AuditKey, *, head: tuple[str, int, str]) -> bool:
    """Compare an HMAC with that of (ledger_id, entries, head_hash), in constant time."""
    ledger_id, entries, head_hash = head
    wanted = mac_head(key, ledger_id=ledger_id, entries=entries, head_hash=head_hash)
    return hmac.compare_digest(str(mac).encode(), wanted.encode())


def hash_image(values: Mapping[str, Any]) -> str:
    """Hash a row of the ledger as it rests.

    Nulls:   hashed as such. Order: of columns, irrelevant.
    """
    plain = {name: _plain(value) for name, value in values.items()}
    return sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()


def hash_ids(ids: list[str]) -> str:
    """Hash a set of ids; their order is irrelevant."""
    return _digest(sorted(ids))


def write_detail(facts: Mapping[str, Any]) -> str:
    """Write the facts of an entry in one form."""
    return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS).decode()


def _plain(value: Any) -> Any:  # noqa: ANN401  any column's value
    if isinstance(value, datetime):
        since = value - EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return value


def _digest(content: list[Any]) -> str:
    return sha256(orjson.dumps(content)).hexdigest()
