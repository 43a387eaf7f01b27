"""One signed POST, and what came back: a status, or why there is none.

The standard library's client: no redirect is followed, no proxy of the environment is asked, the
certificate and its name are checked. However slowly an answer drips, it ends: a watch cuts the
connection. What an answer's body says is read up to a bound and thrown away.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Event, Timer
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from stillwatch import __version__
from stillwatch.act.backing_off import read_retry_after
from stillwatch.act.couriers import Answer
from stillwatch.app.deliver.targets import HttpTarget
from stillwatch.domain.service_limits import WEBHOOK_REPLY_BYTES_MAX, WEBHOOK_S_MAX

_FAULTS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (ssl.SSLError, "TLS failed"),
    (socket.gaierror, "its name is not found"),
    (ConnectionRefusedError, "the connection is refused"),
    (ConnectionError, "the connection broke"),
    (OSError, "no connection"),
)
"""The more special first."""


class Poster:
    """What posts to one address."""

    def __init__(self, target: HttpTarget) -> None:
        self._target = target
        self._parts = urlsplit(target.url)
        self._trust = (
            ssl.create_default_context(cafile=target.ca_file)
            if self._parts.scheme == "https"
            else None
        )

    def post(self, body: bytes, *, message_id: str, now: datetime) -> Answer:
        """Send a body, signed, and give what came back; nothing is raised."""
        headers = {
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": f"stillwatch/{__version__}",
            **self._target.signer.headers(message_id, body, at=now),
        }
        connection = self._make_connection()
        cut = Event()
        try:
            return self._exchange(connection, body, headers, now=now, cut=cut)
        except (OSError, HTTPException, ValueError) as failure:
            slow = cut.is_set() or isinstance(failure, TimeoutError)
            says = f"no answer within {self._target.timeout_s:g} s" if slow else name_fault(failure)
            return Answer(None, says)
        finally:
            connection.close()

    def _exchange(
        self,
        connection: HTTPConnection,
        body: bytes,
        headers: dict[str, str],
        *,
        now: datetime,
        cut: Event,
    ) -> Answer:
        began_s = monotonic()
        connection.connect()
        if monotonic() - began_s > WEBHOOK_S_MAX:  # several addresses, each slow: the claim may end
            return Answer(None, "no connection in time")
        with cut_off(lambda: connection.sock, after_s=self._target.timeout_s, cut=cut):
            path = self._parts.path or "/"
            query = f"?{self._parts.query}" if self._parts.query else ""
            connection.request("POST", path + query, body, headers)
            reply = connection.getresponse()
            if cut.is_set():  # headers that were cut off read like headers that have ended
                raise TimeoutError
            retry_after_s = read_retry_after(reply.getheader("retry-after"), now=now)
            with suppress(OSError, HTTPException, ValueError):  # the status counts, and it is here
                reply.read(WEBHOOK_REPLY_BYTES_MAX)
            return Answer(reply.status, retry_after_s=retry_after_s)

    def _make_connection(self) -> HTTPConnection:
        host, port, wait_s = self._parts.hostname or "", self._parts.port, self._target.timeout_s
        if self._trust is None:
            return HTTPConnection(host, port, timeout=wait_s)
        return HTTPSConnection(host, port, timeout=wait_s, context=self._trust)


@contextmanager
def cut_off(
    socket_of: Callable[[], socket.socket | None], *, after_s: float, cut: Event
) -> Iterator[None]:
    """Cut a connection that takes longer than that altogether; say so in `cut`."""

    def end() -> None:
        cut.set()
        held = socket_of()
        if held is not None:
            with suppress(OSError):  # past TLS, which another thread is reading from
                socket.socket.shutdown(held, socket.SHUT_RDWR)

    watch = Timer(after_s, end)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def name_fault(failure: BaseException) -> str:
    """Say what went wrong on the way, in our words: nothing that the other end has sent."""
    if isinstance(failure, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {failure.verify_message}"
    for kind, says in _FAULTS:
        if isinstance(failure, kind):
            return says
    return f"what came is no answer: {type(failure).__name__}"
