"""The two paths that requests wait on, answered where the bytes come in.

`POST /v1/decisions` and forward-auth wait for nothing: who asks is in memory, and so is the table.
Such a question is answered as soon as it has been parsed, without the task, the events and the
stack of layers that each request of the application costs, which are three quarters of a question's
price. The functions that answer are those of the routes.

Only what is answered well is answered here. A key that opens nothing, a body that is wrong, large
or late, a fault: all that goes to the application as if nobody had looked at it, so that
no refusal is worded twice. Nothing has been counted by then.

It stands on uvicorn's protocol over httptools: parsing, keeping connections and ending them are
theirs.
"""

from __future__ import annotations

from asyncio import TimerHandle
from time import perf_counter
from typing import ClassVar

from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from stillwatch.app.service.access_log import tell_request
from stillwatch.app.service.decider import Decider
from stillwatch.app.service.routes.hot_answers import HotPath, Reply
from stillwatch.domain.service_limits import HOT_BODY_BYTES_MAX, HOT_PATIENCE_S


class HotProtocol(HttpToolsProtocol):
    """One connection; what is hot is answered here, all else by uvicorn and the application."""

    hot: ClassVar[HotPath]
    _reply: Reply | None = None
    """What answers the request that is being parsed; None = the application does."""
    _begun = 0.0
    _held = b""
    """As much as has come of its body."""
    _patience: TimerHandle | None = None
    """Runs while the rest of it is on its way."""

    def data_received(self, data: bytes) -> None:
        """Parse what has come; what is late goes to the application, and waits there."""
        super().data_received(data)
        if self._reply is not None and self._patience is None:
            self._patience = self.loop.call_later(HOT_PATIENCE_S, self._lose_patience)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was held back."""
        self._let_go()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """End when what is under way has been answered, wherever it is."""
        self._lose_patience()
        super().shutdown()

    def on_headers_complete(self) -> None:
        """Hold a hot request back until its body is there."""
        self._reply, self._begun = self._find_reply(), perf_counter()
        if self._reply is None:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Keep what belongs to a request that is held back."""
        if self._reply is None:
            super().on_body(body)
            return
        self._held += body
        if len(self._held) > HOT_BODY_BYTES_MAX:
            self._hand_over()

    def on_message_complete(self) -> None:
        """Answer a request that was held back."""
        if self._reply is None:
            super().on_message_complete()
            return
        if self.transport.is_closing():
            self._let_go()
            return
        answer = self.hot.answer(self._reply, self.headers, self._held)
        if answer is None:
            self._hand_over()
            super().on_message_complete()
            return
        self._let_go()
        self._write(*answer)

    def _find_reply(self) -> Reply | None:
        is_busy = self.pipeline or not (self.cycle is None or self.cycle.response_complete)
        if is_busy or self.flow.write_paused or self.expect_100_continue:
            return None
        if self.server_state.default_headers:
            return None
        if self.parser.should_upgrade() or self.parser.get_http_version() != "1.1":
            return None
        return self.hot.find(self.parser.get_method(), self.url)

    def _hand_over(self) -> None:
        held = self._let_go()
        super().on_headers_complete()
        if held:
            super().on_body(held)

    def _lose_patience(self) -> None:
        if self._reply is not None and not self.transport.is_closing():
            self._hand_over()

    def _let_go(self) -> bytes:
        held, self._reply, self._held = self._held, None, b""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        return held

    def _write(self, status: int, head: bytes, body: bytes) -> None:
        is_kept = self.parser.should_keep_alive()
        end = b"\r\n" if is_kept else b"connection: close\r\n\r\n"
        self.transport.write(b"".join((STATUS_LINE[status], head, end, body)))
        if self.hot.is_told:
            route, method = self.hot.route_of(self.url), self.parser.get_method().decode()
            tell_request(route, method=method, status=status, begun=self._begun)
        if not is_kept:
            self.transport.close()
        self.on_response_complete()


def protocol_of(app: FastAPI) -> type[HttpToolsProtocol]:
    """Give how connections of a service are spoken to."""
    decider: Decider = app.state.decider

    class Spoken(HotProtocol):
        hot = HotPath(decider, app.state.keys, beside=app.state.hot_headers)

    return Spoken
