"""The pseudonym key: given, or made on first use and kept where its owner alone can read it.

Whoever holds the key can test a guess (an address, an e-mail) against a stored pseudonym; whoever
loses it cannot compare a new run with an old one. So it is never replaced, printed or written
into a result. Where the file is, and whether the environment gives the key, is for `app/settings`.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from stillwatch.domain.keyed import PseudonymKey
from stillwatch.store.secret_file import secret_from_file, secret_from_hex

KEY_BYTES: Final = 16
"""Bytes of a SipHash key."""
_HINT: Final = "name another with STILLWATCH_KEY_FILE, or give the key in STILLWATCH_KEY"


def key_from_hex(text: str, *, source: str) -> PseudonymKey:
    """Read a key of 32 hexadecimal digits.

    Raises:
        SecretKeyError: it is anything else; the message never repeats it.
    """
    return PseudonymKey.from_bytes(secret_from_hex(text, size=KEY_BYTES, source=source))


def key_from_file(path: Path) -> PseudonymKey:
    """Read the key from its file; make both on first use.

    Raises:
        SecretKeyError: others may read the file, or it cannot be read, made or understood.
    """
    return PseudonymKey.from_bytes(secret_from_file(path, size=KEY_BYTES, hint=_HINT))


def ephemeral_key() -> PseudonymKey:
    """Make a key that is never kept, for work whose pseudonyms nobody will see."""
    return PseudonymKey.from_bytes(secrets.token_bytes(KEY_BYTES))
