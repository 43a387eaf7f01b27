"""Questions at a fixed rate to a service of decisions, over HTTP and over gRPC, from one thread.

Three clocks: when a question was due, when it was written, and when the system took the last packet
of its answer in. From due to answered is what a client beside the service lives through, with all
that keeps *it* from its core; from written to the packet is the service and the loopback alone,
as a client on a machine of its own would find it. Both are told, and neither is taken from the
other.

gRPC is written by hand, a call at a time on each connection: its own client has threads that wait
for one another, and what they wait for would be told as the service's.
"""

from __future__ import annotations

import select
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from envoy.service.auth.v3 import external_auth_pb2

CONNECTIONS: Final = 32
ACCOUNTS: Final = 20_000
WAIT_S_MAX: Final = 30.0
_NS_MS: Final = 1e-6
_TIMESTAMP_NS: Final = 35
"""SO_TIMESTAMPNS of Linux, which Python has no name for: when a packet came, with what it held."""
_TIMESTAMP: Final = struct.Struct("qq")
_FRAME: Final = struct.Struct(">HBBBI")
"""Of HTTP/2: length (its upper 16 bits, its lower 8), type, flags, stream."""
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GO_AWAY, _WINDOW = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _ACKNOWLEDGED, _END_HEADERS = 1, 1, 4
_WINDOW_BYTES: Final = 2**30


@dataclass
class Sent:
    """What came of questions that were sent at a fixed rate, in milliseconds."""

    took_ms: list[float] = field(default_factory=list)
    """From the instant at which each was due until its answer was read."""
    late_ms: list[float] = field(default_factory=list)
    """Until it was written: the generator's own share, unless every connection waits."""
    wire_ms: list[float] = field(default_factory=list)
    """From its writing until the system had the answer, whenever the generator came to read it."""
    seconds: float = 0.0


class Line(Protocol):
    """One connection, on which one question at a time waits for its answer."""

    socket: socket.socket

    def ask(self, number: int) -> None:
        """Write the question of a number; half of them are about accounts under a decision."""

    def hear(self, data: bytes) -> bool:
        """Take what has come; say whether the answer is there as a whole."""


def send(make_line: Callable[[], Line], *, rate: int, seconds: float) -> Sent:
    """Send questions at a fixed rate over kept connections, whether or not answers have come.

    One thread and `select`, which wakes to the tenth of a millisecond: the timers of an event loop
    round up to a whole one, and its tasks cost this core as much as the service costs the other.
    """
    count, clock, sent = int(rate * seconds), time.perf_counter, Sent()
    lines = [make_line() for _ in range(CONNECTIONS)]
    idle, asked = deque(lines), {}
    number, started = 0, clock() + 0.2
    while number < count or asked:
        while idle and number < count and started + number / rate <= clock():
            line, due = idle.popleft(), started + number / rate
            asked[line.socket] = (line, due, time.time_ns())
            line.ask(number)
            sent.late_ms.append((clock() - due) * 1000)
            number += 1
        is_due = idle and number < count
        wait_s = max(0.0, started + number / rate - clock()) if is_due else WAIT_S_MAX
        for ready in select.select(list(asked), (), (), wait_s)[0]:
            line, due, written_ns = asked[ready]
            data, came_ns = receive(ready)
            if line.hear(data):
                sent.took_ms.append((clock() - due) * 1000)
                sent.wire_ms.append((came_ns - written_ns) * _NS_MS)
                idle.append(asked.pop(ready)[0])
    sent.seconds = clock() - started
    for line in lines:
        line.socket.close()
    return sent


def connect(port: int) -> socket.socket:
    """Open a connection on which each packet says when it came, where the system tells it."""
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if sys.platform == "linux":
        line.setsockopt(socket.SOL_SOCKET, _TIMESTAMP_NS, 1)
    return line


def receive(line: socket.socket) -> tuple[bytes, int]:
    """Read what has come, and when its last packet came; now, where the system doesn't tell."""
    data, beside, _, _ = line.recvmsg(65_536, socket.CMSG_SPACE(_TIMESTAMP.size))
    for level, kind, told in beside:
        if (level, kind) == (socket.SOL_SOCKET, _TIMESTAMP_NS):
            seconds, nanoseconds = _TIMESTAMP.unpack(told)
            return data, seconds * 10**9 + nanoseconds
    return data, time.time_ns()


def account(number: int) -> str:
    """Name the account of a question; half of them are under a decision."""
    return f"acct-{number % (2 * ACCOUNTS):08d}"


class HttpLine:
    """Questions to `/v1/decisions`."""

    def __init__(self, port: int) -> None:
        self.socket = connect(port)
        self._said = b""

    def ask(self, number: int) -> None:
        """Write a question."""
        body = b'{"account_id":"%s"}' % account(number).encode()
        head = b"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._said = b""
        self.socket.sendall(head + body)

    def hear(self, data: bytes) -> bool:
        """Take what has come; an answer that is no ruling ends the measurement."""
        self._said += data
        head, _, body = self._said.partition(b"\r\n\r\n")
        if not body:
            return False
        if not head.startswith(b"HTTP/1.1 200 "):
            sys.exit(head.decode())
        return len(body) == int(head.lower().split(b"content-length: ")[1].split(b"\r")[0])


class GrpcLine:
    """Questions to `envoy.service.auth.v3.Authorization/Check`."""

    def __init__(self, port: int) -> None:
        self.socket = connect(port)
        self._stream = -1
        self._said = b""
        self._answered = False
        self._head = (
            b"\x83\x86"  # POST, http
            + _literal(b"\x04", b"/envoy.service.auth.v3.Authorization/Check")
            + _literal(b"\x01", b"127.0.0.1")
            + _literal(b"\x0f\x10", b"application/grpc")
            + _literal(b"\x00\x02te", b"trailers")
        )
        self.socket.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            + _frame(_SETTINGS, 0, 0)
            + _frame(_WINDOW, 0, 0, _WINDOW_BYTES.to_bytes(4))
        )

    def ask(self, number: int) -> None:
        """Write a question."""
        request = external_auth_pb2.CheckRequest()
        request.attributes.request.http.headers["x-account-id"] = account(number)
        message = request.SerializeToString()
        self._stream, self._answered = self._stream + 2, False
        self.socket.sendall(
            _frame(_HEADERS, _END_HEADERS, self._stream, self._head)
            + _frame(_DATA, _END_STREAM, self._stream, b"\0" + len(message).to_bytes(4) + message)
        )

    def hear(self, data: bytes) -> bool:
        """Take frames; a call that ends without a message ends the measurement."""
        self._said += data
        has_ended = False
        while len(self._said) >= _FRAME.size:
            upper, lower, kind, flags, stream = _FRAME.unpack_from(self._said)
            end = _FRAME.size + (upper << 8 | lower)
            if len(self._said) < end:
                break
            body, self._said = self._said[_FRAME.size : end], self._said[end:]
            if kind in (_SETTINGS, _PING) and not flags & _ACKNOWLEDGED:
                echo = body if kind == _PING else b""
                self.socket.sendall(_frame(kind, _ACKNOWLEDGED, 0, echo))
            has_ended = self._take(kind, flags, stream, body) or has_ended
        return has_ended

    def _take(self, kind: int, flags: int, stream: int, body: bytes) -> bool:
        if kind in (_RESET, _GO_AWAY):
            sys.exit(f"the service ended a call: {body!r}")
        if stream != self._stream or kind not in (_DATA, _HEADERS):
            return False
        self._answered = self._answered or kind == _DATA
        if flags & _END_STREAM and not self._answered:
            sys.exit("a call over gRPC was not answered")
        return bool(flags & _END_STREAM)


def _frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    return _FRAME.pack(len(body) >> 8, len(body) & 0xFF, kind, flags, stream) + body


def _literal(name: bytes, value: bytes) -> bytes:
    """Write a header that no table keeps (RFC 7541, 6.2.2)."""
    return name + bytes([len(value)]) + value
