"""The other end of a webhook: is it ours, and from now? For whoever receives effects or notices.

    verify_webhook(body, headers=request.headers, secrets=["whsec_…"], now=time.time())

In the manner of Standard Webhooks, symmetric signatures (`v1`); any library for those does as well.
The body has to be the bytes as they came. docs/operate/delivery.md says what is in them.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Final

from stillwatch.gateway.limits import (
    WEBHOOK_SIGNATURES_MAX,
    WEBHOOK_STAMP_DIGITS_MAX,
    WEBHOOK_TOLERANCE_S,
)

_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = (24, 64)
"""The fewest and the most, as the specification has them."""


class BadSignatureError(Exception):
    """A webhook is not from whoever holds the secret, or not from now."""

    def __init__(self, *, because: str) -> None:
        super().__init__(because)


def verify_webhook(
    body: bytes,
    *,
    headers: Mapping[str, str],
    secrets: Sequence[str],
    now: float,
    tolerance_s: float = WEBHOOK_TOLERANCE_S,
) -> str:
    """Take a webhook only from a holder of one of the secrets; give its id, to take it once.

    Raises:
        BadSignatureError: it isn't signed by them, or is further than `tolerance_s` from `now`.
    """
    said = {name.lower(): value.strip() for name, value in headers.items()}
    message_id, stamp = said.get("webhook-id", ""), said.get("webhook-timestamp", "")
    if not message_id or not stamp.isascii() or not stamp.isdigit():
        raise BadSignatureError(because="no id, or no time")
    if len(stamp) > WEBHOOK_STAMP_DIGITS_MAX or abs(now - int(stamp)) > tolerance_s:
        raise BadSignatureError(because="old, or sent again by somebody else, or a clock is wrong")
    signed = _bytes(f"{message_id}.{stamp}.") + body
    digests = (hmac.digest(read_webhook_secret(one), signed, "sha256") for one in secrets)
    wanted = [b"v1," + b64encode(digest) for digest in digests]
    given = _bytes(said.get("webhook-signature", "")).split()[:WEBHOOK_SIGNATURES_MAX]
    if not any(hmac.compare_digest(ours, theirs) for ours in wanted for theirs in given):
        raise BadSignatureError(because="no signature is by one of the secrets")
    return message_id


def read_webhook_secret(text: str) -> bytes:
    """Read a secret as it is written: `whsec_`, then 24 to 64 bytes in Base64.

    Raises:
        ValueError: it is none; the message doesn't show it.
    """
    try:
        key = b64decode(text.strip().removeprefix(_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not _KEY_BYTES[0] <= len(key) <= _KEY_BYTES[1]:
        message = "a secret of a webhook is whsec_ and 24 to 64 bytes in Base64"
        raise ValueError(message)
    return key


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
