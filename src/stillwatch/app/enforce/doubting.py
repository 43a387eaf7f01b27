"""Accounts under an effect of which the newest look thinks better: told, and left to people.

Reads what is in force and a look's verdicts; writes a finding an account, and a case a decision.
Nothing is taken back by machine: a harvester that was suspended and writes letters for a week looks
honest too. A person looks, and `stillwatch revert` lets go. But what a person has answered about a
campaign holds across merges, for what machines alone have decided before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import polars as pl

from stillwatch.app.enforce.from_looks.looks import LookTables
from stillwatch.app.enforce.from_looks.naming import is_fit_id, stable_id
from stillwatch.app.enforce.from_looks.recording import DETECTION, in_batches, write_findings
from stillwatch.app.enforce.leaving_out import ANSWERED, leave_out, unreleased
from stillwatch.domain.results import TAKING
from stillwatch.domain.service_limits import LEDGER_PAGE_MAX
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.nouns.cases import Case, NewCase
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.effects import EnforcedDecision
from stillwatch.store.ledger.nouns.findings import NewFinding
from stillwatch.store.ledger.questions.pages import all_pages
from stillwatch.store.ledger.questions.restraints import SparedSubject
from stillwatch.store.ledger.states import MACHINE

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


def let_go_across_merges(
    ledger: Ledger,
    look: LookTables,
    answered: Mapping[tuple[str, str], SparedSubject],
    *,
    now: datetime,
) -> list[str]:
    """Let go what machines decided on campaigns that were merged, where a person answers for them.

    An answer on a whole is one on the parts that went into it; an answer on a part is one on its
    accounts, whatever they are called now. The round of settling sees answers on one id alone.

    Nulls:   what was proposed after the answer stays, as does what people approved.
    """
    done: list[str] = []
    for (kind, campaign_id), answer in answered.items() if look.merged_into else ():
        if kind != "campaign":
            continue
        for part in sorted(look.parts_of(campaign_id)):
            done += _let_go(ledger, part, answer, only=None, now=now)
        own = {one for one, of in look.former.items() if campaign_id in of}
        for whole in sorted(look.wholes_of(campaign_id)):
            done += _let_go(ledger, whole, answer, only=own, now=now)
    return done


def _let_go(
    ledger: Ledger, campaign_id: str, answer: SparedSubject, *, only: set[str] | None, now: datetime
) -> list[str]:
    with ledger.read() as view:
        rows = view.list(
            Decision, campaign_id=campaign_id, state="in_force", limit=LEDGER_PAGE_MAX
        ).rows
        chosen = {
            one.decision_id: unreleased(view, one.decision_id, only)
            for one in rows
            if one.effect in TAKING
            and one.approvals_needed == 0
            and one.proposed_by.startswith(MACHINE)
            and one.proposed_at < answer.noted_at
        }
    held = {name: accounts for name, accounts in chosen.items() if accounts}
    for decision_id, accounts in held.items():
        leave_out(ledger, decision_id, dict.fromkeys(accounts, ANSWERED), now=now)
    return list(held)
