"""Whether an identity token is to be believed, and whom it names.

Signed by a key of the issuer in one of four ways; from the issuer, for us and nobody else, answered
to this very sign-in (nonce), and new. What a token says of how it is to be verified counts for
nothing: no algorithm but those four, no key but the issuer's.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from stillwatch.app.service.access.oidc.provider import Provider
from stillwatch.app.service.problems import RefusedError
from stillwatch.app.service.telemetry import tell
from stillwatch.domain.service_limits import LEDGER_ID_CHARS_MAX

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
_LEEWAY_S: Final = 60.0
"""Seconds by which two clocks may differ."""
_AGE_S_MAX: Final = 600.0
"""Seconds since a token was issued: it comes straight from the issuer."""
_TOKEN_CHARS_MAX: Final = 50_000
Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token has to say."""

    client_id: str
    nonce: str
    now_s: float


def read_id_token(token: object, provider: Provider, expected: Expected) -> Claims:
    """Verify a token and give what it claims.

    Cost:    may ask the issuer for its keys.

    Raises:
        RefusedError: it is not to be believed (403), or the issuer does not answer (502).
    """
    if not isinstance(token, str) or len(token) > _TOKEN_CHARS_MAX:
        raise _disbelieve(why="token")
    keys = provider.keys(kid=_kid_of(token))
    try:
        claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise _disbelieve(why=type(fault).__name__) from fault
    if wrong := _first_wrong(claims, provider.issuer, expected):
        raise _disbelieve(why=wrong)
    return claims


def identity_of(claims: Claims, *, issuer: str) -> str:
    """Name a person for good: issuer and subject; neither is given to anybody else later.

    Raises:
        RefusedError: the subject is none, or too long to keep (403).
    """
    subject = claims.get("sub")
    identity = f"{issuer} {subject}"
    if not isinstance(subject, str) or not subject or len(identity) > LEDGER_ID_CHARS_MAX:
        raise _disbelieve(why="sub")
    return identity


def _kid_of(token: str) -> str | None:
    try:
        kid = orjson.loads(urlsafe_b64decode(token.partition(".")[0].encode())).get("kid")
    except (ValueError, AttributeError):
        return None
    return kid if isinstance(kid, str) else None


def _first_wrong(claims: Claims, issuer: str, expected: Expected) -> str:
    """Name the first claim that is not as it has to be; empty where all are."""
    audience, party = claims.get("aud"), claims.get("azp")
    audiences = audience if isinstance(audience, list) else [audience]
    nonce, now_s = claims.get("nonce"), expected.now_s
    right = {
        "iss": claims.get("iss") == issuer,
        "aud": expected.client_id in audiences,
        "azp": party == expected.client_id if party or len(audiences) > 1 else True,
        "exp": _number(claims, "exp") > now_s - _LEEWAY_S,
        "iat": now_s - _AGE_S_MAX <= _number(claims, "iat") <= now_s + _LEEWAY_S,
        "nbf": "nbf" not in claims or 0 <= _number(claims, "nbf") <= now_s + _LEEWAY_S,
        "nonce": isinstance(nonce, str)
        and hmac.compare_digest(nonce.encode(), expected.nonce.encode()),
    }
    return next((name for name, is_right in right.items() if not is_right), "")


def _number(claims: Claims, name: str) -> float:
    value = claims.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else -1.0


def _disbelieve(*, why: str) -> RefusedError:
    """Say no to a browser without saying why; the log names the claim, and nobody."""
    tell("access.oidc_refused", fault=why)
    return RefusedError(403, "The identity provider's answer is not to be believed.")
