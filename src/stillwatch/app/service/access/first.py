"""The first administrator comes in by a code that the terminal shows once.

Who can see the terminal of the service runs it, and that is all the proof there is at the
beginning. The code has 80 random bits; its hash alone is kept, in memory; it opens once, within a
quarter of an hour, and is void after a few wrong ones. Starting the service again gives another.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from stillwatch.domain.service_limits import SIGN_IN_ATTEMPTS_MAX

CODE_S: Final = 900.0
"""Seconds for which the code opens."""
_LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ0123456789"
"""Crockford's alphabet: no letter looks like a digit."""
_GROUPS: Final = 4
_GROUP_CHARS: Final = 4
_SAID_CHARS_MAX: Final = 64


class FirstCode:
    """A code that opens once."""

    def __init__(self, *, clock: Callable[[], float], choose: Callable[[str], str]) -> None:
        self._clock = clock
        self._choose = choose
        self._hash: bytes | None = None
        self._ends_at_s = 0.0
        self._attempts = 0
        self._lock = threading.Lock()

    def draw(self) -> str:
        """Draw a code, for the terminal and nobody else; an earlier one opens nothing any more."""
        letters = [self._choose(_LETTERS) for _ in range(_GROUPS * _GROUP_CHARS)]
        code = "".join(letters)
        with self._lock:
            self._hash, self._attempts = _hash(code), 0
            self._ends_at_s = self._clock() + CODE_S
        starts = range(0, len(code), _GROUP_CHARS)
        return "-".join(code[start : start + _GROUP_CHARS] for start in starts)

    def take(self, said: str) -> bool:
        """Say whether that is the code, and use it up if so; a wrong one is counted."""
        with self._lock:
            known, self._attempts = self._hash, self._attempts + 1
            is_open = known is not None and self._clock() < self._ends_at_s
            if not is_open or self._attempts > SIGN_IN_ATTEMPTS_MAX:
                self._hash = None
                return False
            if not hmac.compare_digest(known or b"", _hash(said)):
                return False
            self._hash = None
            return True

    def give_back(self, said: str) -> None:
        """Let a code open again whose taking came to nothing: the ledger did not answer."""
        with self._lock:
            self._hash = _hash(said)


def _hash(said: str) -> bytes:
    plain = "".join(letter for letter in said[:_SAID_CHARS_MAX].upper() if letter.isalnum())
    return sha256(plain.encode()).digest()
