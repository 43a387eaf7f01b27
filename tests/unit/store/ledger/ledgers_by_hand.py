"""Rows as a test would write them down, and a ledger with something in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from stillwatch.store.ledger import AuditKey, Ledger
from stillwatch.store.ledger.nouns.appeals import NewAppeal
from stillwatch.store.ledger.nouns.cases import NewCase
from stillwatch.store.ledger.nouns.decisions import NewDecision
from stillwatch.store.ledger.nouns.findings import NewCampaign, NewFinding
from stillwatch.store.ledger.nouns.people import NewApiKey, NewUser
from stillwatch.store.ledger.nouns.terms import Terms
from stillwatch.store.ledger.questions.lookups import hash_secret

KEY = AuditKey(b"a key of a test, sixteen or more")
NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
POLICY = "service:policy"


def later(**span: float) -> datetime:
    """Give an instant after the beginning."""
    return NOW + timedelta(**span)


def campaign(campaign_id: str = "c-1", **others: object) -> NewCampaign:
    """Give a campaign as a look finds it."""
    facts: dict[str, Any] = {
        "campaign_id": campaign_id,
        "kind": "distillation",
        "first_seen_at": NOW - timedelta(days=7),
        "last_seen_at": NOW,
        "accounts": 3,
        "exchanges": 1200,
        "output_tokens": 600_000,
        "q_value": 0.001,
        "tactics": ("cot_elicitation",),
        "summary": "Three accounts, one queue.",
    }
    return NewCampaign(**{**facts, **others})


def finding(finding_id: str = "f-1", **others: object) -> NewFinding:
    """Give a finding about the campaign above."""
    facts: dict[str, Any] = {
        "finding_id": finding_id,
        "kind": "new_campaign",
        "subject_kind": "campaign",
        "subject_id": "c-1",
        "campaign_id": "c-1",
        "probability": 0.99,
        "q_value": 0.001,
        "families": ("identity", "content"),
        "accounts": 3,
        "found_at": NOW,
    }
    return NewFinding(**{**facts, **others})


def decision(decision_id: str = "d-1", **others: object) -> NewDecision:
    """Give a suspension for a month that one other person has to approve."""
    facts: dict[str, Any] = {
        "decision_id": decision_id,
        "effect": "suspend",
        "reason": "Your account was suspended.",
        "subject_kind": "campaign",
        "subject_id": "c-1",
        "approvals_needed": 1,
        "expires_at": later(days=30),
    }
    return NewDecision(**{**facts, **others})


def appeal(appeal_id: str = "a-1", **others: object) -> NewAppeal:
    """Give an appeal of one account against the decision above."""
    facts: dict[str, Any] = {
        "appeal_id": appeal_id,
        "decision_id": "d-1",
        "account_id": "acct-1",
        "reference_hash": hash_secret(f"reference of {appeal_id}"),
        "statement": "We are a school.",
        "deadline_at": later(days=14),
    }
    return NewAppeal(**{**facts, **others})


def put_in_force(ledger: Ledger, accounts: tuple[str, ...] = ("acct-1", "acct-2")) -> None:
    """Bring the decision above into force on a webhook: proposed by ann, approved by ben."""
    with ledger.write(actor="ann", now=NOW) as change:
        change.propose_decision(decision(), account_ids=accounts, terms=Terms(decision_id="d-1"))
    with ledger.write(actor="ben", now=NOW) as change:
        change.approve("d-1")
        change.enqueue_effects("d-1", channels=("webhook",))


def fill(ledger: Ledger) -> None:
    """Write something of every kind."""
    with ledger.write(actor="root", now=NOW) as change:
        for name in ("ann", "ben", "cora"):
            change.add_user(NewUser(user_id=name, roles=("analyst", "approver")))
        change.issue_key(
            NewApiKey(key_id="k-1", key_hash=hash_secret("token"), user_id="ann", scopes=("read",))
        )
        change.activate_policy(change.publish_policy("house", text="# nothing yet").policy_id)
    with ledger.write(actor=POLICY, now=NOW) as change:
        change.record_campaign(campaign())
        change.record_finding(finding())
        change.open_case(NewCase(case_id="case-1", title="A new campaign", campaign_id="c-1"))
    with ledger.write(actor="ann", now=later(minutes=1)) as change:
        change.assign_case("case-1", assignee="ann")
        change.comment_case("case-1", text="They share a card.\nI propose to suspend.")
    put_in_force(ledger)
    with ledger.write(actor="service:form", now=later(minutes=2)) as change:
        change.file_appeal(appeal())
