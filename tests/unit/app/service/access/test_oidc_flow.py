"""What is sent to an identity provider, and how its answers are read."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from stillwatch.app.service.access.oidc import fetch
from stillwatch.app.service.access.oidc.fetch import fetch_json
from stillwatch.app.service.access.oidc.flow import FLOW_S, OidcClient
from stillwatch.app.service.access.settings import AccessSettings
from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.service_limits import OIDC_FLOWS_MAX

ISSUER = "https://issuer.example"
SETTINGS = AccessSettings(
    public_url="https://stillwatch.example/",
    oidc_issuer=ISSUER,
    oidc_client_id="still watch",
    oidc_client_secret="hu:sh",  # noqa: S106  a test's
)


class Issuer:
    """An issuer that remembers what it was asked."""

    def __init__(self, methods: list[str] | None = None) -> None:
        self.now_s = 0.0
        self.sent: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.document: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/in?x=1",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
        }
        if methods is not None:
            self.document["token_endpoint_auth_methods_supported"] = methods
        numbers = count()
        self.client = OidcClient(
            SETTINGS,
            clock=lambda: self.now_s,
            draw=lambda: f"secret-{next(numbers)}",
            fetch=self.fetch,
        )

    def fetch(
        self, url: str, *, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Answer, and remember."""
        self.sent.append((url, dict(form or {}), dict(headers or {})))
        return self.document if form is None else {"id_token": "none"}


def test_a_browser_is_sent_with_state_nonce_and_a_challenge() -> None:
    """The challenge is the hash of a verifier that is sent with the code and not before."""
    issuer = Issuer()
    where, browser = issuer.client.start(to="/")
    said = {name: value for name, (value,) in parse_qs(urlsplit(where).query).items()}
    assert where.startswith(f"{ISSUER}/in?x=1&")
    assert said["code_challenge_method"] == "S256"
    assert said["redirect_uri"] == "https://stillwatch.example/v1/session/oidc/callback"
    assert len({said["state"], said["nonce"], browser}) == 3
    assert browser not in where
    with pytest.raises(RefusedError):
        issuer.client.finish({"state": said["state"], "code": "c"}, browser=browser)
    ((_, form, headers),) = [one for one in issuer.sent if one[1]]
    digest = sha256(form["code_verifier"].encode()).digest()
    assert said["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert form["code_verifier"] not in where
    basic = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
    assert basic == "still%20watch:hu%3Ash"
    assert "client_secret" not in form


def test_a_provider_that_wants_the_secret_in_the_form_gets_it_there() -> None:
    """As its document says."""
    issuer = Issuer(["client_secret_post"])
    where, browser = issuer.client.start(to="/")
    (state,) = parse_qs(urlsplit(where).query)["state"]
    with pytest.raises(RefusedError):
        issuer.client.finish({"state": state, "code": "c"}, browser=browser)
    ((_, form, headers),) = [one for one in issuer.sent if one[1]]
    assert (form["client_secret"], headers) == ("hu:sh", {})


@pytest.mark.parametrize(
    "said",
    [
        {"state": "secret-0"},
        {"state": "secret-0", "code": "c", "iss": "https://elsewhere.example"},
        {"state": "secret-0", "code": "c", "late": "1"},
        {"state": "secret-0", "code": "c", "browser": "another"},
        {"state": "secret-9", "code": "c"},
        {"code": "c"},
    ],
)
def test_a_way_back_that_is_not_ours_asks_nobody(said: dict[str, str]) -> None:
    """No code, another issuer (mix-up), late, another browser, or a state that nobody drew."""
    issuer = Issuer()
    _, browser = issuer.client.start(to="/")
    issuer.now_s = FLOW_S if said.pop("late", "") else 0
    with pytest.raises(RefusedError) as refused:
        issuer.client.finish(said, browser=said.pop("browser", browser))
    assert refused.value.status == 403
    assert len(issuer.sent) == 1


def test_sign_ins_that_nobody_ends_are_let_go() -> None:
    """The oldest first; the memory is bounded."""
    issuer = Issuer()
    for _ in range(OIDC_FLOWS_MAX + 5):
        issuer.client.start(to="/")
    assert len(issuer.client._flows) == OIDC_FLOWS_MAX
    assert "secret-0" not in issuer.client._flows


@contextmanager
def answering(status: int, body: bytes, headers: dict[str, str]) -> Iterator[str]:
    """Run a server with one answer."""

    def answer(asked: BaseHTTPRequestHandler) -> None:
        asked.send_response_only(status)
        for name, value in headers.items():
            asked.send_header(name, value)
        asked.end_headers()
        asked.wfile.write(body)

    Answer = type("Answer", (BaseHTTPRequestHandler,), {"do_GET": answer})  # noqa: N806  a class
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/x"
        server.shutdown()
        thread.join()


def test_an_answer_is_an_object() -> None:
    """As it came."""
    with answering(200, b'{"a": 1}', {}) as url:
        assert fetch_json(url) == {"a": 1}


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (500, b"{}", {}),
        (302, b"{}", {"location": "http://127.0.0.1:1/"}),
        (200, b"[]", {}),
        (200, b"<html>", {}),
        (200, b"", {}),
        (200, b" " * 3_000 + b"{}", {}),
    ],
)
def test_an_answer_that_is_none_is_refused(
    status: int, body: bytes, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault, a redirection (which is not followed), no object, or more than the bound."""
    monkeypatch.setattr(fetch, "OIDC_BYTES_MAX", 2_000)
    with answering(status, body, headers) as url, pytest.raises(RefusedError) as refused:
        fetch_json(url)
    assert refused.value.status == 502


@pytest.mark.parametrize(
    "url", ["http://issuer.example/x", "ftp://127.0.0.1/x", "file:///etc/passwd", "", "http://"]
)
def test_nobody_is_asked_in_the_clear(url: str) -> None:
    """Beyond this machine only over TLS, whatever a document says."""
    with pytest.raises(RefusedError) as refused:
        fetch_json(url)
    assert refused.value.status == 502
