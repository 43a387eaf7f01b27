"""Running the service: a socket, two signals, and an end that leaves nobody hanging.

On the first signal no new connection is taken, long polls are answered at once, requests under way
are finished, and then it ends. One process, one event loop: a lookup takes microseconds, and a
second process would need a table of its own.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import uvicorn
from fastapi import FastAPI

from stillwatch.app.service.access.keys import KeyRing
from stillwatch.app.service.decider import Decider
from stillwatch.app.service.envoy import serve_envoy
from stillwatch.app.service.factory import Part, make_service
from stillwatch.app.service.feed import DecisionFeed, DecisionSource
from stillwatch.app.service.hot_path import protocol_of
from stillwatch.app.service.ingestion.answering import threads_now, threads_to_answer
from stillwatch.app.service.settings import Listening, ServiceSettings
from stillwatch.app.service.telemetry import log_to_stderr, tell
from stillwatch.domain.errors import SettingError
from stillwatch.store.ledger import Ledger

_GRACE_S: Final = 5
"""Seconds for requests under way: a hundred times the longest budget of a route."""
_LOOK_S: Final = 0.05
"""Seconds between two looks at whether a signal has come."""
_BACKLOG: Final = 2048
"""Connections that the system holds until they are taken: a second of 2,000 requests."""

_SWITCH_S: Final = 0.0005
"""Seconds that another thread may keep the interpreter from the event loop, each time that the loop
comes back from waiting: a tenth of what a decision may take. Python's own 0.005 is all of it."""
_YOUNG: Final = (10_000, 50, 50)
"""Objects after which the youngest are searched for garbage, half a millisecond's worth, and how
many such searches go before one of the older ones. An answer leaves none behind."""
_SETTLED_ROWS: Final = 10_000
"""Changed rows of the table after which what is there is kept out of searches again."""


@dataclass(frozen=True, slots=True)
class Served:
    """What is served beside decisions, and to whom."""

    keys: KeyRing
    parts: Sequence[Part] = ()
    ledger: Ledger | None = None
    prepare: Callable[[FastAPI], object] = lambda _app: None
    """What stands before everything else of the application."""


def check_exposure(listening: Listening, *, has_keys: bool) -> None:
    """Refuse to answer the world without keys.

    Raises:
        SettingError: it would listen beyond this machine and let everybody ask, or has half of TLS.
    """
    if (listening.certificate is None) != (listening.private_key is None):
        message = "TLS needs a certificate and its private key"
        raise SettingError(message, hint="give both --tls-certificate and --tls-key, or neither")
    if not has_keys and not _is_loopback(listening.host):
        message = f"{listening.host} is not this machine alone, and there are no keys"
        hint = "give --ledger or --keys FILE, or listen on 127.0.0.1"
        raise SettingError(message, hint=hint)


def serve_decisions(
    source: DecisionSource, *, listening: Listening, settings: ServiceSettings, served: Served
) -> None:
    """Serve the decisions of a source until a signal comes, and the parts beside them.

    Raises:
        SettingError: a setting can't be as it is.
        OSError: the port can't be had.
    """
    feed = DecisionFeed(source, clock=time.monotonic, on_event=Settling().tell)
    decider = Decider(feed, settings, time.time)
    log_to_stderr()
    app = make_service(decider, keys=served.keys, ledger=served.ledger, parts=served.parts)
    served.prepare(app)
    calm_process()
    with asyncio.Runner(loop_factory=uvicorn.Config(app).get_loop_factory()) as runner:
        runner.run(run_service(app, decider, listening=listening))


def calm_process() -> None:
    """Let nothing of this process hold a decision up for milliseconds.

    A search for garbage among all objects stops every thread, for some 40 ms a hundred thousand
    objects: what is there at the start stays for good, and is left out of it. Threads beside the
    event loop give the interpreter back sooner.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_YOUNG)
    sys.setswitchinterval(_SWITCH_S)


class Settling:
    """Tells the feed's events, and keeps large tables out of searches for garbage.

    Rows that are replaced are freed all the same; what is garbage in a ring at that instant, and
    has not been found yet, stays: a few thousand objects at most.
    """

    def __init__(self) -> None:
        self._rows = 0

    def tell(self, event: str, /, **said: object) -> None:
        """Tell an event; leave the table alone that came with it."""
        tell(event, **said)
        rows = said.get("rows", 0)
        self._rows += rows if isinstance(rows, int) else 0
        if self._rows >= _SETTLED_ROWS:
            self._rows = 0
            gc.freeze()


async def run_service(app: FastAPI, decider: Decider, *, listening: Listening) -> None:
    """Serve until a signal comes, or the feed is closed."""
    config = uvicorn.Config(
        app,
        http=protocol_of(app),
        ssl_certfile=listening.certificate,
        ssl_keyfile=listening.private_key,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = uvicorn.Server(config)
    others = threads_now()
    with _listen(listening) as bound:
        async with serve_envoy(decider, keys=app.state.keys, listening=listening):
            app.state.answering.add(threads_to_answer(others))
            ending = asyncio.create_task(_let_go(server, decider))
            await server.serve(sockets=[bound])
            await ending


async def _let_go(server: uvicorn.Server, decider: Decider) -> None:
    """Answer the long polls when the end has come; the server waits for them otherwise."""
    while not (server.should_exit or decider.feed.is_closed):  # noqa: ASYNC110  a signal sets one
        await asyncio.sleep(_LOOK_S)
    decider.feed.close()
    server.should_exit = True


def _listen(listening: Listening) -> socket.socket:
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    bound = socket.create_server((listening.host, listening.port), family=family, backlog=_BACKLOG)
    tell("service.listening", host=listening.host, port=bound.getsockname()[1])
    return bound


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
