"""The live rehearsal: a campaign is found while it runs, suspended by people, and goes on anew."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from live_incident import (
    AUDIT_KEY,
    Service,
    Stream,
    read_stream,
    serving,
    utc_now,
    wait_for_port,
)
from typer.testing import CliRunner

from stillwatch.app.cli import app
from stillwatch.store.ledger import open_ledger
from stillwatch.store.ledger.lookups import hash_secret
from stillwatch.store.ledger.nouns.appeals import NewAppeal
from stillwatch.store.ledger.nouns.decisions import Decision, NewDecision
from stillwatch.store.ledger.nouns.findings import Finding

_LOG = logging.getLogger(__name__)
_DAYS = 5
_FIRST_DAYS = 2
_FOUND_MIN = 0.9
"""Share of heads, and then of heirs, that are to be under the effect before the stream goes on."""


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundredth of `coding-13m`: 188 heads among 5,000 honest accounts."""
    place = tmp_path_factory.mktemp("lab") / "traffic"
    words = ["simulate", "coding-13m", "--scale", "0.01", "--out", str(place)]
    assert CliRunner().invoke(app, words).exit_code == 0
    return place


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service that looks every five seconds."""
    with serving(tmp_path, look_every_s=5.0) as port:
        wait_for_port(port)
        ledger = open_ledger(tmp_path / "ledger.db", key=AUDIT_KEY)
        yield Service(port, ledger)
        ledger.close()


def are_refused(service: Service, accounts: set[str]) -> bool:
    """Say whether most of some accounts are refused by now."""
    return len(service.refused(accounts)) >= _FOUND_MIN * len(accounts)


def suspend_by_hand(service: Service, account_id: str) -> str:
    """Let one person suspend an account by mistake, and another approve it; give the decision."""
    decision = NewDecision(
        decision_id="d-by-hand",
        effect="suspend",
        reason="Your account is suspended.",
        subject_kind="account",
        subject_id=account_id,
        approvals_needed=1,
        expires_at=utc_now() + timedelta(days=30),
    )
    with service.ledger.write(actor="ann", now=utc_now()) as change:
        change.propose_decision(decision, account_ids=[account_id])
    with service.ledger.write(actor="ben", now=utc_now()) as change:
        change.approve(decision.decision_id)
    return decision.decision_id


def appeal_and_win(service: Service, decision_id: str, account_id: str) -> None:
    """Let the customer appeal, and somebody who had no hand in it review and overturn."""
    appeal = NewAppeal(
        appeal_id="a-1",
        decision_id=decision_id,
        account_id=account_id,
        reference_hash=hash_secret("a reference that nobody guesses"),
        statement="We teach a class.",
        deadline_at=utc_now() + timedelta(days=14),
    )
    with service.ledger.write(actor="service:form", now=utc_now()) as change:
        change.file_appeal(appeal)
    with service.ledger.write(actor="cora", now=utc_now()) as change:
        change.review_appeal("a-1")
        change.resolve_appeal(
            "a-1", outcome="overturned", answer="We are sorry.", disposition="innocent"
        )


def check_the_ledger(service: Service, stream: Stream) -> None:
    """Two people approved each suspension by the policy, and the log is whole."""
    with service.ledger.read() as view:
        suspensions = view.list(Decision, effect="suspend", limit=1_000).rows
        for one in suspensions:
            if one.decision_id == "d-by-hand":
                continue
            people = {each.approver for each in view.list_approvals(one.decision_id)}
            assert one.state != "in_force" or people == {"ann", "ben"}
        kinds = {one.kind for one in view.list(Finding, limit=1_000).rows}
        named = {
            one.account_id
            for decision in suspensions
            for one in view.list_accounts(decision.decision_id)
            if decision.decision_id != "d-by-hand"
        }
    assert "new_campaign" in kinds
    assert not named & stream.honest
    report = service.ledger.verify()
    assert report.is_whole, report.faults[:3]


@pytest.mark.long
def test_a_campaign_is_stopped_while_it_runs(traffic: Path, service: Service) -> None:
    """Found before the stream ends, suspended in two steps, caught again as it replaces heads."""
    stream = read_stream(traffic, days=_DAYS)
    service.send("accounts", list(stream.register.values()))
    for kind in ("permissions", "releases"):
        body = (traffic / f"{kind}.jsonl").read_bytes()
        assert service.ask("POST", f"/ingest/{kind}", body)[0] == 202
    for day in stream.days[:_FIRST_DAYS]:
        assert stream.send_day(service, day) > 0
    assert service.refused(stream.heads) == set()
    took_s = service.until(lambda: are_refused(service, stream.heads), approving=True)
    _LOG.info("heads_suspended_after_s %.2f", took_s)

    assert stream.send_day(service, stream.days[_FIRST_DAYS]) > 0
    heirs = set(stream.heirs.values())
    assert len(heirs) >= _FOUND_MIN * len(stream.heads)
    assert service.refused(heirs) == set()
    took_s = service.until(lambda: are_refused(service, heirs), approving=True)
    _LOG.info("heirs_suspended_after_s %.2f", took_s)

    innocent = min(stream.honest - service.refused(stream.honest))
    decision_id = suspend_by_hand(service, innocent)
    took_s = service.until(lambda: service.refused({innocent}) == {innocent})
    _LOG.info("approval_at_gateway_s %.2f", took_s)
    appeal_and_win(service, decision_id, innocent)
    took_s = service.until(lambda: service.refused({innocent}) == set())
    _LOG.info("appeal_at_gateway_s %.2f", took_s)
    assert took_s < 10

    for day in stream.days[_FIRST_DAYS + 1 :]:
        stream.send_day(service, day)
    assert service.refused(stream.honest) == set()
    check_the_ledger(service, stream)
