"""A receiver of webhooks on loopback that does as its script says, one step a request."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Step = int | str | tuple[int, dict[str, str]] | Callable[[bytes], int]


class Receiver:
    """What has come, and what is answered next; after the script, 204."""

    def __init__(self, script: tuple[Step, ...], scheme: str) -> None:
        self.script = list(script)
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.scheme = scheme
        self.port = 0
        self.entered = threading.Event()
        self.release = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://127.0.0.1:{self.port}/effects?from=stillwatch"

    @property
    def bodies(self) -> list[bytes]:
        """What has come."""
        return [body for _, _, body in self.requests]


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def answer(self) -> None:
        """Keep what came, and answer as the script says."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.receiver.requests.append((self.path, dict(self.headers.items()), body))
        step = self.receiver.script.pop(0) if self.receiver.script else 204
        if callable(step):
            step = step(body)
        if step == "hang up":
            self.close_connection = True
            return
        if step == "wait":
            self.receiver.entered.set()
            self.receiver.release.wait(60)
            step = 204
        if step == "drip":
            self._drip()
            return
        if step == "noise":
            self.wfile.write(b"\x00\xff" * 50 + b"\r\n\r\n")
            self.close_connection = True
            return
        status, headers = step if isinstance(step, tuple) else (step, {})
        assert isinstance(status, int)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", "0")
        self.end_headers()

    do_POST = answer  # noqa: N815  the name that the base class asks for

    def _drip(self) -> None:
        """Answer a byte at a time, for longer than anybody should wait."""
        self.close_connection = True
        try:
            for byte in b"HTTP/1.1 204 No Content\r\nx-slow: " + b"." * 200:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def finish_request(self, *arguments: object) -> None:
        """A client that goes in the middle is what some tests are about."""
        with suppress(OSError):
            super().finish_request(*arguments)  # type: ignore[arg-type]


@contextmanager
def receiving(
    *, script: tuple[Step, ...] = (), certificate: tuple[str, str] | None = None
) -> Iterator[Receiver]:
    """Run a receiver, with TLS where a certificate and its key are given."""
    receiver = Receiver(script, "https" if certificate else "http")
    handler = type("Handler", (_Handler,), {"receiver": receiver})
    server = _Server(("127.0.0.1", 0), handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
