"""Signing what goes to a receiver, in the manner of Standard Webhooks.

A signature is HMAC-SHA-256 over `id.timestamp.body`; every active secret signs, so that a receiver
may change from one to the next at any moment. `stillwatch.gateway.verify_webhook` is the other end.
Source: the Standard Webhooks specification, symmetric signatures (`v1`).
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

from stillwatch.gateway.webhooks import read_webhook_secret

_ID_DIGITS: Final = 32
"""Hexadecimal digits of a message's id: 128 bits of SHA-256."""


@dataclass(frozen=True, slots=True)
class Signer:
    """The secrets that sign; they are never shown."""

    keys: tuple[bytes, ...] = field(repr=False)

    def headers(self, message_id: str, body: bytes, *, at: datetime) -> dict[str, str]:
        """Give the headers that say whose a message is, and when it was sent.

        Nulls:   without a secret there is an id and a time, and no signature.
        """
        stamp = str(int(at.timestamp()))
        signed = f"{message_id}.{stamp}.".encode() + body
        signatures = [b64encode(hmac.digest(key, signed, "sha256")).decode() for key in self.keys]
        headers = {"webhook-id": message_id, "webhook-timestamp": stamp}
        if signatures:
            headers["webhook-signature"] = " ".join(f"v1,{one}" for one in signatures)
        return headers


def make_signer(secrets: Sequence[str]) -> Signer:
    """Make a signer of secrets as they are written: `whsec_` and Base64.

    Raises:
        ValueError: one is none, or has fewer than 24 or more than 64 bytes.
    """
    return Signer(tuple(read_webhook_secret(one) for one in secrets))


def name_message(keys: Sequence[str]) -> str:
    """Name a message after what it holds, so that sending it again is sending the same.

    Order:   the order of the keys does not matter.
    Cost:    linear in keys.
    """
    lines = "\n".join(sorted(keys))
    return f"msg_{sha256(lines.encode()).hexdigest()[:_ID_DIGITS]}"
