"""Putting in force what people have approved, and ending what is over: a small round, every second.

What a machine has put in force and a person has since called innocent or permitted is let go. A
decision that people approved is theirs once it is in force; but before, an account that somebody
called innocent since it was proposed is released, and if it was the whole campaign, the decision is
reverted: whoever approved may not have known. Whoever has become protected or permitted meanwhile
is left out of everything, first of all. Each decision is a transaction of its own, so that one
which can't be written holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from stillwatch.app.enforce.from_looks.restraints import read_spared_subjects
from stillwatch.app.enforce.leaving_out import ANSWERED, LeavingOut, LeftOut, leave_out
from stillwatch.app.loops.shields import ENFORCEMENT
from stillwatch.domain.errors import LakeError, StillwatchError
from stillwatch.domain.service_limits import LEDGER_PAGE_MAX, LEDGER_RELEASES_AT_ONCE_MAX
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.errors import LedgerError
from stillwatch.store.ledger.nouns.decisions import DecidedAccount, Decision
from stillwatch.store.ledger.nouns.effects import channels_of
from stillwatch.store.ledger.questions.in_force import Place
from stillwatch.store.ledger.questions.pages import all_pages
from stillwatch.store.ledger.questions.restraints import SparedSubject
from stillwatch.store.ledger.views import View

_ENDED_AT_ONCE: Final = 1_000
"""Decisions that end in one transaction: some seconds at most; the next round ends the others."""
Subjects = dict[tuple[str, str], SparedSubject]


@dataclass(slots=True)
class Settled:
    """What a round has done: ids of decisions."""

    in_force: list[str] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)
    let_go: list[str] = field(default_factory=list)
    """Reverted, or with accounts that were released, because of a person's answer."""
    left_out: LeftOut = field(default_factory=dict)
    """Accounts that were released since they are protected or permitted, and why."""
    failed: list[StillwatchError] = field(default_factory=list)


def settle(
    ledger: Ledger,
    *,
    channels: tuple[str, ...],
    clock: Callable[[], datetime],
    leaving: LeavingOut | None = None,
) -> Settled:
    """Put in force what is approved, let go whom people have answered for, end what is over.

    leaving: who looks for accounts that have to be left out; without a lake, of permissions alone.
    Cost:    five small reads; a write only where there is something to do.

    Raises:
        LedgerError: the ledger can't be read, or not written for what is over.
    """
    done = Settled()
    now = clock()
    leaving = leaving or LeavingOut()
    with ledger.read() as view:
        is_over = view.has_decisions_over(now=now)
        approved = view.list(Decision, state="approved", limit=LEDGER_PAGE_MAX).rows
        subjects = read_spared_subjects(view) if approved else {}
        answered = list(_all_places(lambda after: view.list_answered(after=after)))
        try:
            left_out = leaving.find(view, now=now)
        except LakeError as unread:  # nobody knows who is protected: nothing comes into force
            done.failed.append(unread)
            left_out, approved = {}, ()
    if is_over:
        with ledger.write(actor=ENFORCEMENT, now=now) as change:
            done.expired = change.expire_decisions(limit=_ENDED_AT_ONCE)
    _leave_all_out(ledger, left_out, clock=clock, done=done)
    for decision_id, account_ids in _by_decision(answered).items():
        if decision_id in left_out:
            continue  # the next round sees what is left of it
        try:
            _let_go(ledger, decision_id, account_ids, now=clock())
            done.let_go.append(decision_id)
        except LedgerError as refused:
            done.failed.append(refused)
    for decision in reversed(approved):
        if decision.decision_id in done.expired or decision.decision_id in left_out:
            continue
        try:
            _put_in_force(ledger, decision, subjects, channels=channels, now=clock(), done=done)
        except LedgerError as refused:
            done.failed.append(refused)
    return done


def _leave_all_out(
    ledger: Ledger, left_out: LeftOut, *, clock: Callable[[], datetime], done: Settled
) -> None:
    for decision_id, accounts in left_out.items():
        if decision_id in done.expired:
            continue
        try:
            leave_out(ledger, decision_id, accounts, now=clock())
            done.left_out[decision_id] = accounts
        except LedgerError as refused:
            done.failed.append(refused)


def _all_places(ask: Callable[[Place], list[Place]]) -> Iterator[Place]:
    return all_pages(ask, first=("", ""), place=lambda one: one)


def _by_decision(places: list[Place]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for decision_id, account_id in places:
        found.setdefault(decision_id, []).append(account_id)
    return found


def _let_go(ledger: Ledger, decision_id: str, account_ids: list[str], *, now: datetime) -> None:
    """Release accounts of a decision; with its last account it is reverted."""
    with ledger.read() as view:
        ask = partial(view.list_places_in_force, now=now, ids=[decision_id])
        left = {one for _, one in _all_places(lambda after: ask(after=after))}
    with ledger.write(actor=ENFORCEMENT, now=now) as change:
        if left == set(account_ids):
            change.revert_decision(decision_id, why=ANSWERED)
            return
        for account_id in account_ids[:LEDGER_RELEASES_AT_ONCE_MAX]:
            change.release_account(decision_id, account_id, why=ANSWERED)


def _put_in_force(  # noqa: PLR0913  what is known of one decision, and where to say it
    ledger: Ledger,
    decision: Decision,
    subjects: Subjects,
    *,
    channels: tuple[str, ...],
    now: datetime,
    done: Settled,
) -> None:
    with ledger.read() as view:
        spared = _spared_of(view, decision, subjects) if subjects else []
    with ledger.write(actor=ENFORCEMENT, now=now) as change:
        change.expect(Decision, decision.decision_id, version=decision.version)
        if _is_spared("campaign", decision.campaign_id, decision, subjects):
            change.revert_decision(decision.decision_id, why=ANSWERED)
            done.let_go.append(decision.decision_id)
            return
        for account_id in spared:
            change.release_account(decision.decision_id, account_id, why=ANSWERED)
        if spared:
            done.let_go.append(decision.decision_id)
        if len(spared) < decision.accounts_count:
            wanted = channels_of(decision.effect, channels)
            change.enqueue_effects(decision.decision_id, channels=wanted)
            done.in_force.append(decision.decision_id)


def _spared_of(view: View, decision: Decision, subjects: Subjects) -> list[str]:
    def ask(after: str) -> list[DecidedAccount]:
        return view.list_accounts(decision.decision_id, after=after)

    rows = all_pages(ask, first="", place=lambda one: one.account_id)
    return [
        one.account_id
        for one in rows
        if one.released_at is None and _is_spared("account", one.account_id, decision, subjects)
    ]


def _is_spared(kind: str, subject_id: str | None, decision: Decision, subjects: Subjects) -> bool:
    if subject_id is None:
        return False
    found = subjects.get((kind, subject_id))
    return found is not None and found.noted_at > decision.proposed_at
