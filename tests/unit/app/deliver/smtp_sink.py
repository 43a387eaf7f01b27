"""A mail server on loopback, small: keeps what it gets, offers STARTTLS if it has a certificate."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class MailServer:
    """What has come, and how the server behaves."""

    def __init__(self, certificate: tuple[str, str] | None, refuses: int | None) -> None:
        self.certificate, self.refuses = certificate, refuses
        self.mails: list[bytes] = []
        self.recipients: list[str] = []
        self.were_encrypted: list[bool] = []
        self.port = 0


class _Session(socketserver.StreamRequestHandler):
    server_of: MailServer

    def handle(self) -> None:
        """Talk as a mail server does, as far as our client goes."""
        self.is_encrypted = False
        self.say("220 sink")
        while line := self.rfile.readline(2000):
            word = line.split(b":")[0].strip().upper().split(b" ")[0]
            if word == b"QUIT":
                self.say("221 bye")
                return
            self.answer(word, line)

    def answer(self, word: bytes, line: bytes) -> None:
        """Answer one command."""
        told = self.server_of
        if word == b"EHLO":
            offers = told.certificate is not None and not self.is_encrypted
            self.say("250-sink\r\n250 STARTTLS" if offers else "250 sink")
        elif word == b"STARTTLS":
            self.encrypt()
        elif word == b"RCPT":
            told.recipients.append(line.decode().strip())
            self.say("250 yes")
        elif word == b"DATA":
            self.take()
        else:
            self.say("250 yes")

    def take(self) -> None:
        """Take one mail."""
        if self.server_of.refuses is not None:
            self.say(f"{self.server_of.refuses} no")
            return
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline(100_000)) not in (b".\r\n", b""):
            lines.append(line)
        self.server_of.mails.append(b"".join(lines))
        self.server_of.were_encrypted.append(self.is_encrypted)
        self.say("250 taken")

    def encrypt(self) -> None:
        """Go on under TLS."""
        assert self.server_of.certificate is not None
        self.say("220 go on")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.server_of.certificate)
        self.connection = context.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self.is_encrypted = True

    def say(self, line: str) -> None:
        """Say a line."""
        self.wfile.write(line.encode() + b"\r\n")
        self.wfile.flush()

    def finish(self) -> None:
        """Close, whoever has gone first."""
        try:
            self.rfile.close()
            self.wfile.close()
            self.connection.close()
        except OSError:
            return


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def finish_request(self, *arguments: object) -> None:
        """A client that goes in the middle is what some tests are about."""
        with suppress(OSError):
            super().finish_request(*arguments)  # type: ignore[arg-type]


@contextmanager
def mail_server(
    *, certificate: tuple[str, str] | None = None, refuses: int | None = None
) -> Iterator[MailServer]:
    """Run a mail server."""
    told = MailServer(certificate, refuses)
    server = _Server(("127.0.0.1", 0), type("Session", (_Session,), {"server_of": told}))
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
