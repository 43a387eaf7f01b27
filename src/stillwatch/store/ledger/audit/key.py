"""The audit key: 32 bytes that rest apart from the database whose log they seal.

Whoever holds it and the database can make a whole new log. Whoever loses it can still verify the
chain and every anchor, and can write nothing more: a new ledger has to be begun.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from stillwatch.domain.errors import SecretKeyError
from stillwatch.store.secret_file import secret_from_file, secret_from_hex

AUDIT_KEY_BYTES: Final = 32
"""Bytes of an audit key: as many as the HMAC gives."""
_HINT: Final = "name another with STILLWATCH_AUDIT_KEY_FILE, or give it in STILLWATCH_AUDIT_KEY"


@dataclass(frozen=True, slots=True)
class AuditKey:
    """The secret of the head's HMAC; its `repr` never shows it."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != AUDIT_KEY_BYTES:
            message = f"an audit key has {AUDIT_KEY_BYTES} bytes, this one {len(self.secret)}"
            hint = f"make one with `openssl rand -hex {AUDIT_KEY_BYTES}`"
            raise SecretKeyError(message, hint=hint)


def audit_key_from_hex(text: str, *, source: str) -> AuditKey:
    """Read a key of 64 hexadecimal digits.

    Raises:
        SecretKeyError: it is anything else; the message never repeats it.
    """
    return AuditKey(secret_from_hex(text, size=AUDIT_KEY_BYTES, source=source))


def audit_key_from_file(path: Path, *, may_make: bool) -> AuditKey:
    """Read the key from its file; make both on first use, where that is asked for.

    Raises:
        SecretKeyError: others may read the file, or it cannot be read, made or understood.
    """
    secret = secret_from_file(path, size=AUDIT_KEY_BYTES, hint=_HINT, may_make=may_make)
    return AuditKey(secret)
