"""Accounts under an effect of which the newest look thinks better: told, and left to people.

Reads what is in force and a look's verdicts; writes a finding an account, and a case a decision.
Nothing is taken back by machine: a harvester that was suspended and writes letters for a week looks
honest too. A person looks, and `stillwatch revert` lets go.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import polars as pl

from stillwatch.app.enforce.from_looks.looks import LookTables
from stillwatch.app.enforce.from_looks.naming import is_fit_id, stable_id
from stillwatch.app.enforce.from_looks.recording import DETECTION, in_batches, write_findings
from stillwatch.domain.results import TAKING
from stillwatch.domain.service_limits import LEDGER_PAGE_MAX
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.nouns.cases import Case, NewCase
from stillwatch.store.ledger.nouns.effects import EnforcedDecision
from stillwatch.store.ledger.nouns.findings import NewFinding
from stillwatch.store.ledger.questions.pages import all_pages

IN_DOUBT: Final = "in_doubt"
_BETTER: Final = ("clear", "permitted")
_BATCH: Final = 1_000


def tell_doubts(ledger: Ledger, look: LookTables, *, now: datetime) -> int:
    """Tell people which accounts stand under an effect that a look no longer speaks for.

    Grain:   one finding an account and decision, once; one case a decision.
    Blind spot: a suspended account sends nothing, and leaves the looks with its days.
    """
    better = set(look.accounts.filter(pl.col("verdict").is_in(_BETTER))["account_id"])
    with ledger.read() as view:
        places = all_pages(
            lambda after: view.list_places_in_force(now=now, after=after),
            first=("", ""),
            place=lambda one: one,
        )
        doubtful = sorted(place for place in places if place[1] in better)
        ids = sorted({decision_id for decision_id, _ in doubtful})
        decisions = {
            one.decision_id: one
            for batch in in_batches(ids, LEDGER_PAGE_MAX)
            for one in view.list_decisions_in_force(now=now, ids=batch)
            if one.effect in TAKING
        }
    findings = [
        _word(look, decisions[decision_id], account_id)
        for decision_id, account_id in doubtful
        if decision_id in decisions and is_fit_id(account_id)
    ]
    written = write_findings(ledger, findings, now=now)
    _open_cases(ledger, list(decisions.values()), now=now)
    return written


def _word(look: LookTables, decision: EnforcedDecision, account_id: str) -> NewFinding:
    return NewFinding(
        finding_id=stable_id("f", IN_DOUBT, decision.decision_id, account_id),
        kind=IN_DOUBT,
        subject_kind="account",
        subject_id=account_id,
        campaign_id=decision.campaign_id,
        accounts=1,
        result=look.name,
        summary=f"Under {decision.effect} by {decision.decision_id}, and the newest look does not "
        "hold it to be part of a harvest any more.",
        found_at=look.at,
    )


def _open_cases(ledger: Ledger, decisions: list[EnforcedDecision], *, now: datetime) -> None:
    for batch in in_batches(decisions, _BATCH):
        cases = [
            NewCase(
                case_id=f"case-doubt-{one.decision_id}",
                title=f"{one.effect} by {one.decision_id}: a look no longer speaks for all of it",
                campaign_id=one.campaign_id,
            )
            for one in batch
        ]
        with ledger.read() as view:
            there = view.known_ids(Case, [one.case_id for one in cases])
        lacking = [one for one in cases if one.case_id not in there]
        if lacking:
            with ledger.write(actor=DETECTION, now=now) as change:
                for one in lacking:
                    change.open_case(one)
