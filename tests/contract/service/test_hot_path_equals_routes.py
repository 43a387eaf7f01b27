"""What is answered where the bytes come in is, byte for byte, what the application answers.

Two services with the same decisions, keys and clock: one as it is served, one whose connections are
uvicorn's own, so that the application answers everything. Both get the same bytes.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services import EFFECTS, HandSource, Running, decided, one_of_each, running
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stillwatch.app.service import serve
from stillwatch.app.service.access.keys import HashedKeys, Principal, hash_key
from stillwatch.app.service.access.settings import AccessSettings
from stillwatch.app.service.access.wiring import guard_app
from stillwatch.app.service.hot_path import protocol_of
from stillwatch.app.service.routes.hot_answers import HotPath
from stillwatch.domain.service_limits import SERVICE_BODY_BYTES_MAX
from stillwatch.gateway.decision import CampaignBudget

NOW_S = 2_000_000_000.0
WAIT_S = 10.0
KEY = "x-stillwatch-key: gate\r\n"
LENGTH = re.compile(rb"content-length: (\d+)")


@dataclass
class Pair:
    """The two services, and how many requests were answered where the bytes came in."""

    hot: Running
    plain: Running
    answers: list[bool] = field(default_factory=list)

    def ask_both(self, *pieces: bytes, replies: int = 1) -> tuple[bytes, bytes]:
        """Send the same pieces to both, one after the other; give what each said."""
        return tuple(tell(one.port, pieces, replies) for one in (self.hot, self.plain))  # type: ignore[return-value]  # two of them


def tell(port: int, pieces: Sequence[bytes], replies: int) -> bytes:
    """Send pieces as packets of their own; read so many answers."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), WAIT_S) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            line.sendall(piece)
        while not is_whole(said, replies) and (part := line.recv(65536)):
            said += part
    return said


def is_whole(said: bytes, replies: int) -> bool:
    """Say whether so many answers have come, but for what answers HEAD."""
    for _ in range(replies):
        head, _, rest = said.partition(b"\r\n\r\n")
        if not head or (size := LENGTH.search(head)) is None or len(rest) < int(size[1]):
            return False
        said = rest[int(size[1]) :]
    return True


def request(
    target: str, body: bytes | None = None, *, method: str = "", headers: str = KEY
) -> bytes:
    """Write a request of HTTP/1.1."""
    word = method or ("GET" if body is None else "POST")
    length = "" if body is None else f"Content-Length: {len(body)}\r\n"
    return f"{word} {target} HTTP/1.1\r\nHost: x\r\n{headers}{length}\r\n".encode() + (body or b"")


def question(**said: object) -> bytes:
    """Write a question to `/v1/decisions`."""
    return request("/v1/decisions", json.dumps(said).encode())


def about(account_id: str, *, target: str = "/v1/authz", method: str = "GET") -> bytes:
    """Write a question of forward-auth."""
    return request(target, method=method, headers=f"{KEY}x-account-id: {account_id}\r\n")


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """The two services; which answers were given at once is written down."""
    ring = HashedKeys(
        [
            (hash_key("gate"), Principal("gate", frozenset({"decide"}))),
            (hash_key("watch"), Principal("watch", frozenset({"metrics"}))),
        ]
    )
    budget = CampaignBudget("c-1", ("b-1",), exchanges_per_hour=1, decision_id="d-7")
    puts = (*one_of_each(), decided("konto-ä", "deny"), decided("odd", "deny", decision_id="a\nb"))
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        both = []
        for spoken in (protocol_of, lambda _app: HttpToolsProtocol):
            patch.setattr(serve, "protocol_of", spoken)
            one = running(
                HandSource(puts, (budget,)),
                keys=ring,
                prepare=lambda app: guard_app(app, AccessSettings()),
            )
            both.append(stack.enter_context(one))
        for started in both:
            started.decider.clock = lambda: NOW_S
        found = Pair(*both)
        answer = HotPath.answer

        def note(*args: object) -> object:
            given_answer = answer(*args)  # type: ignore[arg-type]  # as it was called
            found.answers.append(given_answer is not None)
            return given_answer

        patch.setattr(HotPath, "answer", note)
        yield found


HOT = {
    **{f"decisions {word}": question(account_id=f"acct-{word}") for word in EFFECTS},
    **{f"authz {word}": about(f"acct-{word}") for word in EFFECTS},
    "nobody": question(account_id="nobody"),
    "only asking": question(account_id="acct-throttle", counts=False),
    "tokens and a key": question(account_id="acct-deny", api_key_id="k-1", output_tokens=7),
    "another script": question(account_id="konto-ä"),
    "many": question(accounts=[{"account_id": f"acct-{word}"} for word in EFFECTS]),
    "an id of two lines": question(account_id="odd"),
    "an id of two lines, in headers": about("odd"),
    "refuse with 403": about("acct-suspend", target="/v1/authz?refuse_with=403"),
    "refuse with 401": about("acct-deny", target="/authz?refuse_with=401"),
    "a path below": about("acct-degrade", target="/v1/authz/v1/chat/completions"),
    "the method of the request": about("acct-deny", target="/authz", method="PATCH"),
    "a body nobody reads": request("/v1/authz", b"{}", method="PUT"),
    "no account": request("/v1/authz"),
    "an account too long": about("a" * 300),
    "two accounts": request("/v1/authz", headers=f"{KEY}x-account-id: a\r\nx-account-id: b\r\n"),
    "an account in UTF-8": about("konto-ä"),
    "a budget": about("b-1"),
    "a bearer": request("/authz", headers="Authorization: bearer gate\r\n"),
    "a customer's bearer": request("/authz", headers=f"Authorization: Bearer no\r\n{KEY}"),
    "from another site": request("/authz", headers=f"{KEY}Origin: https://else.example\r\n"),
    "in chunks": request(
        "/v1/decisions", headers=f"{KEY}Transfer-Encoding: chunked\r\n", method="POST"
    )
    + b'9\r\n{"account\r\n10\r\n_id":"acct-deny"\r\n1\r\n}\r\n0\r\n\r\n',
    "the last of its connection": request("/authz", headers=f"{KEY}Connection: close\r\n"),
}
"""What is answered where it comes in."""
COLD = {
    "no key": request("/v1/authz", headers=""),
    "an unknown key": request(
        "/v1/decisions", b'{"account_id":"a"}', headers="x-stillwatch-key: no\r\n"
    ),
    "an empty key": request(
        "/authz", headers="x-stillwatch-key:\r\nauthorization: bearer gate\r\n"
    ),
    "another scope": request("/v1/authz", headers="authorization: Bearer watch\r\n"),
    "no body": request("/v1/decisions", b""),
    "no JSON": request("/v1/decisions", b"{"),
    "not UTF-8": request("/v1/decisions", b'{"account_id":"\xff"}'),
    "a list": request("/v1/decisions", b"[]"),
    "a number": question(account_id=7),
    "no name": question(account_id=""),
    "a long name": question(account_id="a" * 257),
    "a word too many": question(account_id="a", unheard_of=1),
    "too many": question(accounts=[{"account_id": "a"}] * 10_001),
    "too large": request("/v1/decisions", b" " * (SERVICE_BODY_BYTES_MAX + 1)),
    "another method": request("/v1/decisions", method="DELETE"),
    "a parameter": request("/v1/decisions?x=1", b'{"account_id":"acct-deny"}'),
    "refuse with something": about("acct-deny", target="/v1/authz?refuse_with=418"),
    "refuse twice": about("acct-deny", target="/authz?refuse_with=401&refuse_with=403"),
    "a path to decode": about("acct-deny", target="/v1/authz/a%20b"),
    "nowhere": request("/v1/authzed"),
    "an older protocol": about("acct-deny").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "an upgrade": request("/authz", headers=f"{KEY}Connection: Upgrade\r\nUpgrade: h2c\r\n"),
    "no HTTP": b"POST /v1/decisions HTTP/1.1\r\nContent-Length: x\r\n\r\n",
}
"""What the application answers, since something of it is not plain or not good."""


@pytest.mark.parametrize("name", HOT)
def test_what_is_good_is_answered_at_once_and_the_same(pair: Pair, name: str) -> None:
    """Status, headers, their order, and the body."""
    pair.answers.clear()
    hot, plain = pair.ask_both(HOT[name])
    assert hot == plain
    assert hot.startswith(b"HTTP/1.1 ")
    assert b"x-content-type-options: nosniff" in hot
    assert pair.answers == [True]


@pytest.mark.parametrize("name", COLD)
def test_what_is_not_good_is_refused_by_the_application(pair: Pair, name: str) -> None:
    """In the same words, with the same problems."""
    pair.answers.clear()
    hot, plain = pair.ask_both(COLD[name])
    assert hot == plain
    assert hot.startswith(b"HTTP/1.1 ")
    assert True not in pair.answers


def test_an_answer_to_head_is_the_same(pair: Pair) -> None:
    """It says how long its body would be, and has none."""
    asked = about("acct-deny", method="HEAD").replace(b"Host", b"Connection: close\r\nHost")
    hot, plain = pair.ask_both(asked, replies=2)
    assert hot == plain
    assert hot.startswith(b"HTTP/1.1 403 ")


@pytest.mark.long
def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(pair: Pair) -> None:
    """`Expect: 100-continue`, as curl sends it with large bodies."""
    body = b'{"account_id":"acct-deny"}'
    asked = request("/v1/decisions", body, headers=f"{KEY}Expect: 100-continue\r\n")
    hot, plain = pair.ask_both(asked[: -len(body)], body)
    assert hot == plain
    assert hot.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_requests_in_one_packet_are_answered_in_their_order(pair: Pair) -> None:
    """Hot, cold, hot: none overtakes another."""
    asked = [HOT["decisions deny"], COLD["no JSON"], HOT["authz suspend"], COLD["nowhere"]]
    asked += [HOT["nobody"], HOT["authz allow"]]
    hot, plain = pair.ask_both(b"".join(asked), replies=len(asked))
    assert hot == plain
    assert re.findall(rb"HTTP/1.1 (\d+)", hot) == [b"200", b"422", b"403", b"404", b"200", b"200"]


def test_after_the_last_request_of_a_connection_none_is_answered(pair: Pair) -> None:
    """`Connection: close`, and more behind it: neither answered nor counted."""
    text = 'stillwatch_answers_total{effect="terminate",route="authz"}'
    before = counted(pair.hot).get(text)
    hot, plain = pair.ask_both(
        HOT["the last of its connection"] + HOT["authz terminate"], replies=2
    )
    assert hot == plain
    assert counted(pair.hot).get(text) == before


def test_a_throttle_is_spent_alike(pair: Pair) -> None:
    """Two an hour, whichever way they come: and 429 with the same seconds to wait."""
    name = "acct-limit"
    spent = [pair.ask_both(one) for one in (about(name), question(account_id=name)) * 2]
    assert all(hot == plain for hot, plain in spent)
    assert spent[-1][0].count(b'"retry_after_s":3') == 1


@settings(max_examples=60, deadline=None)
@given(body=st.one_of(st.binary(max_size=80), st.sampled_from(["{}", '{"accounts":{}}', "1"])))
def test_any_body_has_one_answer(pair: Pair, body: bytes | str) -> None:
    """Whatever bytes they are."""
    raw = body.encode() if isinstance(body, str) else body
    hot, plain = pair.ask_both(request("/v1/decisions", raw))
    assert hot == plain


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(HOT)), cuts=st.lists(st.integers(1, 200), max_size=3))
def test_a_request_in_pieces_has_the_same_answer(pair: Pair, name: str, cuts: list[int]) -> None:
    """Wherever the network cuts it."""
    whole = HOT[name]
    ends = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[begin:end] for begin, end in pairwise(ends)]
    hot, plain = pair.ask_both(*pieces)
    assert hot == plain


def test_both_have_counted_the_same(pair: Pair) -> None:
    """Answers, failures and times, by route; each service has had every question above."""
    hot, plain = counted(pair.hot), counted(pair.plain)
    assert hot == plain
    assert sum(value for name, value in hot.items() if "answer_seconds_count" in name) > 0


def counted(service: Running) -> dict[str, float]:
    """Give the counters of a service, without what differs from run to run."""
    rows = (row for row in service.decider.metrics.render().decode().splitlines() if row[0] != "#")
    wanted = (
        "stillwatch_answers_total",
        "stillwatch_failures_total",
        "stillwatch_answer_seconds_count",
    )
    return {
        row.rpartition(" ")[0]: float(row.rpartition(" ")[2])
        for row in rows
        if row.startswith(wanted)
    }
