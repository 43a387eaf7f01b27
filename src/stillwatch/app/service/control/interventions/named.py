"""Whom the ledger names: the accounts of a decision, those let go, those called innocent since."""

from __future__ import annotations

from datetime import datetime

from stillwatch.app.loops.shields import find_held, find_shields
from stillwatch.app.service.control.interventions.known import Knowledge
from stillwatch.domain.errors import StillwatchError
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.questions.pages import all_pages
from stillwatch.store.ledger.questions.restraints import SparedAccount
from stillwatch.store.ledger.views import View


def list_named(view: View, decision_id: str) -> list[str]:
    """List the accounts of a decision that are not released.

    Order:   by id.
    """
    rows = all_pages(
        lambda after: view.list_accounts(decision_id, after=after),
        first="",
        place=lambda one: one.account_id,
    )
    return [one.account_id for one in rows if one.released_at is None]


def list_spared(view: View, *, since: datetime) -> list[SparedAccount]:
    """List the accounts that were let go since an instant."""
    return list(
        all_pages(
            lambda after: view.list_spared(since=since, after=after),
            first="",
            place=lambda one: one.account_id,
        )
    )


def must_wait(view: View, decision: Decision, knowledge: Knowledge, *, now: datetime) -> bool:
    """Say whether an approval must leave a decision to the loop of enforcement.

    It does where a person has called any of it innocent since it was proposed, where any of it is
    protected or permitted now, and where nobody can say so: the loop lets those go first.
    """
    if is_answered_since(view, decision):
        return True
    try:
        register = knowledge.read().known.register
    except StillwatchError:
        return True
    shields = find_shields(view, register, now=now)
    held = find_held(view, shields, states=("proposed", "approved"))
    return any(one.decision_id == decision.decision_id for one, _ in held)


def is_answered_since(view: View, decision: Decision) -> bool:
    """Say whether a person has called any of a decision innocent after it was proposed.

    Whoever approved may not have known of it; the loop of enforcement lets those go first.
    """
    subjects = all_pages(
        lambda after: view.list_spared_subjects(after=after),
        first=("", ""),
        place=lambda one: (one.subject_kind, one.subject_id),
    )
    late = [one for one in subjects if one.noted_at > decision.proposed_at]
    return any(
        (one.subject_kind == "campaign" and one.subject_id == decision.campaign_id)
        or (
            one.subject_kind == "account"
            and view.find_decided(decision.decision_id, one.subject_id) is not None
        )
        for one in late
    )
