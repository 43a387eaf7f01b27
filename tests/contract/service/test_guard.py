"""What holds for every request: sizes, hosts, headers, and a service without keys."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from people import House, house
from services import Running

from stillwatch.domain.service_limits import PAGE_BODY_BYTES_MAX

EVERYWHERE = ("/healthz", "/v1/me", "/v1/openapi.json", "/nowhere", "/v1/users")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service with a person and a gateway."""
    with house(tmp_path_factory.mktemp("house")) as found:
        found.add("root", "admin")
        found.add("gate", "gateway")
        found.issue("gate", "decide", key="gate-key")
        yield found


@pytest.mark.parametrize("path", EVERYWHERE)
def test_a_browser_is_told_to_trust_our_own_pages_alone(place: House, path: str) -> None:
    """Whatever the answer is: a policy, no sniffing, no referrer, no frames, no store."""
    headers = place.browser().ask(path).headers
    policy = headers["content-security-policy"]
    for part in (
        "default-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ):
        assert part in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers
    assert "server" not in headers


def test_what_a_gateway_hands_on_has_none_of_our_pages_headers(place: House) -> None:
    """A refusal reaches a customer's browser under the provider's own name."""
    asks = {"x-stillwatch-key": "gate-key", "x-account-id": "acct-deny"}
    for path in ("/v1/authz", "/authz/v1/chat"):
        headers = place.browser().ask(path, headers=asks).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "content-security-policy" not in headers
        assert "strict-transport-security" not in headers


def test_a_body_is_held_to_its_bound_whether_it_says_its_size_or_not(place: House) -> None:
    """413 for a declared size, and for one that just goes on; the service answers others."""
    root = place.sign_in("root")
    large = b'{"user_id":"' + b"a" * PAGE_BODY_BYTES_MAX + b'"}'
    assert root.ask("/v1/users", body=large).status == 413
    assert root.ask("/nowhere", body=large).status == 413
    cookie = "; ".join(f"{k}={v}" for k, v in root.cookies.items())
    head = (
        f"POST /v1/users HTTP/1.1\r\nHost: 127.0.0.1:{place.port}\r\nCookie: {cookie}\r\n"
        f"Origin: {root.origin}\r\nX-Stillwatch-Csrf: {root.csrf}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    piece = b"10000\r\n" + b"a" * 2**16 + b"\r\n"
    with socket.create_connection(("127.0.0.1", place.port), 5) as raw:
        raw.sendall(head.encode())
        for _ in range(PAGE_BODY_BYTES_MAX // 2**16 + 1):
            raw.sendall(piece)
        assert raw.recv(64).startswith(b"HTTP/1.1 413 ")
    assert root.ask("/v1/me").status == 200


def test_a_service_without_keys_is_not_asked_by_other_sites(service: Running) -> None:
    """A page in a browser of this machine changes nothing; a customer's browser is not held up."""
    body = {"spent": []}
    for wrong in ({"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}):
        assert service.ask("/v1/usage", body=body, headers=wrong).status == 403
        asked = {**wrong, "x-account-id": "acct-allow"}
        assert service.ask("/v1/authz", method="POST", headers=asked).status == 200
    assert service.ask("/v1/usage", body=body, headers={"origin": service.url}).status == 200
    assert service.ask("/v1/usage", body=body).status == 200
