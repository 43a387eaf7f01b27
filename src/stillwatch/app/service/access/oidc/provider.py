"""The issuer: where it sends people, where it takes codes, and with which keys it signs.

Its document and keys are kept for an hour. A token that names a key which is not among them makes
them be read again, for keys are rotated; but twice a minute at most, for anybody can name a key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from stillwatch.app.service.access.oidc.fetch import fetch_json
from stillwatch.app.service.problems import RefusedError

_KEEP_S: Final = 3_600.0
_AGAIN_S: Final = 30.0
_KEYS_MAX: Final = 100
_DOCUMENT: Final = "/.well-known/openid-configuration"
_KINDS: Final = frozenset({"RSA", "EC", "OKP"})
"""Kinds of keys with two halves: with a shared secret as a key, who can verify could also sign."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the issuer's document says, as far as we need it."""

    authorization: str
    token: str
    jwks: str
    is_basic: bool
    """Whether the client's secret goes into a header, and not into the form."""


class Provider:
    """One issuer; its methods wait for it."""

    def __init__(
        self,
        issuer: str,
        *,
        clock: Callable[[], float],
        fetch: Callable[..., dict[str, Any]] = fetch_json,
    ) -> None:
        self.issuer = issuer
        self._clock = clock
        self._fetch = fetch
        self._endpoints: Endpoints | None = None
        self._keys = KeySet([])
        self._read_at_s = -inf
        self._keys_at_s = -inf

    def endpoints(self) -> Endpoints:
        """Give the issuer's addresses.

        Raises:
            RefusedError: it does not answer, or speaks for another issuer (502).
        """
        if self._endpoints is None or self._clock() - self._read_at_s > _KEEP_S:
            said = self._fetch(self.issuer.rstrip("/") + _DOCUMENT)
            self._endpoints = _read_document(said, issuer=self.issuer)
            self._read_at_s = self._clock()
        return self._endpoints

    def keys(self, *, kid: str | None) -> KeySet:
        """Give the issuer's keys, read again where one is named that is not among them.

        Raises:
            RefusedError: it does not answer (502).
        """
        age_s = self._clock() - self._keys_at_s
        is_known = kid is None or any(key.kid == kid for key in self._keys)
        if age_s > _KEEP_S or (not is_known and age_s > _AGAIN_S):
            self._keys = _read_keys(self._fetch(self.endpoints().jwks))
            self._keys_at_s = self._clock()
        return self._keys


def _read_document(said: Mapping[str, Any], *, issuer: str) -> Endpoints:
    methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    found = [one for one in map(said.get, names) if isinstance(one, str)]
    if said.get("issuer") != issuer or len(found) != len(names):
        raise RefusedError(502, "The identity provider's document is not its own.")
    is_basic = not isinstance(methods, list) or "client_secret_basic" in methods
    authorization, token, jwks = found
    return Endpoints(authorization, token, jwks, is_basic)


def _read_keys(said: Mapping[str, Any]) -> KeySet:
    rows = said.get("keys")
    if not isinstance(rows, list):
        raise RefusedError(502, "The identity provider's keys can't be read.")
    read = (_read_key(row) for row in rows[:_KEYS_MAX])
    return KeySet([key for key in read if key is not None])


def _read_key(row: object) -> Key | None:
    """Read a key; one of a kind that we don't know, or for another use, is no key of ours."""
    if not isinstance(row, dict) or row.get("kty") not in _KINDS:
        return None
    if row.get("use", "sig") != "sig":
        return None
    try:
        return JWKRegistry.import_key(row)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
