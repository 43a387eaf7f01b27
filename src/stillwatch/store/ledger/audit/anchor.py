"""The anchor: the head of the chain at one instant, as a small file that another party keeps.

Whoever holds one can tell, without any secret, whether the ledger still has the entries that it had
then: a chain that was cut or made anew has another hash at that number, or no such number. With the
audit key it can be told too whether the anchor itself is one of this ledger's.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import orjson

from stillwatch.store.ledger.audit.chain import SCHEME, Head
from stillwatch.store.ledger.errors import LedgerError

_FIELDS: Final = {"ledger_id": str, "entries": int, "head_hash": str, "head_mac": str, "at": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """How many entries a ledger had at an instant, and the hash of the last."""

    ledger_id: str
    entries: int
    head_hash: str
    head_mac: str
    at: str
    """UTC instant, RFC 3339, as the holder of the audit key has it; the HMAC doesn't cover it."""

    def to_json(self) -> bytes:
        """Write it as a file's content."""
        content = {"scheme": SCHEME, **asdict(self)}
        return orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n"


def take_anchor(head: Head, *, now: datetime) -> Anchor:
    """Take the anchor of a head."""
    return Anchor(
        ledger_id=head.ledger_id,
        entries=head.entries,
        head_hash=head.head_hash,
        head_mac=head.head_mac,
        at=now.isoformat(),
    )


def read_anchor(content: bytes) -> Anchor:
    """Read an anchor from a file's content.

    Raises:
        LedgerError: it is none, or one of another scheme.
    """
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as broken:
        raise _no_anchor(says="it is no JSON") from broken
    if not isinstance(found, dict) or found.pop("scheme", None) != SCHEME:
        raise _no_anchor(says=f"it does not say {SCHEME}")
    if set(found) != set(_FIELDS) or any(type(found[n]) is not t for n, t in _FIELDS.items()):
        raise _no_anchor(says=f"it wants {', '.join(_FIELDS)}")
    return Anchor(**found)


def _no_anchor(*, says: str) -> LedgerError:
    return LedgerError(
        f"this is no anchor of an audit log: {says}",
        hint="`stillwatch audit anchor LEDGER --out FILE` writes one",
    )
