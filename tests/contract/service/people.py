"""A service with a ledger, and people at it as a browser would show them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from services import HandSource, Reply, _run, free_port, one_of_each, wait_for_port

from stillwatch.app.service import Decider, DecisionFeed, Part, make_service
from stillwatch.app.service.access.keys import KeyRing
from stillwatch.app.service.access.settings import AccessSettings
from stillwatch.app.service.access.wiring import Access, make_access
from stillwatch.app.service.serve import run_service
from stillwatch.app.service.settings import Listening, ServiceSettings
from stillwatch.app.service.telemetry import tell
from stillwatch.store.ledger import AuditKey, Ledger, make_ledger, open_ledger
from stillwatch.store.ledger.nouns.people import NewApiKey, NewInvitation, NewUser
from stillwatch.store.ledger.questions.lookups import hash_secret

KEY = AuditKey(b"a key of a test, sixteen or more")
ROLES = ("viewer", "analyst", "approver", "admin", "ingester", "gateway")
WAIT_S = 10.0


@dataclass
class HandClock:
    """A clock that a test can put forward."""

    ahead_s: float = 0.0

    def __call__(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.ahead_s


@dataclass
class Browser:
    """Somebody with a cookie jar, and the pages of the service."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    key: str = ""

    @property
    def origin(self) -> str:
        """Where its pages come from."""
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        path: str,
        *,
        body: Any = None,  # noqa: ANN401
        method: str = "",
        headers: Mapping[str, str | None] = {},
    ) -> Reply:
        """Ask as a page of the service does; a header that is None is left out."""
        mine: dict[str, str | None] = {
            "authorization": f"Bearer {self.key}" if self.key else None,
            "cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()) or None,
        }
        if body is not None or method not in ("", "GET"):
            mine |= {"origin": self.origin, "sec-fetch-site": "same-origin"}
            mine |= {"x-stillwatch-csrf": self.csrf or None, "content-type": "application/json"}
        said = {name: value for name, value in (mine | dict(headers)).items() if value is not None}
        reply = send(self.port, path, body=body, method=method, headers=said)
        for line in reply.headers.get("set-cookie", "").splitlines():
            for one in SimpleCookie(line).values():
                if one.value:
                    self.cookies[one.key] = one.value
                else:
                    self.cookies.pop(one.key, None)
        if reply.status == 200 and reply.body.startswith(b"{"):
            self.csrf = reply.json.get("csrf_token", self.csrf)
        return reply


def send(port: int, path: str, *, body: Any, method: str, headers: Mapping[str, str]) -> Reply:  # noqa: ANN401
    """Send one request; of an answer with several cookies all are kept, a line each."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request(method or ("GET" if body is None else "POST"), path, content, headers)
        reply = connection.getresponse()
        said = {name.lower(): value for name, value in reply.getheaders()}
        if cookies := reply.headers.get_all("set-cookie"):
            said["set-cookie"] = "\n".join(cookies)
        return Reply(reply.status, said, reply.read())
    finally:
        connection.close()


@dataclass
class House:
    """A service with a ledger that answers."""

    port: int
    ledger: Ledger
    access: Access
    clock: HandClock
    where: str

    def browser(self) -> Browser:
        """Give somebody whom nobody knows."""
        return Browser(self.port)

    def write(self, *, actor: str = "service:test") -> Any:  # noqa: ANN401
        """Change the ledger as another process does: without telling the service."""
        return self.ledger.write(actor=actor, now=datetime.now(UTC))

    def add(self, user_id: str, *roles: str) -> None:
        """Add a user."""
        with self.write() as change:
            change.add_user(NewUser(user_id=user_id, roles=roles))
        self.access.keys.refresh()

    def invite(self, user_id: str) -> str:
        """Make an invitation; give its code."""
        code = f"code-{user_id}-{time.monotonic_ns()}"
        ends_at = datetime.now(UTC) + timedelta(days=30)
        new = NewInvitation(
            invitation_id=code, code_hash=hash_secret(code), user_id=user_id, ends_at=ends_at
        )
        with self.write() as change:
            change.invite(new)
        return code

    def sign_in(self, user_id: str) -> Browser:
        """Let a user in by an invitation."""
        found = self.browser()
        self.access.door.rates._sign_ins._held.clear()
        reply = found.ask("/v1/session/invitation", body={"code": self.invite(user_id)})
        assert reply.status == 200, reply.body
        return found

    def put_forward(self, seconds: float) -> None:
        """Put the service's clock forward; it has looked at the ledger since."""
        self.clock.ahead_s += seconds
        self.access.keys.refresh()

    def stop_reading(self) -> None:
        """Make the ledger unreadable for the service."""

        def refuse() -> None:
            raise OSError

        self.access.keys.refresh = refuse  # type: ignore[method-assign]

    def issue(self, user_id: str, *scopes: str, key: str) -> str:
        """Write a key down."""
        with self.write() as change:
            change.issue_key(
                NewApiKey(
                    key_id=f"k-{key}", key_hash=hash_secret(key), user_id=user_id, scopes=scopes
                )
            )
        self.access.keys.refresh()
        return key


@contextmanager
def house(
    folder: Path,
    *,
    settings: AccessSettings | None = None,
    beside: KeyRing | None = None,
    port: int = 0,
) -> Iterator[House]:
    """Run a service over an empty ledger."""
    where, port, clock = str(folder / "ledger.db"), port or free_port(), HandClock()
    make_ledger(where, key=KEY, ledger_id="ledger-1", now=datetime.now(UTC)).close()
    ledger = open_ledger(where, key=KEY)
    access = make_access(ledger, settings or AccessSettings(), beside=beside, clock=clock)
    feed = DecisionFeed(HandSource(one_of_each()), clock=time.monotonic, on_event=tell)
    decider = Decider(feed, ServiceSettings(), time.time)
    part = Part(access.router, access.lifespan)
    app = make_service(decider, keys=access.keys, ledger=ledger, parts=(part,))
    access.guard(app)
    loop = asyncio.new_event_loop()
    task = loop.create_task(run_service(app, decider, listening=Listening(port=port)))
    thread = threading.Thread(target=lambda: _run(loop, task), daemon=True)
    thread.start()
    try:
        wait_for_port(port)
        yield House(port, open_ledger(where, key=KEY), access, clock, where)
    finally:
        loop.call_soon_threadsafe(decider.feed.close)
        thread.join(20)
        assert not thread.is_alive()
        ledger.close()
