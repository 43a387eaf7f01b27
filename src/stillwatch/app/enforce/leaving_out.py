"""Leaving out whom nobody may hold: asked again whenever the ledger or the register has changed.

A proposal is checked when it is made; a week may pass until two people approve it. So accounts that
have become protected, or permitted, are released from what is approved before it comes into force,
and from what is in force: the gateways' table follows within a second. Each release is an entry of
the audit log by `service:enforcement` that says why.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from stillwatch.app.loops.shields import ENFORCEMENT, RegisterNow, find_held, find_shields
from stillwatch.domain.service_limits import LEDGER_RELEASES_AT_ONCE_MAX
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.questions.pages import all_pages
from stillwatch.store.ledger.views import View

_AGAIN: Final = timedelta(minutes=1)
"""A permission may begin by the clock alone: it is looked for at least so often."""
ANSWERED: Final = "a person has answered `innocent` or `permitted` since it was proposed"
LeftOut = dict[str, dict[str, str]]
"""Decision → account → why."""


class LeavingOut:
    """What looks for accounts that have to be left out; remembers what it has looked at."""

    def __init__(self, lake: Path | None = None) -> None:
        self._register = RegisterNow(lake)
        self._seen: tuple[int, int] | None = None
        self._again_at: datetime | None = None

    def find(self, view: View, *, now: datetime) -> LeftOut:
        """Find who has to be left out of what is approved or in force.

        Cost:    one row and a listing of the lake where nothing has changed for a minute; else
                 linear in who is protected or permitted.

        Raises:
            LakeError: the register can't be read: nothing may come into force.
        """
        register = self._register.read()
        seen = view.find_head().entries, self._register.version
        if seen == self._seen and self._again_at is not None and now < self._again_at:
            return {}
        found: LeftOut = {}
        for held, why in find_held(view, find_shields(view, register, now=now)):
            found.setdefault(held.decision_id, {})[held.account_id] = why
        self._seen, self._again_at = seen, now + _AGAIN
        if found:
            self.forget()
        return found

    def forget(self) -> None:
        """Look again the next time, whatever has changed."""
        self._seen = None


def leave_out(
    ledger: Ledger, decision_id: str, accounts: Mapping[str, str], *, now: datetime
) -> None:
    """Release accounts of a decision, each with its reason; with its last it is reverted.

    Cost:    one entry an account, LEDGER_RELEASES_AT_ONCE_MAX at once; the next round goes on.

    Raises:
        LedgerError: the ledger can't be written; nothing was released.
    """
    with ledger.read() as view:
        left = unreleased(view, decision_id)
    with ledger.write(actor=ENFORCEMENT, now=now) as change:
        if left and left <= accounts.keys():
            change.revert_decision(decision_id, why="; ".join(sorted(set(accounts.values()))))
            return
        for account_id in sorted(left & accounts.keys())[:LEDGER_RELEASES_AT_ONCE_MAX]:
            change.release_account(decision_id, account_id, why=accounts[account_id])


def unreleased(view: View, decision_id: str, only: Collection[str] | None = None) -> set[str]:
    """Name the accounts of a decision that are not released; of some, those that are among them."""
    named = all_pages(
        lambda after: view.list_accounts(decision_id, after=after),
        first="",
        place=lambda one: one.account_id,
    )
    left = {one.account_id for one in named if one.released_at is None}
    return left if only is None else left.intersection(only)
