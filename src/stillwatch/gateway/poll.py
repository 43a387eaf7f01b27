"""One connection to the service, kept open: ask for changes, report what was spent.

The standard library's HTTP client, and nothing else: a gateway that imports this gains no
dependency. The address is the operator's; nothing here follows a redirect or a proxy.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ssl import create_default_context
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from stillwatch.gateway.deltas import Delta
from stillwatch.gateway.limits import CONNECT_S_MAX, REPLY_BYTES_MAX
from stillwatch.gateway.meters import Spent
from stillwatch.gateway.wire import BadReplyError, read_delta

CHANGES_PATH: Final = "/v1/decisions/changes"
USAGE_PATH: Final = "/v1/usage"
FAULTS: Final = (OSError, HTTPException, BadReplyError)
"""What can go wrong on the way: all of it is tried again later."""


@dataclass(frozen=True, slots=True)
class Service:
    """Where the service is, and what lets us in."""

    url: str
    """`http://` or `https://`, host and port, and a path before ours where there is one."""
    key: str = ""
    ca_file: str | None = None
    """Certificates to trust instead of the system's."""


class ServiceConnection:
    """A connection to the service; one thread uses it at a time."""

    def __init__(self, service: Service) -> None:
        parts = urlsplit(service.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = f"{service.url!r} is no address: it begins with http:// or https://"
            raise ValueError(message)
        self._service = service
        self._parts = parts
        self._connection: HTTPConnection | None = None

    def fetch(self, series: str, since: int, *, wait_s: float) -> Delta:
        """Ask for what has changed since a version, and wait for it as long as that.

        Raises:
            OSError, HTTPException, BadReplyError: it could not be had (`FAULTS`).
        """
        asked = urlencode({"series": series, "since": since, "wait_s": wait_s})
        return read_delta(self._exchange("GET", f"{CHANGES_PATH}?{asked}", None, wait_s=wait_s))

    def report(self, spent: dict[str, Spent]) -> dict[str, Spent]:
        """Say what campaigns have spent here, and hear what they have spent altogether.

        Raises:
            OSError, HTTPException, BadReplyError: it could not be said (`FAULTS`).
        """
        rows = [[name, *numbers] for name, numbers in spent.items()]
        said = self._exchange("POST", USAGE_PATH, json.dumps({"spent": rows}).encode(), wait_s=0)
        try:
            return {str(n): (int(exchanges), int(tokens)) for n, exchanges, tokens in said["spent"]}
        except (KeyError, TypeError, ValueError) as broken:
            raise BadReplyError(str(broken)) from broken

    def close(self) -> None:
        """Close it; the next question opens it again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _exchange(self, method: str, path: str, body: bytes | None, *, wait_s: float) -> Any:  # noqa: ANN401  whatever the service says
        try:
            connection = self._open()
            connection.timeout = CONNECT_S_MAX + wait_s
            if connection.sock is not None:
                connection.sock.settimeout(CONNECT_S_MAX + wait_s)
            headers = {"Accept": "application/json"}
            if body is not None:
                headers["Content-Type"] = "application/json"
            if self._service.key:
                headers["Authorization"] = f"Bearer {self._service.key}"
            connection.request(method, self._parts.path.rstrip("/") + path, body, headers)
            reply = connection.getresponse()
            content = reply.read(REPLY_BYTES_MAX + 1)
            if reply.status != HTTPStatus.OK or len(content) > REPLY_BYTES_MAX:
                message = f"status {reply.status}, {len(content):,} bytes"
                raise BadReplyError(message)
            return json.loads(content)
        except ValueError as broken:
            self.close()
            raise BadReplyError(str(broken)) from broken
        except FAULTS:
            self.close()
            raise

    def _open(self) -> HTTPConnection:
        if self._connection is None:
            host, port = self._parts.hostname or "", self._parts.port
            if self._parts.scheme == "https":
                trust = create_default_context(cafile=self._service.ca_file)
                self._connection = HTTPSConnection(host, port, timeout=CONNECT_S_MAX, context=trust)
            else:
                self._connection = HTTPConnection(host, port, timeout=CONNECT_S_MAX)
        return self._connection
