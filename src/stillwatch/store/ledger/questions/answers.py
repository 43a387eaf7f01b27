"""What people have answered about campaigns and groups, and how those looked then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from stillwatch.store.ledger.nouns.findings import DISPOSITIONS
from stillwatch.store.ledger.nouns.likenesses import KEPT_LIKENESSES, KeptLikeness
from stillwatch.store.ledger.questions.in_force import require_page
from stillwatch.store.ledger.states import MACHINE

_OF_GROUPS = ("campaign", "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAnswer:
    """The last answer about a campaign or a group, as of an instant."""

    subject_kind: str
    subject_id: str
    answer: str
    noted_at: datetime
    likeness: KeptLikeness | None
    """None where no look had judged it when somebody answered."""


class Answers:
    """Questions to one instant of the ledger, about answers."""

    _connection: sa.Connection

    def list_group_answers(self, *, before: datetime, limit: int) -> list[GroupAnswer]:
        """List the last answer, before an instant, about each campaign and group.

        `unsure` is no answer, and takes none back; a program's word counts as little.
        Order:   the newest first; beyond `limit` none.
        Cost:    one pass over the dispositions.
        """
        columns, kept = DISPOSITIONS.c, KEPT_LIKENESSES.c
        newest_first = (columns.noted_at.desc(), columns.disposition_id.desc())
        place = sa.func.row_number().over(
            partition_by=(columns.subject_kind, columns.subject_id), order_by=newest_first
        )
        ranked = (
            sa.select(DISPOSITIONS, place.label("place"))
            .where(columns.subject_kind.in_(_OF_GROUPS), columns.answer != "unsure")
            .where(columns.noted_at < before, ~columns.noted_by.startswith(MACHINE))
            .subquery()
        )
        asked = (
            sa.select(ranked, *(one.label(f"kept_{one.name}") for one in kept))
            .outerjoin(KEPT_LIKENESSES, kept.disposition_id == ranked.c.disposition_id)
            .where(ranked.c.place == 1)
            .order_by(ranked.c.noted_at.desc(), ranked.c.disposition_id.desc())
            .limit(require_page(limit))
        )
        return [_read(row) for row in self._connection.execute(asked).mappings()]

    def seek_kept_likeness(self, disposition_id: str) -> KeptLikeness | None:
        """Find what was kept with an answer.

        Nulls:   None where nothing was: no look had judged what it is about.
        """
        asked = sa.select(KEPT_LIKENESSES).where(KEPT_LIKENESSES.c.disposition_id == disposition_id)
        found = self._connection.execute(asked).mappings().first()
        return KeptLikeness(**found) if found else None


def _read(row: sa.RowMapping) -> GroupAnswer:
    is_kept = row["kept_disposition_id"] is not None
    figures = {str(one.name): row[f"kept_{one.name}"] for one in KEPT_LIKENESSES.c}
    return GroupAnswer(
        subject_kind=row["subject_kind"],
        subject_id=row["subject_id"],
        answer=row["answer"],
        noted_at=row["noted_at"],
        likeness=KeptLikeness(**figures) if is_kept else None,
    )
