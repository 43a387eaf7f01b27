"""What other pages may show of the ledger: what waits, and what is known of an account or campaign.

Everything here is None or empty where there is no ledger, so that a page of a result needs to ask
nothing first. `waiting_for_approval` goes with the template `desk/waiting.html`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stillwatch.app.console.desk.changing import read_ledger
from stillwatch.app.console.desk.deciding.decisions import COLUMNS as DECISIONS
from stillwatch.app.console.desk.deciding.decisions import describe, waiting_for_approval
from stillwatch.app.console.desk.rows import list_newest, plain_rows, sheet_of
from stillwatch.app.console.desk.working.appeals import COLUMNS as APPEALS
from stillwatch.app.console.desk.working.cases import COLUMNS as CASES
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.sheets import Column, Sheet
from stillwatch.store.ledger.errors import UnknownRow
from stillwatch.store.ledger.nouns import Row
from stillwatch.store.ledger.nouns.appeals import Appeal
from stillwatch.store.ledger.nouns.cases import Case
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.people import User
from stillwatch.store.ledger.nouns.policies import Permission, Policy
from stillwatch.store.ledger.views import View

_ABOUT_MAX: Final = 200
"""Decisions about one account that are listed: the newest."""
_PLACES: Final[tuple[tuple[type[Row], str, str], ...]] = (
    (Decision, "decision", "/decision"),
    (Case, "case", "/case"),
    (Appeal, "appeal", "/appeal"),
    (Policy, "policy", "/policy"),
    (Permission, "permission", "/permission"),
    (User, "user", "/user"),
)


def waiting(asked: Asked) -> Mapping[str, Any] | None:
    """Give what `desk/waiting.html` is told: the decisions that wait, and how many there are."""
    return None if asked.behind.ledger is None else waiting_for_approval(asked)


def about_account(asked: Asked, account_id: str) -> tuple[Sheet, ...]:
    """Give the decisions and appeals about an account, as tables `decisions` and `appeals`."""
    if asked.behind.ledger is None:
        return ()

    def ask(view: View) -> tuple[Sheet, ...]:
        decisions = describe(view, view.list_decisions_about(account_id, limit=_ABOUT_MAX))
        appeals = plain_rows(list_newest(view, Appeal, account_id=account_id))
        return (
            _sheet("decisions", "Decisions about this account", DECISIONS, decisions),
            _sheet("appeals", "Its appeals", APPEALS, appeals),
        )

    return read_ledger(asked, ask)


def about_campaign(asked: Asked, campaign_id: str) -> tuple[Sheet, ...]:
    """Give the decisions and cases about a campaign, as tables `decisions` and `cases`."""
    if asked.behind.ledger is None:
        return ()

    def ask(view: View) -> tuple[Sheet, ...]:
        decisions = describe(view, list_newest(view, Decision, campaign_id=campaign_id))
        cases = plain_rows(list_newest(view, Case, campaign_id=campaign_id))
        return (
            _sheet("decisions", "Decisions about this campaign", DECISIONS, decisions),
            _sheet("cases", "Its cases", CASES, cases),
        )

    return read_ledger(asked, ask)


def find_exact(asked: Asked, text: str) -> str | None:
    """Give the address of what an id of the ledger names; None where it names nothing.

    A customer's reference is none of these: nobody here knows it.
    """
    if asked.behind.ledger is None or not text:
        return None

    def ask(view: View) -> str | None:
        for row, _, path in _PLACES:
            try:
                view.find(row, text)
            except UnknownRow:
                continue
            return address(path, id=text)
        return None

    return read_ledger(asked, ask)


def _sheet(
    name: str, caption: str, columns: tuple[Column, ...], rows: list[dict[str, Any]]
) -> Sheet:
    return sheet_of(name, caption, columns=columns, rows=rows, empty="None yet.")
