"""Whom the ledger names: the accounts of a decision, those let go, those called innocent since."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from stillwatch.domain.service_limits import LEDGER_PAGE_MAX
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.questions.restraints import SparedAccount
from stillwatch.store.ledger.views import View

RowT = TypeVar("RowT")
PlaceT = TypeVar("PlaceT")


def list_named(view: View, decision_id: str) -> list[str]:
    """List the accounts of a decision that are not released.

    Order:   by id.
    """
    rows = _all_pages(
        lambda after: view.list_accounts(decision_id, after=after),
        first="",
        place=lambda one: one.account_id,
    )
    return [one.account_id for one in rows if one.released_at is None]


def list_spared(view: View, *, since: datetime) -> list[SparedAccount]:
    """List the accounts that were let go since an instant."""
    return list(
        _all_pages(
            lambda after: view.list_spared(since=since, after=after),
            first="",
            place=lambda one: one.account_id,
        )
    )


def is_answered_since(view: View, decision: Decision) -> bool:
    """Say whether a person has called any of a decision innocent after it was proposed.

    Whoever approved may not have known of it; the loop of enforcement lets those go first.
    """
    subjects = _all_pages(
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


def _all_pages(
    ask: Callable[[PlaceT], Sequence[RowT]], *, first: PlaceT, place: Callable[[RowT], PlaceT]
) -> Iterator[RowT]:
    after = first
    while True:
        rows = ask(after)
        yield from rows
        if len(rows) < LEDGER_PAGE_MAX:
            return
        after = place(rows[-1])
