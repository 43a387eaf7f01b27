"""Sending a browser to the identity provider, and taking back what comes.

Each sign-in has a state, a nonce and a PKCE verifier of its own, kept in memory for ten minutes and
for one use; and the browser has a cookie that belongs to them, so that nobody can be signed in by a
link that somebody else began.
"""

from __future__ import annotations

import hmac
from base64 import b64encode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urlencode

from stillwatch.app.service.access.oidc.fetch import fetch_json
from stillwatch.app.service.access.oidc.provider import Provider
from stillwatch.app.service.access.oidc.tokens import Claims, Expected, read_id_token
from stillwatch.app.service.access.settings import AccessSettings
from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.service_limits import OIDC_FLOWS_MAX

FLOW_S: Final = 600.0
"""Seconds for a person to sign in over there."""
CALLBACK: Final = "/v1/session/oidc/callback"
_AGAIN: Final = "This sign-in is over, or was begun elsewhere: begin it again."


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in under way."""

    nonce: str
    verifier: str
    browser_hash: bytes
    ends_at_s: float
    to: str


class OidcClient:
    """This service, as the identity provider knows it."""

    def __init__(
        self,
        settings: AccessSettings,
        *,
        clock: Callable[[], float],
        draw: Callable[[], str],
        fetch: Callable[..., dict[str, Any]] = fetch_json,
    ) -> None:
        self.provider = Provider(settings.oidc_issuer, clock=clock, fetch=fetch)
        self.redirect_uri = settings.public_url.rstrip("/") + CALLBACK
        self._settings = settings
        self._clock = clock
        self._draw = draw
        self._fetch = fetch
        self._flows: OrderedDict[str, Flow] = OrderedDict()

    def start(self, *, to: str) -> tuple[str, str]:
        """Begin a sign-in; give the address to send the browser to, and its cookie.

        Raises:
            RefusedError: the identity provider does not answer (502).
        """
        where = self.provider.endpoints().authorization
        state, nonce, verifier, browser = (self._draw() for _ in range(4))
        ends_at_s = self._clock() + FLOW_S
        self._flows[state] = Flow(nonce, verifier, _hash(browser), ends_at_s, to)
        while len(self._flows) > OIDC_FLOWS_MAX:
            self._flows.popitem(last=False)
        asked = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self._settings.oidc_scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": urlsafe_b64encode(_hash(verifier)).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}", browser

    def finish(self, said: Mapping[str, str], *, browser: str) -> tuple[Claims, str]:
        """Take back what the identity provider said; give its claims and where to go on.

        Raises:
            RefusedError: the sign-in is unknown, over, used or another browser's, the person or the
                provider said no, or its token is not to be believed (403); no answer (502).
        """
        flow = self._flows.pop(said.get("state", ""), None)
        is_ours = flow is not None and hmac.compare_digest(flow.browser_hash, _hash(browser))
        if flow is None or not is_ours or flow.ends_at_s <= self._clock():
            raise RefusedError(403, _AGAIN)
        if said.get("iss", self.provider.issuer) != self.provider.issuer or not said.get("code"):
            raise RefusedError(403, "The identity provider did not let you in.")
        token = self._exchange(said["code"], verifier=flow.verifier).get("id_token")
        expected = Expected(self._settings.oidc_client_id, flow.nonce, self._clock())
        return read_id_token(token, self.provider, expected), flow.to

    def _exchange(self, code: str, *, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self._settings.oidc_client_id,
            "code_verifier": verifier,
        }
        endpoints = self.provider.endpoints()
        secret, headers = self._settings.oidc_client_secret, {}
        if secret and endpoints.is_basic:
            headers["authorization"] = self._basic(secret)
        elif secret:
            form["client_secret"] = secret
        return self._fetch(endpoints.token, form=form, headers=headers)

    def _basic(self, secret: str) -> str:
        pair = f"{quote(self._settings.oidc_client_id, safe='')}:{quote(secret, safe='')}"
        return f"Basic {b64encode(pair.encode()).decode()}"


def _hash(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "replace")).digest()
