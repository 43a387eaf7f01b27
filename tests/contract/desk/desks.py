"""The whole service with its console, in this process or on a port, and people who sign in."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any, Final

import uvicorn
from control_service import CAMPAIGN, HEADS, KEY, ROLE_OF, fill, write_register, write_result
from fastapi import FastAPI
from httpx2 import Response
from services import wait_for_port
from starlette.testclient import TestClient

from stillwatch.app.console import make_console
from stillwatch.app.console.desk.keeping.entering import SIGN_IN
from stillwatch.app.console.frame.page import Page
from stillwatch.app.enforce.gateway_source import LedgerSource
from stillwatch.app.service import Decider, DecisionFeed, Part, make_service
from stillwatch.app.service.access.settings import AccessSettings
from stillwatch.app.service.access.wiring import Access, make_access
from stillwatch.app.service.control import ControlSettings, Places, make_control
from stillwatch.app.service.settings import ServiceSettings
from stillwatch.app.service.telemetry import tell
from stillwatch.decide.policy.shipped import shipped_text
from stillwatch.store.appeal_references import AppealReferences
from stillwatch.store.ledger import Ledger, make_ledger, open_ledger
from stillwatch.store.ledger.nouns.cases import NewCase
from stillwatch.store.ledger.nouns.findings import NewDisposition
from stillwatch.store.ledger.nouns.people import NewInvitation
from stillwatch.store.ledger.nouns.policies import NewPermission
from stillwatch.store.ledger.questions.lookups import hash_secret

PEOPLE: Final = {name: role for name, role in ROLE_OF.items() if ":" not in name}
HERE: Final = "http://127.0.0.1"
RESULT: Final = "2026-11-30T080000Z"
HOUSE_POLICY: Final = shipped_text().replace("policy: shipped", "policy: house")
_TOKENS: Final = re.compile(r'name="(csrf|csrf_token)" value="([^"]*)"')


@dataclass
class Visitor:
    """Somebody at the console, with a cookie of their own."""

    name: str
    client: TestClient
    tokens: dict[str, str] = field(default_factory=dict)

    def look(self, path: str, **query: str) -> Response:
        """Open a page."""
        found = self.client.get(f"/console{path}", params=query, follow_redirects=False)
        self.tokens |= {name: unescape(value) for name, value in _TOKENS.findall(found.text)}
        return found

    def send(self, path: str, fields: Mapping[str, Any], *, origin: str = HERE) -> Response:
        """Send a form, as a page of the console does."""
        if "csrf" not in self.tokens:
            self.look("/audit")
        return self.client.post(
            f"/console{path}",
            data={**self.tokens, **fields},
            headers={"origin": origin, "sec-fetch-site": "same-origin"},
            follow_redirects=False,
        )

    def follow(self, answer: Response) -> Response:
        """Go where a form leads."""
        assert answer.status_code == 303, (answer.status_code, plain(answer.text)[:800])
        found = self.client.get(answer.headers["location"], follow_redirects=False)
        self.tokens |= {name: unescape(value) for name, value in _TOKENS.findall(found.text)}
        return found


@dataclass
class Desk:
    """A service that answers, and what stands behind it."""

    app: FastAPI
    ledger: Ledger
    access: Access
    place: Path
    ids: dict[str, str] = field(default_factory=dict)
    """What a page's example may ask for."""
    _people: dict[str, Visitor] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)

    def write(self, actor: str) -> Any:  # noqa: ANN401
        """Change the ledger as somebody."""
        return self.ledger.write(actor=actor, now=self.now)

    def person(self, name: str) -> Visitor:
        """Give somebody who has signed in by an invitation."""
        if name not in self._people:
            self._people[name] = Visitor(name, TestClient(self.app, base_url=HERE))
            self.access.door.rates._sign_ins._held.clear()
            found = self._people[name].client.post(
                "/console/sign-in/invitation",
                data={"code": self.invite(name)},
                headers={"origin": HERE, "sec-fetch-site": "same-origin"},
                follow_redirects=False,
            )
            assert (found.status_code, found.headers["location"]) == (303, "/console"), found.text
        return self._people[name]

    def invite(self, name: str) -> str:
        """Make an invitation, as an administrator does."""
        code = f"code-{name}-{time.monotonic_ns()}"
        ends_at = self.now + timedelta(days=1)
        with self.write("adam") as change:
            change.invite(
                NewInvitation(
                    invitation_id=code,
                    code_hash=hash_secret(code),
                    user_id=name,
                    ends_at=ends_at,
                )
            )
        return code

    def reference(self, decision_id: str, account_id: str = HEADS[0]) -> str:
        """Give what the customer of an account holds."""
        return AppealReferences(KEY).make(decision_id, account_id)

    def propose(self, who: str = "ann", **said: Any) -> str:  # noqa: ANN401
        """Propose a suspension of two heads through the page; give the decision's id."""
        fields = {"campaign": CAMPAIGN, "effect": "suspend", "accounts": "\n".join(HEADS[:2])}
        visitor, wanted = self.person(who), {**fields, **said}
        tried = visitor.send("/decide", {**wanted, "step": "try"})
        assert tried.status_code == 200, plain(tried.text)
        seen = re.search(r'name="seen" value="([0-9a-f]+)"', tried.text)
        own_id = re.search(r'name="own_id" value="([^"]+)"', tried.text)
        assert seen is not None
        assert own_id is not None
        done = visitor.send(
            "/decide", {**wanted, "step": "propose", "seen": seen[1], "own_id": own_id[1]}
        )
        assert done.status_code == 303, plain(done.text)
        return own_id[1]

    def put_in_force(self, **said: Any) -> str:  # noqa: ANN401
        """Propose and approve with as many people as it takes."""
        decision_id = self.propose(**said)
        for number, who in enumerate(("ben", "carl")):
            fields = {"id": decision_id, "version": "1", "seen": str(number)}
            done = self.person(who).send("/decision/approve", fields)
            if "told=in_force" in done.headers.get("location", ""):
                return decision_id
        raise AssertionError(plain(done.text))

    def appeal(self, decision_id: str, statement: str, *, account_id: str = HEADS[0]) -> str:
        """Appeal as the customer does, by the public form; give the appeal's id."""
        reference = self.reference(decision_id, account_id)
        with TestClient(self.app, base_url=HERE) as client:
            done = client.post(f"/appeals/{reference}", json={"statement": statement})
        assert done.status_code == 201, done.text
        with self.ledger.read() as view:
            found = view.find_appeal(reference)
        assert found is not None
        return found.appeal_id

    def fill(self) -> None:
        """Put something of every kind on it."""
        with self.write("service:detection") as change:
            case = NewCase(
                case_id=f"case-{CAMPAIGN}",
                title="distillation: 6 accounts, 1,200 exchanges",
                campaign_id=CAMPAIGN,
                finding_id="f-one",
            )
            change.open_case(case)
        with self.write("ann") as change:
            change.comment_case(case.case_id, text="They share one card.\nLook at the second.")
        with self.write("adam") as change:
            policy = change.publish_policy("house", text=HOUSE_POLICY)
            permission = NewPermission(
                permission_id="permission-1",
                account_id="user-3",
                scope="evaluation",
                granted_by="contract 17",
            )
            change.grant_permission(permission)
        decision_id = self.put_in_force()
        appeal_id = self.appeal(decision_id, "I am a teacher. This is my class of thirty.")
        waiting = self.propose("dora", accounts=HEADS[2])
        with self.write("dora") as change:
            change.note_disposition(
                NewDisposition(
                    disposition_id="answer-1",
                    subject_kind="campaign",
                    subject_id=CAMPAIGN,
                    answer="distillation",
                    source_kind="case",
                    source_id=case.case_id,
                    note="one card, one template",
                )
            )
        self.ids = {
            "campaign": CAMPAIGN,
            "account": HEADS[0],
            "group": "g-one",
            "case": case.case_id,
            "decision": decision_id,
            "waiting": waiting,
            "appeal": appeal_id,
            "policy": policy.policy_id,
            "permission": permission.permission_id,
            "user": "ann",
        }


def found_at(place: Path) -> None:
    """Write what stands behind a desk: a ledger with people and a campaign, a result, a lake."""
    now = datetime.now(UTC)
    with closing(
        make_ledger(place / "ledger.db", key=KEY, ledger_id="ledger-1", now=now)
    ) as ledger:
        fill(ledger, now)
    write_result(place / "results" / RESULT, now)
    write_register(place / "lake")


@contextmanager
def desk_at(
    place: Path,
    *,
    has_result: bool = True,
    result: str = RESULT,
    **settings: Any,  # noqa: ANN401
) -> Iterator[Desk]:
    """Run a whole service in this process: a campaign, people, and nothing decided."""
    if not (place / "ledger.db").exists():
        found_at(place)
    ledger = open_ledger(place / "ledger.db", key=KEY)
    newest = place / "results" / result if has_result else None
    access = make_access(ledger, AccessSettings())
    source = LedgerSource(ledger, series="of-a-test", clock=lambda: datetime.now(UTC))
    feed = DecisionFeed(source, clock=time.monotonic, on_event=tell)
    decider = Decider(feed, ServiceSettings(), time.time)
    places = Places(lambda: newest, place / "results", place / "lake", ("webhook",))
    control = make_control(ControlSettings(**settings), places=places, audit_key=KEY)
    console = make_console(lambda: newest, sign_in=SIGN_IN)
    parts = [Part(access.router, access.lifespan), control, console]
    app = make_service(decider, keys=access.keys, ledger=ledger, parts=parts)
    access.guard(app)
    try:
        with TestClient(app, base_url=HERE):
            yield Desk(app, ledger, access, place)
    finally:
        ledger.close()


@contextmanager
def listening(desk: Desk, port: int) -> Iterator[str]:
    """Listen on loopback too, with the service that runs already; give the address."""
    config = uvicorn.Config(
        desk.app, port=port, lifespan="off", log_config=None, access_log=False, loop="asyncio"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for_port(port)
    try:
        yield f"{HERE}:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def plain(page: str) -> str:
    """Give the words of a page."""
    body = page.partition("<main")[2] or page
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def query_of(page: Page, desk: Desk) -> dict[str, str]:
    """Give the example of a page, with what is there."""
    return {name: value.format(**desk.ids) for name, value in page.example.items()}
