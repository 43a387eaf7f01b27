"""The pseudonym key: given, or made on first use and kept where its owner alone can read it.

Whoever holds the key can test a guess (an address, an e-mail) against a stored pseudonym; whoever
loses it cannot compare a new run with an old one. So it is never replaced, printed or written
into a result. Where the file is, and whether the environment gives the key, is for `app/settings`.
"""

from __future__ import annotations

import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from stillwatch.domain.errors import SecretKeyError
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.store.durable import OWNER_ONLY, create_file

KEY_BYTES: Final = 16
"""Bytes of a SipHash key."""
_DIRECTORY_RIGHTS: Final = 0o700
"""Rights of the folder made for the key: its owner's alone."""
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def key_from_hex(text: str, *, source: str) -> PseudonymKey:
    """Read a key of 32 hexadecimal digits.

    Raises:
        SecretKeyError: it is anything else; the message never repeats it.
    """
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        message = f"the key in {source} is not {2 * KEY_BYTES} hexadecimal digits"
        raise SecretKeyError(message, hint="make one with `openssl rand -hex 16`")
    return PseudonymKey.from_bytes(secret)


def key_from_file(path: Path) -> PseudonymKey:
    """Read the key from its file; make both on first use.

    Two runs that start at once agree: the file appears whole, and the second reads the first's.

    Raises:
        SecretKeyError: others may read the file, or it cannot be read, made or understood.
    """
    try:
        if not path.exists():
            path.parent.mkdir(mode=_DIRECTORY_RIGHTS, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                fresh = f"{secrets.token_hex(KEY_BYTES)}\n".encode()
                create_file(path, fresh, rights=OWNER_ONLY)
        _refuse_if_shared(path)
        text = path.read_bytes().decode("ascii", "replace")
    except OSError as refused:
        message = f"cannot read or make the key file {path}: {refused.strerror}"
        raise SecretKeyError(
            message, hint="name another with STILLWATCH_KEY_FILE, or give the key in STILLWATCH_KEY"
        ) from refused
    return key_from_hex(text, source=str(path))


def ephemeral_key() -> PseudonymKey:
    """Make a key that is never kept, for work whose pseudonyms nobody will see."""
    return PseudonymKey.from_bytes(secrets.token_bytes(KEY_BYTES))


def _refuse_if_shared(path: Path) -> None:
    rights = stat.S_IMODE(path.stat().st_mode)
    if rights & _OTHERS:
        message = f"the key file {path} can be used by others (mode {rights:04o})"
        raise SecretKeyError(message, hint=f"chmod 600 {path}")
