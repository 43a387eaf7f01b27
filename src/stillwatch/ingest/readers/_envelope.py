"""The envelope of CONTRACT.md in which gateways log a request with its answer.

`{time, account_id?, headers?, client_ip?, request, response, status?}`, and any field of the native
record beside them, under its own name, which then stands. Keys found in headers are secrets: they
leave here as a digest, never as they came.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

from stillwatch.domain.tables import EXCHANGE
from stillwatch.ingest.readers._messages import first_of, table_of
from stillwatch.ingest.readers.mapping import look_up

_KEY_BYTES: Final = 12
"""Bytes of a key's digest: 96 bits tell all keys apart."""
_ADDRESSES: Final = ("x-forwarded-for", "x-real-ip", "cf-connecting-ip", "true-client-ip")
_FINGERPRINTS: Final = ("x-ja4", "ja4", "x-ja4-fingerprint", "cf-ja4")
_DEVICES: Final = ("x-device-id", "device-id")
_SESSIONS: Final = ("x-session-id", "session-id", "x-conversation-id")
_STATED: Final = tuple(name for name in EXCHANGE.columns if name not in ("response", "status"))
"""Fields of an exchange that an envelope may state; these two are its own."""
Record = dict[str, Any]


def is_envelope(record: Record) -> bool:
    """Tell an envelope by its request."""
    return isinstance(record.get("request"), dict)


def headers_of(record: Record) -> Record:
    """Give the headers with lower-case names, each with its first value."""
    found: Record = {}
    for place in ("response_headers", "headers"):
        for name, value in table_of(record.get(place)).items():
            found[name.lower()] = value[0] if isinstance(value, list) and value else value
    return found


def key_of(headers: Record) -> str | None:
    """Name the API key of a request by the digest of what its headers carry."""
    named = first_of(headers, "x-api-key-id", "x-key-id", "x-key-hash")
    if named is not None:
        return str(named)
    secret = first_of(headers, "authorization", "x-api-key", "api-key")
    if not isinstance(secret, str):
        return None
    bearer = secret.removeprefix("Bearer ").removeprefix("bearer ").strip()
    return "key-" + blake2b(bearer.encode(), digest_size=_KEY_BYTES).hexdigest()


def edge_of(record: Record) -> Record:
    """Read what the edge saw: address, agent, fingerprint, device, session."""
    headers = headers_of(record)
    return {
        "ip": first_of(record, "client_ip") or first_of(headers, *_ADDRESSES),
        "user_agent": first_of(headers, "user-agent"),
        "tls_fingerprint": first_of(headers, *_FINGERPRINTS),
        "device_id": first_of(headers, *_DEVICES),
        "conversation_id": first_of(headers, *_SESSIONS),
        "exchange_id": first_of(record, "id", "request_id") or first_of(headers, "x-request-id"),
        "latency_ms": first_of(record, "duration_ms"),
    }


def finish(fields: Record, record: Record, *, account_field: str | None) -> Record:
    """Let the native fields beside the request stand, and take the account from where it was asked.

    A field that both name is the envelope's.
    """
    stated = {n: record[n] for n in _STATED if record.get(n) is not None}
    merged = {**fields, **stated}
    if account_field is not None:
        merged["account_id"] = look_up(record, account_field)
    return merged
