"""Looks made by hand: a campaign of so many heads among honest accounts, and a ledger for them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl

from stillwatch.app.enforce.enforcing import Enforced, Rules, enforce_look
from stillwatch.app.enforce.from_looks.looks import LookTables
from stillwatch.app.enforce.settings import EnforceSettings
from stillwatch.app.enforce.settling import Settled, settle
from stillwatch.domain.results import ACCOUNTS_OUT, CAMPAIGNS_OUT
from stillwatch.domain.settings import Settings
from stillwatch.domain.tables import REGISTER
from stillwatch.store.ledger import AuditKey, Ledger, make_ledger, open_ledger
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.findings import Finding, NewDisposition

KEY: Final = AuditKey(b"a key of a test, sixteen or more")
NOW: Final = datetime(2026, 11, 30, 8, tzinfo=UTC)
CAMPAIGN: Final = "c-one"

POLICY: Final = """
policy: tried
language: 1
guards:
  blast_radius: {accounts: 50%}
  four_eyes: {above_accounts: 3, from: suspend}
  cool_down: 30d
rules:
  - {name: sure, when: {verdict: fraudulent}, then: suspend, for: 30d}
  - {name: unsure, when: {verdict: suspect}, then: review, for: 14d}
"""
BUDGETED: Final = (
    POLICY
    + """
budgets:
  - name: harvest
    when: {kind: distillation}
    exchanges_per_hour: 100
    for: 14d
"""
)


def account(account_id: str, verdict: str = "fraudulent", **others: object) -> dict[str, Any]:
    """Give an account as a look has judged it."""
    is_head = verdict in {"suspect", "fraudulent"}
    facts: dict[str, Any] = {
        "account_id": account_id,
        "verdict": verdict,
        "probability": 0.999 if is_head else 0.001,
        "q_value": 0.001 if is_head else 1.0,
        "campaign_id": CAMPAIGN if is_head else None,
        "exchanges": 30,
        "reasons": ["tied_content", "tied_identity"] if is_head else [],
        "explanation": f"{account_id} is {verdict}",
        "predecessor_account_id": None,
        "predecessor_probability": None,
        "group_id": "g-one" if is_head else None,
    }
    return {**facts, **others}


def heads(count: int) -> list[dict[str, Any]]:
    """Give so many heads of the campaign."""
    return [account(f"head-{n}") for n in range(count)]


def look(name: str, rows: Iterable[dict[str, Any]], *, at: datetime = NOW) -> LookTables:
    """Give a look that has found these accounts, and a hundred honest ones."""
    told = list(rows)
    honest = [account(f"honest-{n}", "clear") for n in range(100)]
    ids = {row["campaign_id"] for row in told if row["campaign_id"]}
    campaigns = [_campaign(one, told) for one in sorted(ids)]
    schema = {name: column.dtype for name, column in ACCOUNTS_OUT.columns.items()}
    return LookTables(
        name=name,
        at=at,
        accounts=ACCOUNTS_OUT.conform(pl.DataFrame([*told, *honest], schema=schema)),
        campaigns=CAMPAIGNS_OUT.conform(pl.DataFrame(campaigns, schema=CAMPAIGNS_OUT.schema)),
    )


def protect(seen: LookTables, *account_ids: str) -> LookTables:
    """Let the register say that nobody may act on these by machine."""
    rows = [{"account_id": one, "protected": True} for one in account_ids]
    frame = pl.DataFrame(rows, schema={"account_id": pl.String, "protected": pl.Boolean})
    return replace(seen, register=REGISTER.conform(frame))


def _campaign(campaign_id: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "campaign_id": campaign_id,
        "kind": "distillation",
        "first_seen": NOW - timedelta(days=6),
        "last_seen": NOW,
        "accounts": sum(row["campaign_id"] == campaign_id for row in rows),
        "exchanges": 600,
        "output_tokens": 41_000,
        "q_value": 0.001,
        "tactics": ["rubric_grading"],
        "capabilities": ["grading"],
        "channels": ["payment", "template"],
        "pivot_q_value": None,
        "summary": "accounts of one payment instrument grade answers",
    }


@dataclass
class House:
    """A ledger, a policy, and a clock that a test moves."""

    ledger: Ledger
    policy: Path
    now: datetime = NOW

    def later(self, **span: float) -> datetime:
        """Move the clock, and give the new instant."""
        self.now += timedelta(**span)
        return self.now

    def enforce(self, seen: LookTables, **settings: str) -> Enforced:
        """Bring a look to effect."""
        rules = Rules(Settings(), EnforceSettings(**settings), self.policy)
        return enforce_look(self.ledger, seen, rules=rules, clock=lambda: self.now)

    def settle(self) -> Settled:
        """Go round once."""
        return settle(self.ledger, channels=("webhook",), clock=lambda: self.now)

    def approve(self, decision_id: str, *people: str) -> None:
        """Let people approve a decision, one after the other."""
        for person in people:
            with self.ledger.write(actor=person, now=self.now) as change:
                change.approve(decision_id)

    def decisions(self, **equal: str) -> list[Decision]:
        """List decisions, the oldest first."""
        with self.ledger.read() as view:
            return list(reversed(view.list(Decision, limit=1_000, **equal).rows))

    def findings(self) -> list[Finding]:
        """List findings."""
        with self.ledger.read() as view:
            return list(view.list(Finding, limit=1_000).rows)

    def under(self, effect: str = "suspend") -> set[str]:
        """Name the accounts under an effect."""
        with self.ledger.read() as view:
            rows = view.list_effects_in_force(now=self.now)
        return {one.account_id for one in rows if one.effect == effect}

    def entries(self) -> int:
        """Count the audit log."""
        with self.ledger.read() as view:
            return view.find_head().entries


def answer(house: House, kind: str, subject_id: str) -> None:
    """Let a person call something innocent."""
    with house.ledger.write(actor="cora", now=house.later(minutes=1)) as change:
        change.note_disposition(
            NewDisposition(
                disposition_id=f"late-{subject_id}",
                subject_kind=kind,
                subject_id=subject_id,
                answer="innocent",
                source_kind="case",
                source_id=f"case-{CAMPAIGN}",
            )
        )


def make_house(place: Path, *, empty: Path, policy: str = POLICY) -> House:
    """Copy an empty ledger, and write a policy file."""
    ledger = open_ledger(shutil.copy(empty, place / "ledger.db"), key=KEY)
    path = place / "policy.yaml"
    path.write_text(policy)
    return House(ledger, path)


def make_empty(place: Path) -> Path:
    """Make an empty ledger, for all tests to copy: its migrations take longer than most of them."""
    path = place / "empty.db"
    make_ledger(path, key=KEY, ledger_id="house", now=NOW).close()
    return path
