"""Reading the ledger: one row by its id, or pages of a kind in the order of time.

A page holds at most LEDGER_PAGE_MAX rows and names where the next begins. Rows can be chosen by the
columns that `_CHOICES` lists, which have an index or are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeVar

import sqlalchemy as sa

from stillwatch.store.ledger.changes.writing import key_of
from stillwatch.store.ledger.errors import BadValue, UnknownRow
from stillwatch.store.ledger.nouns import KINDS, TABLES, Row
from stillwatch.store.ledger.nouns.appeals import Appeal
from stillwatch.store.ledger.nouns.cases import Case, Follower
from stillwatch.store.ledger.nouns.columns import EPOCH, InstantType
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.findings import Campaign, Disposition, Finding
from stillwatch.store.ledger.nouns.people import ApiKey, Invitation, Session
from stillwatch.store.ledger.nouns.policies import Permission, Policy
from stillwatch.store.ledger.questions.admissions import Admissions
from stillwatch.store.ledger.questions.answers import Answers
from stillwatch.store.ledger.questions.details import Details
from stillwatch.store.ledger.questions.figures import Figures
from stillwatch.store.ledger.questions.in_force import require_page
from stillwatch.store.ledger.questions.under_way import UnderWay

RowT = TypeVar("RowT", bound=Row)

_BEGAN: Final[dict[type[Row], str]] = {
    Campaign: "recorded_at",
    Finding: "recorded_at",
    Disposition: "noted_at",
    Case: "opened_at",
    Decision: "proposed_at",
    Appeal: "filed_at",
    Policy: "published_at",
}
"""The instant by which the pages of a kind are in order; the others are in that of their ids."""
_CHOICES: Final[dict[type[Row], tuple[str, ...]]] = {
    Campaign: ("kind",),
    Finding: ("campaign_id", "subject_id", "kind"),
    Disposition: ("subject_id", "answer"),
    Case: ("state", "assignee", "campaign_id"),
    Follower: ("case_id", "user_id"),
    Decision: ("state", "campaign_id", "effect"),
    Appeal: ("state", "decision_id", "account_id"),
    Policy: ("name", "state"),
    Permission: ("account_id", "org_id", "scope"),
    ApiKey: ("user_id",),
    Invitation: ("user_id",),
    Session: ("user_id",),
}


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT]):
    """Some rows, and where the next page begins: None where this is the last."""

    rows: tuple[RowT, ...]
    next: str | None


class View(Details, Admissions, UnderWay, Figures, Answers):
    """One instant of the ledger."""

    def find(self, row: type[RowT], subject_id: str) -> RowT:
        """Find a row by its id.

        Raises:
            UnknownRow: there is none.
        """
        asked = sa.select(TABLES[row]).where(key_of(row) == subject_id)
        found = self._connection.execute(asked).mappings().first()
        if found is None:
            raise UnknownRow(kind=KINDS[row], subject_id=subject_id)
        return row(**found)

    def list(
        self, row: type[RowT], *, after: str | None = None, limit: int = 100, **equal: str
    ) -> Page[RowT]:
        """List the rows of a kind that have some values, the newest first.

        Order:   the newest first, then by id; kinds without a time in the order of their ids.

        Raises:
            BadValue: `limit` or `after` is none, or rows can't be chosen by such a column.
        """
        table, key = TABLES[row], key_of(row)
        time = table.c[_BEGAN[row]] if row in _BEGAN else None
        asked = sa.select(table).limit(require_page(limit) + 1)
        for name, value in equal.items():
            if name not in _CHOICES.get(row, ()):
                raise BadValue(field=name, says=f"is nothing to choose a {KINDS[row]} by")
            asked = asked.where(table.c[name] == value)
        if time is None:
            asked = asked.order_by(key) if after is None else asked.order_by(key).where(key > after)
        else:
            asked = asked.order_by(time.desc(), key.desc())
            if after is not None:
                asked = asked.where(sa.tuple_(time, key) < _read_cursor(after))
        rows = [row(**found) for found in self._connection.execute(asked).mappings()]
        more = len(rows) > limit
        return Page(tuple(rows[:limit]), _write_cursor(rows[limit - 1]) if more else None)


def _write_cursor(row: Row) -> str:
    subject_id = str(getattr(row, key_of(type(row)).name))
    if type(row) not in _BEGAN:
        return subject_id
    since = getattr(row, _BEGAN[type(row)]) - EPOCH
    return f"{since // timedelta(microseconds=1)}/{subject_id}"


def _read_cursor(text: str) -> sa.Tuple:
    written, _, subject_id = text.partition("/")
    try:
        instant = EPOCH + timedelta(microseconds=int(written))
    except (ValueError, OverflowError) as refused:
        raise BadValue(field="after", says="is no place in a list") from refused
    return sa.tuple_(sa.literal(instant, InstantType()), sa.literal(subject_id, sa.String()))
