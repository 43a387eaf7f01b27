"""Verifying a webhook: a published vector, rotation, replay, and every way to be wrong."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime

import pytest

from stillwatch.act.signing import make_signer
from stillwatch.gateway import BadSignatureError, verify_webhook
from stillwatch.gateway.webhooks import read_webhook_secret

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "b3RoZXItc2VjcmV0LW9mLWEtdGVzdC0wMDAwMDAwMDA="
BODY = b'{"test": 2432232314}'
AT = 1614265330
HEADERS = {
    "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "Webhook-Timestamp": str(AT),
    "Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def test_a_published_signature_is_verified() -> None:
    """The example that libraries for Standard Webhooks test themselves with, and its id."""
    found = verify_webhook(BODY, headers=HEADERS, secrets=[SECRET], now=AT)
    assert found == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_we_sign_as_the_published_example_does() -> None:
    """The other end makes the same signature, for the same id, time and body."""
    at = datetime.fromtimestamp(AT, UTC)
    made = make_signer([SECRET]).headers(HEADERS["Webhook-Id"], BODY, at=at)
    assert made["webhook-signature"] == HEADERS["Webhook-Signature"]


def test_secrets_rotate_without_a_gap() -> None:
    """Signed with both: who knows either verifies; who knows both verifies one."""
    at = datetime.fromtimestamp(AT, UTC)
    both = make_signer([OTHER, SECRET]).headers("m", BODY, at=at)
    for secrets in ([OTHER], [SECRET], [SECRET, OTHER]):
        assert verify_webhook(BODY, headers=both, secrets=secrets, now=AT) == "m"
    one = make_signer([SECRET]).headers("m", BODY, at=at)
    assert verify_webhook(BODY, headers=one, secrets=[OTHER, SECRET], now=AT) == "m"


@pytest.mark.parametrize(
    "changed",
    [
        {"Webhook-Id": "msg_other"},
        {"Webhook-Id": ""},
        {"Webhook-Timestamp": str(AT + 1)},
        {"Webhook-Timestamp": "soon"},
        {"Webhook-Timestamp": "-5"},
        {"Webhook-Timestamp": "\u0661\u0662"},
        {"Webhook-Timestamp": "9" * 5000},
        {"Webhook-Signature": ""},
        {"Webhook-Signature": "v1,"},
        {"Webhook-Signature": HEADERS["Webhook-Signature"].replace("v1,", "v1a,")},
        {"Webhook-Signature": "v1,\udcff"},
        {"Webhook-Signature": "v1,nonsense " * 16 + HEADERS["Webhook-Signature"]},
    ],
)
def test_anything_else_is_refused(changed: dict[str, str]) -> None:
    """Another id, time or signature, none, nonsense, and one behind too many others."""
    with pytest.raises(BadSignatureError):
        verify_webhook(BODY, headers={**HEADERS, **changed}, secrets=[SECRET], now=AT)


@pytest.mark.parametrize("headers", [{}, {"Webhook-Id": "m"}])
def test_what_is_not_signed_is_refused(headers: dict[str, str]) -> None:
    """No headers, no trust; no secrets, none either."""
    with pytest.raises(BadSignatureError):
        verify_webhook(BODY, headers=headers, secrets=[SECRET], now=AT)
    with pytest.raises(BadSignatureError):
        verify_webhook(BODY, headers=HEADERS, secrets=[], now=AT)


def test_another_body_or_secret_is_refused() -> None:
    """One byte is enough."""
    with pytest.raises(BadSignatureError):
        verify_webhook(BODY + b" ", headers=HEADERS, secrets=[SECRET], now=AT)
    with pytest.raises(BadSignatureError):
        verify_webhook(BODY, headers=HEADERS, secrets=[OTHER], now=AT)


@pytest.mark.parametrize(("away_s", "is_taken"), [(300, True), (-300, True), (301, False)])
def test_an_old_message_is_a_replay(away_s: int, *, is_taken: bool) -> None:
    """Five minutes either way."""
    if is_taken:
        assert verify_webhook(BODY, headers=HEADERS, secrets=[SECRET], now=AT + away_s)
    else:
        with pytest.raises(BadSignatureError):
            verify_webhook(BODY, headers=HEADERS, secrets=[SECRET], now=AT + away_s)


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%", "whsec_" + "A" * 100]
)
def test_a_secret_that_is_none_is_refused_and_not_shown(text: str) -> None:
    """Too short, too long, no Base64."""
    with pytest.raises(ValueError, match="24 to 64 bytes") as refused:
        read_webhook_secret(text)
    assert len(text) < 8 or text not in str(refused.value)


def test_it_can_be_read_in_one_go() -> None:
    """Whoever can't import it copies it: thirty lines."""
    lines = inspect.getsource(verify_webhook).splitlines()
    assert len(lines) <= 30
