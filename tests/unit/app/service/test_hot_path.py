"""One connection without a network: what an answer costs and leaves behind, and when it waits."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from fastapi import Response
from uvicorn.server import ServerState

from stillwatch.app.service import Decider, DecisionFeed, make_service
from stillwatch.app.service.access.keys import EverybodyMay
from stillwatch.app.service.hot_path import protocol_of
from stillwatch.app.service.routes.hot_answers import HotPath
from stillwatch.app.service.settings import ServiceSettings
from stillwatch.domain.service_limits import HOT_BODY_BYTES_MAX
from stillwatch.gateway.decision import Decision
from stillwatch.gateway.deltas import Delta

BODY = b'{"account_id":"acct-7"}'
ASKED = b"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
LARGE = ASKED.replace(b"Length: %d" % len(BODY), b"Length: %d" % (len(BODY) + HOT_BODY_BYTES_MAX))
LARGE += b" " * HOT_BODY_BYTES_MAX
COST_US_MAX = 250
"""Microseconds of processor time from bytes to bytes: 30 on an idle machine, 60 on a busy one."""
TIMES = 2_000


class Line(asyncio.Transport):
    """A connection that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Keep it."""
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        """Say whether it was closed."""
        return self.is_closed

    def close(self) -> None:
        """Close it."""
        self.is_closed = True

    def pause_reading(self) -> None:
        """Read on: nothing comes by itself."""

    def resume_reading(self) -> None:
        """Read on."""


class Source:
    """One suspended account."""

    def read(self, since: int) -> Delta | None:
        """Give all of it, once."""
        one = Decision("acct-7", "suspend", "d-7", "This account is suspended.")
        return Delta("s", -1, 1, puts=(one,), is_snapshot=True) if since < 0 else None


def spoken(trial: Callable[[Any, Line], None], *, settings: ServiceSettings | None = None) -> Line:
    """Try something on a connection, with a loop running; give the line."""

    async def run() -> Line:
        feed = DecisionFeed(Source(), clock=time.monotonic, on_event=lambda *_, **__: None)
        await feed.refresh()
        app = make_service(
            Decider(feed, settings or ServiceSettings(), time.time), keys=EverybodyMay()
        )
        config = uvicorn.Config(app, http=protocol_of(app), log_config=None, lifespan="off")
        config.load()
        kind: Any = config.http_protocol_class
        line, spoken_to = Line(), kind(config=config, server_state=ServerState(), app_state={})
        spoken_to.connection_made(line)
        trial(spoken_to, line)
        for _ in range(100):
            await asyncio.sleep(0.01)
            if line.written:
                break
        spoken_to.connection_lost(None)
        return line

    return asyncio.run(run())


def test_an_answer_is_there_before_the_loop_goes_round() -> None:
    """No task stands between a question and its answer, and it is one write."""

    def trial(protocol: Any, line: Line) -> None:  # noqa: ANN401  made by uvicorn's configuration
        protocol.data_received(ASKED)
        assert len(line.written) == 1
        assert b'"effect":"suspend"' in line.written[0]

    spoken(trial)


def test_an_answer_costs_little_of_the_processor() -> None:
    """From bytes to bytes, the least of five turns: others' load can't lower it."""
    took_s = []

    def trial(protocol: Any, line: Line) -> None:  # noqa: ANN401  made by uvicorn's configuration
        for _ in range(5):
            begun = time.process_time()
            for _ in range(TIMES):
                protocol.data_received(ASKED)
            took_s.append(time.process_time() - begun)
        assert len(line.written) == 5 * TIMES

    spoken(trial)
    assert min(took_s) / TIMES * 1e6 < COST_US_MAX


def test_an_answer_leaves_nothing_to_search_for() -> None:
    """No garbage in rings, so that no search for it grows with the number of requests."""
    found = []

    def trial(protocol: Any, _line: Line) -> None:  # noqa: ANN401  made by uvicorn's configuration
        protocol.data_received(ASKED)
        gc.collect()
        gc.disable()
        try:
            for _ in range(TIMES):
                protocol.data_received(ASKED)
            found.append(gc.collect())
        finally:
            gc.enable()

    spoken(trial)
    assert found[0] < TIMES / 10


def test_a_question_in_two_packets_is_answered_with_the_second() -> None:
    """Many clients send the body apart; the first packet alone says nothing."""

    def trial(protocol: Any, line: Line) -> None:  # noqa: ANN401  made by uvicorn's configuration
        protocol.data_received(ASKED[: -len(BODY)])
        protocol.data_received(BODY[:5])
        assert not line.written
        protocol.data_received(BODY[5:])
        assert len(line.written) == 1

    spoken(trial)


@pytest.mark.parametrize("how", ["late", "gone", "ending"])
def test_a_question_that_does_not_come_is_the_applications(how: str) -> None:
    """After two milliseconds it waits there (408), or nobody does."""

    def trial(protocol: Any, line: Line) -> None:  # noqa: ANN401  made by uvicorn's configuration
        protocol.data_received(ASKED[:-5])
        if how == "gone":
            protocol.connection_lost(None)
            line.written.append(b"")
        if how == "ending":
            protocol.shutdown()
            assert not line.is_closed
            protocol.data_received(ASKED[-5:])

    said = spoken(trial).written[0]
    assert said[:13] == {"late": b"HTTP/1.1 408 ", "ending": b"HTTP/1.1 200 ", "gone": b""}[how]


def test_each_request_is_told_where_that_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    """Route, method and status, as the application tells them; never the path, nor an account."""

    def trial(protocol: Any, _line: Line) -> None:  # noqa: ANN401  made by uvicorn's configuration
        with caplog.at_level("INFO", logger="stillwatch.service"):
            protocol.data_received(ASKED)
            for path in (b"/v1/authz", b"/v1/authz/acct-7?refuse_with=403", b"/authz/"):
                protocol.data_received(
                    b"PUT " + path + b" HTTP/1.1\r\nx-account-id: acct-7\r\n\r\n"
                )

    assert len(spoken(trial, settings=ServiceSettings(access_log=True)).written) == 4
    told = [vars(one)["said"] for one in caplog.records if one.message == "request"]
    assert [(one["route"], one["method"], one["status"]) for one in told] == [
        ("/v1/decisions", "POST", 200),
        ("/v1/authz", "PUT", 403),
        ("/v1/authz/{rest:path}", "PUT", 403),
        ("/authz/{rest:path}", "PUT", 403),
    ]
    assert all(0 < one["ms"] < 60_000 for one in told)


@pytest.mark.parametrize("how", ["paused", "large"])
def test_what_has_to_wait_waits_with_the_application(how: str) -> None:
    """A client that doesn't read, a body that is large."""

    def trial(protocol: Any, line: Line) -> None:  # noqa: ANN401  made by uvicorn's configuration
        if how == "paused":
            protocol.pause_writing()
        protocol.data_received(LARGE if how == "large" else ASKED)
        assert not line.written
        protocol.resume_writing()

    line = spoken(trial)
    assert b'"effect":"suspend"' in b"".join(line.written)


def test_a_line_that_is_being_closed_hears_nothing() -> None:
    """What still comes of it is neither judged nor written, and it may go on to come."""

    def trial(protocol: Any, line: Line) -> None:  # noqa: ANN401  made by uvicorn's configuration
        line.close()
        protocol.data_received(ASKED[:-5])
        protocol.data_received(ASKED[-5:] + ASKED)
        line.is_closed = False
        assert not line.written
        protocol.data_received(ASKED)

    assert len(spoken(trial).written) == 1


def test_a_header_of_two_lines_is_never_written() -> None:
    """Nothing that a row of a table says ends a header: the application calls it a fault."""

    def answered(value: str) -> object:
        feed = DecisionFeed(Source(), clock=time.monotonic, on_event=lambda *_, **__: None)
        decider = Decider(feed, ServiceSettings(), time.time)
        hot = HotPath(decider, EverybodyMay(), beside=())
        return hot.answer(lambda *_: Response(headers={"x-own": value}), [], b"")

    assert answered("one") == (200, b"x-own: one\r\ncontent-length: 0\r\n", b"")
    for value in ("one\ntwo", "one\rtwo", "one\x00"):
        assert answered(value) is None


@pytest.mark.parametrize(
    ("method", "url", "is_hot"),
    [
        (b"POST", b"/v1/decisions", True),
        (b"GET", b"/authz", True),
        (b"OPTIONS", b"/v1/authz/a/b-c", True),
        (b"GET", b"/v1/authz?refuse_with=403", True),
        (b"GET", b"/v1/authz?refuse_with=404", False),
        (b"GET", b"/v1/authz\n", False),
        (b"GET", b"/v1/authz/%2e", False),
        (b"HEAD", b"/v1/authz", False),
        (b"CONNECT", b"/authz", False),
        (b"PUT", b"/v1/decisions", False),
        (b"POST", b"/v1/decisions/", False),
        (b"POST", b"/v1/decisions/changes", False),
        (b"GET", b"/v1/authzed", False),
    ],
)
def test_hot_is_what_is_named(method: bytes, url: bytes, *, is_hot: bool) -> None:
    """Two routes, as they are spelt, and no neighbour of theirs."""
    assert (HotPath.find(method, url) is not None) == is_hot
