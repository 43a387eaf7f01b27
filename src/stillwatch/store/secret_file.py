"""A secret of the house as hexadecimal digits: in a file that its owner alone can read, or given.

What the secret is for is its caller's business (`secret_key`, the ledger's audit key). It is never
replaced, printed or repeated in a message, and a file that others can use is refused.
"""

from __future__ import annotations

import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from stillwatch.domain.errors import SecretKeyError
from stillwatch.store.durable import OWNER_ONLY, create_file

_DIRECTORY_RIGHTS: Final = 0o700
"""Rights of the folder made for a secret: its owner's alone."""
_BY_LIST: Final = 0o440
"""Rights under which systemd hands a credential to a service: the file is root's, and an access
list lets the service in, which shows as the group's right to read; that group is root's too."""
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def secret_from_hex(text: str, *, size: int, source: str) -> bytes:
    """Read a secret of `size` bytes from hexadecimal digits.

    Raises:
        SecretKeyError: it is anything else; the message never repeats it.
    """
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != size:
        message = f"the key in {source} is not {2 * size} hexadecimal digits"
        raise SecretKeyError(message, hint=f"make one with `openssl rand -hex {size}`")
    return secret


def secret_from_file(path: Path, *, size: int, hint: str, may_make: bool = True) -> bytes:
    """Read a secret from its file; make both on first use, where that is asked for.

    Two runs that start at once agree: the file appears whole, and the second reads the first's.

    Raises:
        SecretKeyError: others may read the file, or it cannot be read, made or understood.
    """
    try:
        if may_make and not path.exists():
            path.parent.mkdir(mode=_DIRECTORY_RIGHTS, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                fresh = f"{secrets.token_hex(size)}\n".encode()
                create_file(path, fresh, rights=OWNER_ONLY)
        _refuse_if_shared(path)
        text = path.read_bytes().decode("ascii", "replace")
    except OSError as refused:
        message = f"cannot read or make the key file {path}: {refused.strerror}"
        raise SecretKeyError(message, hint=hint) from refused
    return secret_from_hex(text, size=size, source=str(path))


def _refuse_if_shared(path: Path) -> None:
    facts = path.stat()
    rights = stat.S_IMODE(facts.st_mode)
    if rights == _BY_LIST and (facts.st_uid, facts.st_gid) == (0, 0):
        return
    if rights & _OTHERS:
        message = f"the key file {path} can be used by others (mode {rights:04o})"
        raise SecretKeyError(message, hint=f"chmod 600 {path}")
