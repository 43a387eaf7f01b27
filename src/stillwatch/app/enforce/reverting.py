"""Taking a decision of the ledger back, whole or for one account; a second time changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.nouns.decisions import Decision


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was taken back."""

    effect: str
    accounts: int
    """Accounts of the decision, as it was proposed."""
    is_news: bool
    """False where it was not in force any more."""


def take_back(  # noqa: PLR0913  which, for whom, by whom, why and when
    ledger: Ledger,
    decision_id: str,
    *,
    account_id: str | None,
    why: str,
    actor: str,
    now: datetime,
) -> TakenBack:
    """Take a decision back; a proposal that still waits is rejected.

    Nulls:   without an account, for all of its accounts.

    Raises:
        UnknownRow: there is no such decision, or it doesn't name the account.
        LedgerError: the ledger can't be written.
    """
    with ledger.read() as view:
        decision = view.find(Decision, decision_id)
    is_news = decision.state in ("proposed", "approved", "in_force")
    with ledger.write(actor=actor, now=now) as change:
        if account_id is not None:
            is_news = change.release_account(decision_id, account_id, why=why)
        elif is_news:
            change.expect(Decision, decision_id, version=decision.version)
            if decision.state == "proposed":
                change.reject(decision_id, why=why)
            else:
                change.revert_decision(decision_id, why=why)
    return TakenBack(decision.effect, decision.accounts_count, is_news)
