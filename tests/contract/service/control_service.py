"""A whole service with a ledger, a result and a key for each role, and what a test asks of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import uvicorn
from fastapi import Depends, FastAPI, Request
from httpx2 import Response
from services import HandSource, free_port, one_of_each, wait_for_port
from starlette.testclient import TestClient

from stillwatch.app.service import Decider, DecisionFeed, make_service
from stillwatch.app.service.access.keys import (
    ROLE_SCOPES,
    HashedKeys,
    Principal,
    authorise,
    hash_key,
)
from stillwatch.app.service.control import ControlSettings, Places, make_control
from stillwatch.app.service.ingestion import Ingestion, IngestionSettings
from stillwatch.app.service.settings import ServiceSettings
from stillwatch.app.service.telemetry import tell
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.results import (
    ACCOUNTS_OUT,
    CAMPAIGNS_OUT,
    EVIDENCE,
    EXCHANGES_OUT,
    GROUPS_OUT,
    QUARANTINE,
)
from stillwatch.domain.tables import REGISTER
from stillwatch.store.appeal_references import AppealReferences
from stillwatch.store.lake import Lake
from stillwatch.store.ledger import AuditKey, Ledger, make_ledger
from stillwatch.store.ledger.nouns.findings import NewCampaign, NewFinding
from stillwatch.store.ledger.nouns.people import NewUser
from stillwatch.store.manifest import make_lake
from stillwatch.store.results import draft_result

KEY = AuditKey(b"a key of a test, sixteen or more")
CAMPAIGN = "c-one"
HEADS = tuple(f"head-{n}" for n in range(1, 7))
"""Five fraudulent accounts and a suspect one; the fifth is protected."""
HONEST = tuple(f"user-{n}" for n in range(1, 15))
BASE = "https://api.example/appeals"
ROLE_OF = {
    "vera": "viewer",
    "ann": "analyst",
    "dora": "analyst",
    "ben": "approver",
    "carl": "approver",
    "adam": "admin",
    "service:collector": "ingester",
    "service:edge": "gateway",
}
NOBODY = "nobody"


@dataclass
class Clock:
    """An instant that a test puts forward."""

    now_s: float = field(default_factory=lambda: float(int(time.time())))

    def __call__(self) -> float:
        """Give it."""
        return self.now_s

    def later(self, **span: float) -> str:
        """Write an instant after it, as the API takes it."""
        return (datetime.fromtimestamp(self.now_s, UTC) + timedelta(**span)).isoformat()


@dataclass
class World:
    """A service that answers, and what stands behind it."""

    client: TestClient
    app: FastAPI
    ledger: Ledger
    clock: Clock
    source: HandSource
    place: Path

    def ask(self, who: str, path: str, body: Any = None, **more: Any) -> Response:  # noqa: ANN401
        """Ask as somebody: a GET, or a POST where there is a body."""
        method = more.pop("method", "GET" if body is None else "POST")
        headers = {**more.pop("headers", {}), **(key_of(who))}
        return self.client.request(method, path, json=body, headers=headers, **more)

    def propose(self, who: str = "ann", **said: Any) -> dict[str, Any]:  # noqa: ANN401
        """Propose a suspension of two heads."""
        body = {
            "effect": "suspend",
            "expires_at": self.clock.later(days=30),
            "account_ids": list(HEADS[:2]),
            "campaign_id": CAMPAIGN,
            "finding_id": "f-one",
            **said,
        }
        found = self.ask(who, "/v1/interventions", body)
        assert found.status_code == 201, found.text
        return dict(found.json())

    def put_in_force(self, **said: Any) -> str:  # noqa: ANN401
        """Propose and approve; give the decision's id."""
        decision_id = str(self.propose(**said)["decision_id"])
        done = self.ask("ben", f"/v1/interventions/{decision_id}/approve", {})
        assert done.json()["state"] == "in_force", done.text
        return decision_id

    def reference(self, decision_id: str, account_id: str = HEADS[0]) -> str:
        """Give what the customer of an account holds."""
        return AppealReferences(KEY).make(decision_id, account_id)


def key_of(who: str) -> dict[str, str]:
    """Give somebody's key as a header."""
    return {} if who == NOBODY else {"x-stillwatch-key": f"the key of {who}"}


@contextmanager
def controlled(place: Path, **settings: Any) -> Iterator[World]:  # noqa: ANN401
    """Run a whole service in this process, filled with one campaign."""
    clock = Clock()
    now = datetime.fromtimestamp(clock.now_s, UTC)
    ledger = make_ledger(place / "ledger.db", key=KEY, ledger_id="ledger-1", now=now)
    fill(ledger, now)
    results = place / "results"
    newest = write_result(results / "2026-11-30T080000Z", now)
    write_register(place / "lake")
    source = HandSource(one_of_each())
    decider = Decider(
        DecisionFeed(source, clock=time.monotonic, on_event=tell), ServiceSettings(), clock
    )
    places = Places(lambda: newest, results, place / "lake", ("webhook",))
    control = make_control(
        ControlSettings(**{"appeal_url_base": BASE, **settings}), places=places, audit_key=KEY
    )
    app = make_service(
        decider, keys=keys_of_all(), ledger=ledger, parts=[control, ingestion(place)]
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        yield World(client, app, ledger, clock, source, place)
    ledger.close()


@contextmanager
def listening(world: World) -> Iterator[str]:
    """Listen on loopback too, with the service that runs already; give the address."""
    port = free_port()
    config = uvicorn.Config(
        world.app, port=port, lifespan="off", log_config=None, access_log=False, loop="asyncio"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for_port(port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def keys_of_all() -> HashedKeys:
    """Give a key to everybody."""
    return HashedKeys(
        (hash_key(key_of(name)["x-stillwatch-key"]), Principal(name, ROLE_SCOPES[role]))
        for name, role in ROLE_OF.items()
    )


def ingestion(place: Path) -> Ingestion:
    """Make the part that takes exchanges in, as `stillwatch serve` does."""

    async def may_send(request: Request) -> None:
        await authorise(request, "ingest")

    may_send.__annotations__["request"] = Request
    settings = IngestionSettings(place / "journal", place / "taken", commits=False)
    key = PseudonymKey.from_bytes(bytes(range(16)))
    return Ingestion(settings, key=key, dependencies=[Depends(may_send)])


def fill(ledger: Ledger, now: datetime) -> None:
    """Write users, a campaign and a finding."""
    with ledger.write(actor="root", now=now) as change:
        for name, role in ROLE_OF.items():
            change.add_user(NewUser(user_id=name, roles=(role,)))
    with ledger.write(actor="service:looks", now=now) as change:
        change.record_campaign(
            NewCampaign(
                campaign_id=CAMPAIGN,
                kind="distillation",
                first_seen_at=now - timedelta(days=6),
                last_seen_at=now,
                accounts=len(HEADS),
                exchanges=1_200,
                output_tokens=600_000,
                q_value=0.001,
                channels=("payment", "template"),
            )
        )
        change.record_finding(
            NewFinding(
                finding_id="f-one",
                kind="new_campaign",
                subject_kind="campaign",
                subject_id=CAMPAIGN,
                campaign_id=CAMPAIGN,
                result="2026-11-30T080000Z",
                found_at=now,
            )
        )


def write_result(out: Path, now: datetime) -> Path:
    """Write a result with one campaign."""
    accounts = pl.DataFrame(
        [
            {
                "account_id": name,
                "verdict": "clear" if n >= 6 else "suspect" if n == 5 else "fraudulent",
                "probability": 0.999 if n < 6 else 0.0,
                "q_value": 0.001 if n < 6 else 1.0,
                "campaign_id": CAMPAIGN if n < 6 else None,
                "exchanges": 20 if n < 6 else 5,
                "reasons": ["tied_identity", "tied_content"] if n < 6 else [],
                "explanation": f"{name} was looked at",
                "group_id": "g-one" if n < 6 else None,
            }
            for n, name in enumerate((*HEADS, *HONEST))
        ]
    )
    campaigns = pl.DataFrame(
        [
            {
                "campaign_id": CAMPAIGN,
                "kind": "distillation",
                "first_seen": now - timedelta(days=6),
                "last_seen": now,
                "accounts": len(HEADS),
                "exchanges": 120,
                "output_tokens": 600_000,
                "q_value": 0.001,
                "tactics": ["rubric_grading"],
                "capabilities": ["grading"],
                "channels": ["payment"],
                "summary": "six accounts, one card",
            }
        ]
    )
    evidence = pl.DataFrame(
        [(HEADS[0], "identity", "payment", 1.0, 0.001, 6.0)], schema=EVIDENCE.schema, orient="row"
    )
    with draft_result(out) as draft:
        draft.write_table(ACCOUNTS_OUT, ACCOUNTS_OUT.conform(accounts))
        draft.write_table(CAMPAIGNS_OUT, CAMPAIGNS_OUT.conform(campaigns))
        draft.write_table(EVIDENCE, evidence)
        for table in (GROUPS_OUT, EXCHANGES_OUT, QUARANTINE):
            draft.write_table(table, table.empty())
        draft.write_bytes("decisions.jsonl", b"")
        draft.write_json("run.json", {"stood_aside": [], "started_at": now.isoformat()})
    return out


def write_register(place: Path) -> None:
    """Write a lake that knows who is protected, in which programme, and what each pays."""
    make_lake(place, key_check=0)
    lake = Lake(place)
    rows = pl.DataFrame(
        {
            "account_id": [*HEADS, *HONEST],
            "program": ["research", *[None] * 19],
            "protected": [name == HEADS[4] for name in (*HEADS, *HONEST)],
            "revenue_30d": [10.0] * 6 + [40.0] * 14,
        }
    )
    entry = lake.write(REGISTER.name, REGISTER.conform(rows))
    lake.commit([entry], {"ingest": {}})
