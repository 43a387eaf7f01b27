"""Identity tokens: which are believed, and every way in which one is not."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from stillwatch.app.service.access.oidc.provider import Provider
from stillwatch.app.service.access.oidc.tokens import Expected, identity_of, read_id_token
from stillwatch.app.service.problems import RefusedError

ISSUER = "https://issuer.example"
NOW_S = 1_800_000_000.0
RSA = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True)
NEXT = ECKey.generate_key("P-256", {"kid": "two"}, private=True)
STRANGER = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
EXPECTED = Expected("stillwatch", "nonce-1", NOW_S)
GOOD = {
    "iss": ISSUER,
    "aud": "stillwatch",
    "sub": "person-1",
    "exp": NOW_S + 300,
    "iat": NOW_S - 1,
    "nonce": "nonce-1",
}


class Issuer:
    """An issuer whose keys a test changes."""

    def __init__(self, *keys: Any) -> None:  # noqa: ANN401
        self.keys = list(keys)
        self.asked: list[str] = []
        self.now_s = NOW_S
        self.document = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/sign-in",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
        }
        self.provider = Provider(ISSUER, clock=lambda: self.now_s, fetch=self.fetch)

    def fetch(self, url: str, **_: object) -> dict[str, Any]:
        """Answer an address."""
        self.asked.append(url)
        if url.endswith("/keys"):
            return {"keys": [key.as_dict(private=False) for key in self.keys]}
        return dict(self.document)


def sign(claims: dict[str, Any], *, key: Any = RSA, alg: str = "RS256", **header: Any) -> str:  # noqa: ANN401
    """Sign a token as an issuer does."""
    head = {"alg": alg, "kid": key.kid, **header}
    return jwt.encode({k: v for k, v in head.items() if v is not None}, claims, key, [alg])


def raw(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    """Put a token together by hand."""
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts)


def test_a_good_token_is_believed() -> None:
    """By RSA and by an elliptic curve; for several audiences where we are the party."""
    issuer = Issuer(RSA, NEXT)
    assert read_id_token(sign(GOOD), issuer.provider, EXPECTED)["sub"] == "person-1"
    curve = sign(GOOD, key=NEXT, alg="ES256")
    assert read_id_token(curve, issuer.provider, EXPECTED)["sub"] == "person-1"
    many = sign({**GOOD, "aud": ["other", "stillwatch"], "azp": "stillwatch"})
    assert read_id_token(many, issuer.provider, EXPECTED)
    assert identity_of(GOOD, issuer=ISSUER) == f"{ISSUER} person-1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": []},
        {"aud": None},
        {"aud": ["stillwatch", "other"]},
        {"aud": ["stillwatch", "other"], "azp": "other"},
        {"azp": "other"},
        {"exp": NOW_S - 61},
        {"exp": None},
        {"exp": "4000000000"},
        {"exp": True},
        {"iat": NOW_S + 61},
        {"iat": NOW_S - 601},
        {"iat": None},
        {"nbf": NOW_S + 61},
        {"nbf": "never"},
        {"nonce": "nonce-2"},
        {"nonce": ""},
        {"nonce": None},
        {"nonce": ["nonce-1"]},
    ],
)
def test_a_claim_that_is_wrong_is_not_believed(wrong: dict[str, Any]) -> None:
    """From another issuer, for another service, late, early, old, or of another sign-in."""
    claims = {k: v for k, v in {**GOOD, **wrong}.items() if v is not None}
    with pytest.raises(RefusedError) as refused:
        read_id_token(sign(claims), Issuer(RSA).provider, EXPECTED)
    assert refused.value.status == 403


def confused() -> str:
    """Sign with the issuer's public key as a shared secret: algorithm confusion."""
    head = raw({"alg": "HS256", "kid": "one"}, GOOD).rpartition(".")[0]
    mac = hmac.digest(RSA.as_pem(private=False), head.encode(), "sha256")
    return f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "forge",
    [
        lambda: raw({"alg": "none"}, GOOD),
        lambda: raw({"alg": "none", "kid": "one"}, GOOD),
        lambda: raw({"alg": "None", "kid": "one"}, GOOD, b"x"),
        lambda: raw({"alg": "RS256", "kid": "one"}, GOOD),
        lambda: raw({"alg": "RS256", "kid": "one"}, GOOD, b"0" * 256),
        lambda: raw({"alg": "RS256", "kid": ["one"]}, GOOD, b"0" * 256),
        lambda: raw({}, GOOD, b"0" * 256),
        confused,
        lambda: sign(GOOD, key=STRANGER),
        lambda: sign(GOOD, key=STRANGER, kid="unknown"),
        lambda: sign(GOOD, key=STRANGER, jwk=STRANGER.as_dict(private=False)),
        lambda: sign(GOOD, alg="RS512"),
        lambda: sign(GOOD)[:-4] + "AAAA",
        lambda: sign(GOOD).replace(".", ".."),
        lambda: "",
        lambda: "a.b.c",
        lambda: "é.é.é",
        lambda: "a" * 60_000,
        lambda: None,
        lambda: 7,
        lambda: {"alg": "RS256"},
    ],
)
def test_a_forged_token_is_not_believed(forge: Callable[[], object]) -> None:
    """No algorithm, another one, a key of its own, another signature, or no token at all."""
    with pytest.raises(RefusedError) as refused:
        read_id_token(forge(), Issuer(RSA).provider, EXPECTED)
    assert refused.value.status == 403


def test_a_shared_secret_is_no_key_of_an_issuer() -> None:
    """Nor is a key that encrypts, or one of a kind that nobody knows."""
    secret = OctKey.import_key("a secret that is long enough to be one", {"kid": "one"})
    with pytest.raises(RefusedError):
        read_id_token(sign(GOOD, key=secret, alg="HS256"), Issuer(secret).provider, EXPECTED)
    encrypts = RSAKey.import_key(RSA.as_dict(private=True) | {"use": "enc"})
    with pytest.raises(RefusedError):
        read_id_token(sign(GOOD), Issuer(encrypts).provider, EXPECTED)


def test_keys_are_read_again_when_they_rotate_and_no_oftener() -> None:
    """A new key is found at its first token; an unknown one asks the issuer twice a minute."""
    issuer = Issuer(RSA)
    read_id_token(sign(GOOD), issuer.provider, EXPECTED)
    issuer.keys = [NEXT]
    unknown = sign(GOOD, key=STRANGER, kid="unknown")
    for _ in range(5):
        with pytest.raises(RefusedError):
            read_id_token(unknown, issuer.provider, EXPECTED)
    assert len(issuer.asked) == 2
    issuer.now_s += 31
    late = Expected("stillwatch", "nonce-1", issuer.now_s)
    rotated = sign(GOOD, key=NEXT, alg="ES256")
    assert read_id_token(rotated, issuer.provider, late)
    assert len(issuer.asked) == 3
    with pytest.raises(RefusedError):
        read_id_token(sign(GOOD), issuer.provider, late)


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://elsewhere.example"},
        {"issuer": None},
        {"jwks_uri": None},
        {"token_endpoint": 7},
    ],
)
def test_a_document_that_is_not_the_issuers_is_refused(said: dict[str, Any]) -> None:
    """Of another issuer, or without what is needed."""
    issuer = Issuer(RSA)
    issuer.document |= said
    with pytest.raises(RefusedError) as refused:
        issuer.provider.endpoints()
    assert refused.value.status == 502


@pytest.mark.parametrize("sub", [None, "", 7, "s" * 300])
def test_a_person_without_a_subject_is_nobody(sub: object) -> None:
    """The ledger keeps issuer and subject, and finds people by them alone."""
    with pytest.raises(RefusedError):
        identity_of({"sub": sub}, issuer=ISSUER)
