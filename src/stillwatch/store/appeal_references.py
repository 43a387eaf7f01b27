"""What a customer holds to appeal with: the decision and the account, sealed into one word.

Nobody without the key can make one or read it, and the same two ids always give the same word, so
that a notice, a gateway and the service tell the customer the same link and nobody has to store it.
The key hangs on the audit key, which lives as long as the ledger. See ADR 0016.

Source:  AES-256-SIV (RFC 5297); HKDF-SHA256 (RFC 5869).
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stillwatch.store.ledger.audit.key import AuditKey

_SCHEME: Final = b"stillwatch appeal reference 1"
_KEY_BYTES: Final = 64
"""Bytes of a key of AES-256-SIV: one half authenticates, the other encrypts."""
_SEAL_BYTES: Final = 16
"""Bytes of the seal: a made-up reference passes once in 2**128."""
_CHARS_MAX: Final = 3_000
"""Characters of a reference: two ids of 256 characters, four bytes each, sealed, in base 64."""
_FORM: Final = re.compile(r"[A-Za-z0-9_-]+")
_BETWEEN: Final = "\0"
"""Stands between the two ids: no id of the ledger holds one."""


class AppealReferences:
    """Makes references, and reads them; its `repr` shows no secret."""

    def __init__(self, key: AuditKey) -> None:
        derived = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_SCHEME)
        self._cipher = AESSIV(derived.derive(key.secret))

    def make(self, decision_id: str, account_id: str) -> str:
        """Give the reference of an account's decision; the same two ids give the same one.

        Cost:    some microseconds.
        """
        sealed = self._cipher.encrypt(f"{decision_id}{_BETWEEN}{account_id}".encode(), [_SCHEME])
        return _write(sealed)

    def read(self, reference: str) -> tuple[str, str] | None:
        """Give the decision and the account that a reference stands for.

        Nulls:   None where it was not made here, or is written in another form.
        """
        is_odd = len(reference) % 4 == 1
        if is_odd or len(reference) > _CHARS_MAX or not _FORM.fullmatch(reference):
            return None
        sealed = urlsafe_b64decode(reference + "=" * (-len(reference) % 4))
        if len(sealed) <= _SEAL_BYTES or _write(sealed) != reference:
            return None
        try:
            said = self._cipher.decrypt(sealed, [_SCHEME]).decode()
        except InvalidTag:
            return None
        decision_id, _, account_id = said.partition(_BETWEEN)
        return decision_id, account_id


def _write(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")
