"""One POST: TLS is verified, nothing leaks into words, and nobody makes us wait for ever."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest
from deliveries_by_hand import SECRET
from ledgers_by_hand import NOW
from loopback_receiver import Receiver
from self_signed import make_certificate

from stillwatch.act.signing import make_signer
from stillwatch.app.deliver.posting import Poster
from stillwatch.app.deliver.targets import HttpTarget

Receive = Callable[..., Receiver]


def poster(url: str, *, ca_file: str | None = None, timeout_s: float = 20.0) -> Poster:
    """Give what posts to an address."""
    return Poster(HttpTarget(url, make_signer([SECRET]), ca_file, timeout_s))


def test_a_certificate_that_is_trusted_and_named_right_is_accepted(
    receive: Receive, tmp_path: Path
) -> None:
    """TLS works at all, with the operator's own authority."""
    certificate = make_certificate(tmp_path, host="localhost")
    receiver = receive(certificate=certificate)
    url = receiver.url.replace("127.0.0.1", "localhost")
    answer = poster(url, ca_file=certificate[0]).post(b"{}", message_id="m", now=NOW)
    assert answer.status == 204


@pytest.mark.parametrize(("host", "trusts"), [("localhost", False), ("other.example", True)])
def test_any_other_certificate_gets_nothing(
    host: str, receive: Receive, tmp_path: Path, *, trusts: bool
) -> None:
    """Unknown authority or another's name: nothing is sent."""
    certificate = make_certificate(tmp_path, host=host)
    receiver = receive(certificate=certificate)
    url = receiver.url.replace("127.0.0.1", "localhost")
    answer = poster(url, ca_file=certificate[0] if trusts else None).post(
        b"{}", message_id="m", now=NOW
    )
    assert answer.status is None
    assert "certificate is not trusted" in answer.says
    assert receiver.requests == []


@pytest.mark.parametrize("step", ["drip", "hang up", "noise"])
def test_what_is_no_answer_is_said_in_our_words(step: str, receive: Receive) -> None:
    """Nothing that came is repeated, and dripping is cut off."""
    receiver = receive(script=(step,))
    began_s = monotonic()
    answer = poster(receiver.url, timeout_s=0.3).post(b"{}", message_id="m", now=NOW)
    assert answer.status is None
    assert answer.says in (
        "no answer within 0.3 s",
        "the connection broke",
        "what came is no answer: BadStatusLine",
    )
    assert monotonic() - began_s < 9


def test_nobody_there_is_said() -> None:
    """A port that nobody listens on."""
    answer = poster("http://127.0.0.1:1/").post(b"{}", message_id="m", now=NOW)
    assert answer.says == "the connection is refused"


def test_proxies_of_the_environment_are_not_asked(
    receive: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Effects go to the address that was set, and to no other."""
    proxy, receiver = receive(), receive()
    monkeypatch.setenv("http_proxy", proxy.url)
    poster(receiver.url).post(b"{}", message_id="m", now=NOW)
    assert (len(proxy.requests), len(receiver.requests)) == (0, 1)
